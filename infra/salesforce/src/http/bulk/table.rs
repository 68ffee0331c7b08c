//! Rows as CSV, in the forms that a job may ask for.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    schema::FieldType,
    value::{Value, Written},
};

/// The separator of two cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Delimiter {
    #[default]
    Comma,
    Semicolon,
    Tab,
    Pipe,
    Caret,
    Backquote,
}

/// The separator of two rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum LineEnding {
    #[default]
    #[serde(rename = "LF")]
    Lf,
    #[serde(rename = "CRLF")]
    CrLf,
}

/// A form of CSV.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dialect {
    pub(super) delimiter: Delimiter,
    pub(super) line_ending: LineEnding,
}

impl Dialect {
    fn delimiter(self) -> u8 {
        match self.delimiter {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
            Delimiter::Pipe => b'|',
            Delimiter::Caret => b'^',
            Delimiter::Backquote => b'`',
        }
    }

    /// Reads CSV: the header and the rows, each with as many cells as the header.
    ///
    /// # Errors
    /// Its problem.
    pub(super) fn read(self, text: &[u8]) -> Result<Table, String> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter())
            .from_reader(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text));
        let mut table = Table {
            header: cells(reader.headers().map_err(|error| error.to_string())?),
            rows: Vec::new(),
        };
        for record in reader.records() {
            table
                .rows
                .push(cells(&record.map_err(|error| error.to_string())?));
        }
        Ok(table)
    }

    /// Writes the header and some rows, every value in quotes.
    pub(super) fn write(self, header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
        let terminator = match self.line_ending {
            LineEnding::Lf => csv::Terminator::Any(b'\n'),
            LineEnding::CrLf => csv::Terminator::CRLF,
        };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter())
            .terminator(terminator)
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
            writer
                .write_record(row)
                .expect("rows of one table have as many cells as its header, and memory takes all");
        }
        writer
            .into_inner()
            .expect("a buffer in memory is flushed without fail")
    }
}

fn cells(record: &csv::StringRecord) -> Vec<String> {
    record.iter().map(str::to_owned).collect()
}

/// A header and rows of as many cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A value as Bulk API writes it: nothing for null, points in time with `Z`.
pub(super) fn cell(value: &Value, kind: FieldType) -> String {
    match serde_json::to_value(Written(value, kind)) {
        Ok(Json::String(text)) if kind == FieldType::DateTime => text.replace("+0000", "Z"),
        Ok(Json::String(text)) => text,
        Ok(Json::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}
