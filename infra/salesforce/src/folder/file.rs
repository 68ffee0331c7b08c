//! A file of an org folder, as read and as values.

use super::text::Records;
use crate::value::Value;

/// One file: its object and its records.
pub(super) struct SourceFile {
    pub(super) object: usize,
    pub(super) name: String,
    pub(super) records: Records,
}

/// One row of a file: its line and one value per field of the object.
pub(super) struct FileRow {
    pub(super) line: u64,
    pub(super) values: Vec<Value>,
}

/// The rows of one file.
pub(super) struct FileRows {
    pub(super) object: usize,
    pub(super) file: String,
    pub(super) rows: Vec<FileRow>,
}
