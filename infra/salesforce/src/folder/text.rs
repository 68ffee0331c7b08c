//! From the text of a CSV file to its records, refusing what a lenient reader would guess at.

use std::borrow::Cow;

use super::problem::{LoadError, Problems};

/// A header and the records after it, each with its line.
#[derive(Default)]
pub(super) struct Records {
    /// The columns' names, without spaces round them.
    pub(super) header: Vec<String>,
    /// The records; what the header does not name is left off.
    pub(super) rows: Vec<(u64, csv::StringRecord)>,
}

impl Records {
    /// The place of the first column of that name, in any case.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name))
    }

    /// A column's cells that hold something, each with its line.
    pub(super) fn filled(&self, column: usize) -> impl Iterator<Item = (u64, &str)> {
        self.rows
            .iter()
            .filter_map(move |(line, row)| Some((*line, row.get(column)?)))
            .filter(|(_, cell)| !cell.trim().is_empty())
    }
}

/// Splits a file into records. A file without anything in it has none.
///
/// # Errors
/// `None` when the file cannot be split at all; a row of the wrong length is reported and left out.
pub(super) fn records(file: &str, text: &str, problems: &mut Problems) -> Option<Records> {
    let text = unix(text);
    let (first_line, text, told) = told_delimiter(&text);
    if text.trim().is_empty() {
        return Some(Records::default());
    }
    let delimiter = told.unwrap_or_else(|| delimiter(text));
    if let Err((line, problem)) = check_quotes(text, delimiter) {
        problems.push(LoadError::new(file, Some(first_line + line), None, problem));
        return None;
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(named).collect(),
        Err(error) => {
            let problem = format!("is not CSV ({error}); export the file again");
            problems.push(LoadError::new(file, Some(1), None, problem));
            return None;
        }
    };
    let named = header.iter().rposition(|name| !name.is_empty());
    let Some(least) = named.map(|last| last + 1) else {
        let problem = "has no header; the first row must hold the API names of the fields";
        problems.push(LoadError::new(file, Some(first_line + 1), None, problem));
        return None;
    };
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(|at| first_line + at.line());
                let problem = format!("is not CSV ({error}); export the file again");
                problems.push(LoadError::new(file, line, None, problem));
                continue;
            }
        };
        let line = first_line + record.position().map_or(0, |at| line_of(text, at));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let beyond = record.iter().skip(header.len());
        if record.len() < least || beyond.into_iter().any(|cell| !cell.trim().is_empty()) {
            let problem = format!(
                "has {} columns where the header has {}; check its {} and quotes",
                record.len(),
                header.len(),
                plural(delimiter)
            );
            problems.push(LoadError::new(file, Some(line), None, problem));
            continue;
        }
        rows.push((line, record));
    }
    Some(Records { header, rows })
}

/// The line on which a record begins. The reader counts the end of the line before, and empty lines, to the record.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let begin = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let ends = text.bytes().skip(begin);
    let ends = ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let lines = ends.filter(|byte| *byte == b'\n').count();
    at.line() + u64::try_from(lines).unwrap_or(0)
}

/// A column's name without what spreadsheets put round it.
fn named(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}')
        .to_owned()
}

/// Text whose lines end as Unix lines do, so that every line is counted.
fn unix(text: &str) -> Cow<'_, str> {
    if text.contains('\n') || !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\r', "\n"))
}

/// Excel's first line `sep=;`: how many lines it takes, the rest, and what it says.
fn told_delimiter(text: &str) -> (u64, &str, Option<u8>) {
    let told = text
        .split_once('\n')
        .and_then(|(first, rest)| Some((first.trim_end().strip_prefix("sep=")?, rest)));
    match told {
        Some((delimiter, rest)) => match delimiter.as_bytes() {
            [byte] => (1, rest, Some(*byte)),
            [] => (1, rest, Some(b'\t')),
            _ => (0, text, None),
        },
        None => (0, text, None),
    }
}

