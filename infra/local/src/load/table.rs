//! The rows of a table of members, as forms.

use dealbridge_core::people::member::MemberKind;
use serde_json::{Map, Value};

/// What separates the parts of a cell that holds a list.
const LIST_SEPARATOR: char = ';';

/// A column of a table.
struct Column {
    name: &'static str,
    is_list: bool,
    is_needed: bool,
}

const fn needed(name: &'static str) -> Column {
    Column {
        name,
        is_list: false,
        is_needed: true,
    }
}

const fn optional(name: &'static str) -> Column {
    Column {
        name,
        is_list: false,
        is_needed: false,
    }
}

const fn list(name: &'static str) -> Column {
    Column {
        name,
        is_list: true,
        is_needed: false,
    }
}

fn columns(kind: MemberKind) -> &'static [Column] {
    match kind {
        MemberKind::Organization => {
            const {
                &[
                    needed("id"),
                    needed("name"),
                    needed("type"),
                    needed("status"),
                ]
            }
        }
        MemberKind::Group => {
            const {
                &[
                    needed("id"),
                    needed("name"),
                    needed("type"),
                    list("modules"),
                ]
            }
        }
        MemberKind::User => {
            const {
                &[
                    needed("id"),
                    needed("name"),
                    needed("email"),
                    needed("type"),
                    needed("organization"),
                    list("groups"),
                    needed("status"),
                ]
            }
        }
        MemberKind::Contact => {
            const {
                &[
                    optional("id"),
                    needed("name"),
                    needed("email"),
                    needed("organization"),
                ]
            }
        }
    }
}

/// The file of a kind.
pub(super) fn file(kind: MemberKind) -> String {
    format!("{}.csv", kind.collection())
}

/// A row with its place.
pub(super) type Row = (String, Map<String, Value>);

/// The rows of a table, and what is wrong with it.
pub(super) fn rows(kind: MemberKind, text: &str) -> (Vec<Row>, Vec<String>) {
    let file = file(kind);
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return (rows, vec![format!("{file}, line 1: {error}")]),
    };
    let columns = match header_of(kind, &header) {
        Ok(columns) => columns,
        Err(problems) => {
            let told = |problem| format!("{file}, line 1: {problem}");
            return (rows, problems.into_iter().map(told).collect());
        }
    };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                wrong.push(format!("{file}: {error}"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let place = format!("{file}, line {line}");
        if record.len() != header.len() {
            wrong.push(format!(
                "{place}: it has {} cells where the header has {}: check its commas and quotes",
                record.len(),
                header.len()
            ));
            continue;
        }
        let cells = columns.iter().zip(&record);
        rows.push((
            place,
            cells.filter_map(|(one, cell)| field(one, cell)).collect(),
        ));
    }
    (rows, wrong)
}

/// The columns in the order of the header, which may be written in any case.
fn header_of(
    kind: MemberKind,
    header: &csv::StringRecord,
) -> Result<Vec<&'static Column>, Vec<String>> {
    let all = columns(kind);
    let names: Vec<&str> = all.iter().map(|column| column.name).collect();
    let names = names.join(", ");
    let mut wrong = Vec::new();
    let mut found: Vec<&Column> = Vec::new();
    for cell in header {
        match all.iter().find(|one| one.name.eq_ignore_ascii_case(cell)) {
            None => wrong.push(format!("there is no column {cell:?}; there are {names}")),
            Some(column) if found.iter().any(|one| one.name == column.name) => {
                wrong.push(format!("the column {} stands twice", column.name));
            }
            Some(column) => found.push(column),
        }
    }
    for column in all.iter().filter(|column| column.is_needed) {
        if !found.iter().any(|one| one.name == column.name) {
            wrong.push(format!(
                "the column {} is missing; there are {names}",
                column.name
            ));
        }
    }
    if wrong.is_empty() {
        Ok(found)
    } else {
        Err(wrong)
    }
}

/// A cell as a field; an empty one is none.
fn field(column: &Column, cell: &str) -> Option<(String, Value)> {
    if column.is_list {
        let parts = cell.split(LIST_SEPARATOR).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty()).map(Value::from);
        return Some((column.name.to_owned(), parts.collect()));
    }
    (!cell.is_empty()).then(|| (column.name.to_owned(), cell.into()))
}
