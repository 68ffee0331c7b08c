//! The rows of a table of members, as forms.

use dealbridge_core::people::member::MemberKind;
use serde_json::{Map, Value};

/// The separator of the parts of a cell that holds a list.
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

/// The rows of a table, each with its place, or what is wrong with it.
pub(super) fn rows(kind: MemberKind, text: &str) -> Vec<Result<Row, String>> {
    let file = file(kind);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return vec![Err(format!("{file}, line 1: {error}"))],
    };
    let columns = match header_of(kind, &header) {
        Ok(columns) => columns,
        Err(wrong) => {
            let told = |problem| Err(format!("{file}, line 1: {problem}"));
            return wrong.into_iter().map(told).collect();
        }
    };
    let mut lines = Lines::of(text);
    let rows = reader.records().map(|record| {
        let record = record.map_err(|error| format!("{file}: {error}"))?;
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        let place = format!("{file}, line {line}");
        if record.len() != header.len() {
            return Err(format!(
                "{place}: it has {} cells where the header has {}: check its commas and quotes",
                record.len(),
                header.len()
            ));
        }
        let cells = columns.iter().zip(&record);
        let form = cells.filter_map(|(column, cell)| field(column, cell));
        Ok((place, form.collect()))
    });
    rows.collect()
}

/// The lines of a text, by rising byte positions.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            byte: 0,
            line: 1,
        }
    }

    /// The line of the record from that byte on: the reader counts blank lines before a record as its own.
    fn at(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.text.get(self.byte)
            && (self.byte < byte || matches!(next, b'\r' | b'\n'))
        {
            self.line += usize::from(*next == b'\n');
            self.byte += 1;
        }
        self.line
    }
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