/// The separator of the columns: the one that the header has most of. No API name holds any of them.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if is_quoted => {}
            other => {
                if let Some((_, count)) = counts.iter_mut().find(|(byte, _)| *byte == other) {
                    *count += 1;
                }
            }
        }
    }
    // The first of the greatest: a header of one column has none.
    let most = counts.iter().map(|(_, count)| *count).max();
    counts
        .iter()
        .find(|(_, count)| Some(*count) == most)
        .map_or(b',', |(byte, _)| *byte)
}

fn plural(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "bars",
        _ => "commas",
    }
}

/// The reader takes any quoting and guesses; a guess could shift a whole column, so it is checked first.
fn check_quotes(text: &str, delimiter: u8) -> Result<(), (u64, &'static str)> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted(u64),
        Closed,
    }
    let mut at = At::Start;
    let mut line = 1;
    for byte in text.bytes() {
        at = match (at, byte) {
            (At::Start, b'"') => At::Quoted(line),
            (At::Quoted(_), b'"') => At::Closed,
            // A doubled quote stands for one.
            (At::Closed, b'"') => At::Quoted(line),
            (At::Quoted(from), _) => At::Quoted(from),
            (_, b'\r' | b'\n') => At::Start,
            (_, byte) if byte == delimiter => At::Start,
            (At::Closed, _) => {
                return Err((
                    line,
                    "has text after a closing quote; double each quote that belongs to a value",
                ));
            }
            (At::Plain, b'"') => {
                return Err((
                    line,
                    "has a quote inside a value without quotes; put quotes round it and double the one inside",
                ));
            }
            (At::Start | At::Plain, _) => At::Plain,
        };
        if byte == b'\n' {
            line += 1;
        }
    }
    match at {
        At::Quoted(from) => Err((from, "opens a quote that is never closed; close it")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<(u64, Vec<String>)>) {
        let mut problems = Problems::default();
        let records = records("Account.csv", text, &mut problems).unwrap();
        assert!(problems.is_empty(), "{text:?}: {problems:?}");
        let rows = records.rows.iter();
        let rows = rows.map(|(line, row)| (*line, row.iter().map(str::to_owned).collect()));
        (records.header.clone(), rows.collect())
    }

    #[test]
    fn commas_semicolons_tabs_and_every_line_end_give_the_same_records() {
        let expected = (
            vec!["Id".to_owned(), "Name".to_owned()],
            vec![
                (2, vec!["1".to_owned(), "a, b; c\td".to_owned()]),
                (3, vec!["2".to_owned(), String::new()]),
            ],
        );

        for delimiter in [",", ";", "\t", "|"] {
            for end in ["\n", "\r\n", "\r"] {
                let text = ["\"Id\",\"Name\"", "1,\"a, b; c\td\"", "2,\"\"", ""].join(end);
                let text = text
                    .replace("\",\"", &format!("\"{delimiter}\""))
                    .replace("1,", &format!("1{delimiter}"))
                    .replace("2,", &format!("2{delimiter}"));
                assert_eq!(read(&text), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn lines_are_counted_through_quoted_ones_and_past_excel_s_first_line() {
        let (header, rows) = read("sep=;\r\nId;Name\r\n1;\"a\r\nb\"\r\n2;c\r\n");

        assert_eq!(header, ["Id", "Name"]);
        let lines: Vec<_> = rows
            .iter()
            .map(|(line, row)| (*line, &row[1][..]))
            .collect();
        assert_eq!(lines, [(3, "a\r\nb"), (5, "c")]);
    }

    #[test]
    fn empty_files_and_rows_of_nothing_have_no_records() {
        for text in ["", "\n", " \r\n"] {
            assert_eq!(read(text), (vec![], vec![]), "{text:?}");
        }
        assert_eq!(read("Id,Name\n,\n\n").1, vec![]);
    }

    #[test]
    fn columns_without_a_name_may_be_missing_in_a_row_and_others_may_not() {
        assert_eq!(read("Id,Name,,\n1,a\n2,b,\n3,c,,,,\n").1.len(), 3);

        let mut problems = Problems::default();
        records("A.csv", "Id,Name\n1\n2,b,c\n3,d\n", &mut problems).unwrap();
        let rows: Vec<_> = problems.into_errors().iter().map(|one| one.row).collect();
        assert_eq!(rows, [Some(2), Some(3)]);
    }
}
