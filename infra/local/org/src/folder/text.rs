//! From the bytes of a CSV file to its records, refusing what a lenient reader would guess at.

use super::LoadError;

/// A header and the records after it, each with its line.
pub(super) struct Records {
    pub(super) header: csv::StringRecord,
    pub(super) rows: Vec<(u64, csv::StringRecord)>,
}

/// Splits a file into records.
pub(super) fn records(file: &str, bytes: &[u8]) -> Result<Records, Vec<LoadError>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        let line = line_of(bytes, error.valid_up_to());
        return Err(vec![LoadError::new(
            file,
            Some(line),
            None,
            "is not UTF-8 text; export it again with the encoding Unicode (UTF-8)",
        )]);
    }
    check_quotes(file, bytes)?;
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let header = match reader.headers() {
        Ok(header) if header.iter().any(|name| !name.is_empty()) => header.clone(),
        _ => {
            return Err(vec![LoadError::new(
                file,
                Some(1),
                None,
                "has no header; the first row must hold the API names of the fields",
            )]);
        }
    };
    let mut rows = Vec::new();
    let mut errors = Vec::new();
    for record in reader.into_records() {
        match record {
            Ok(record) => rows.push((record.position().map_or(0, csv::Position::line), record)),
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                let problem = match error.kind() {
                    csv::ErrorKind::UnequalLengths {
                        expected_len, len, ..
                    } => format!(
                        "has {len} columns where the header has {expected_len}; check its commas and quotes"
                    ),
                    _ => format!("is not CSV ({error}); export the file again"),
                };
                errors.push(LoadError::new(file, line, None, problem));
                if errors.len() >= super::MOST_ERRORS {
                    break;
                }
            }
        }
    }
    if errors.is_empty() {
        Ok(Records { header, rows })
    } else {
        Err(errors)
    }
}

fn line_of(bytes: &[u8], offset: usize) -> u64 {
    let newlines = bytes
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count();
    u64::try_from(newlines).unwrap_or(u64::MAX - 1) + 1
}

/// The reader takes any quoting and guesses; a guess could shift a whole column, so it is checked first.
fn check_quotes(file: &str, bytes: &[u8]) -> Result<(), Vec<LoadError>> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted(u64),
        Closed,
    }
    let refuse = |line, problem: &str| Err(vec![LoadError::new(file, Some(line), None, problem)]);
    let mut at = At::Start;
    let mut line = 1;
    for byte in bytes {
        at = match (at, byte) {
            (At::Start, b'"') => At::Quoted(line),
            (At::Quoted(_), b'"') => At::Closed,
            // A doubled quote stands for one.
            (At::Closed, b'"') => At::Quoted(line),
            (At::Quoted(from), _) => At::Quoted(from),
            (_, b',' | b'\n') => At::Start,
            (At::Closed, b'\r') => At::Closed,
            (At::Closed, _) => {
                return refuse(
                    line,
                    "has text after a closing quote; double each quote that belongs to a value",
                );
            }
            (At::Plain, b'"') => {
                return refuse(
                    line,
                    "has a quote inside a value without quotes; put quotes round it and double the one inside",
                );
            }
            (At::Start | At::Plain, _) => At::Plain,
        };
        if *byte == b'\n' {
            line += 1;
        }
    }
    match at {
        At::Quoted(from) => refuse(from, "opens a quote that is never closed; close it"),
        _ => Ok(()),
    }
}
