//! Problems of a folder, and notices about one that is right.

use std::fmt;

/// The most errors of one file that a load reports one by one.
const MAX_PROBLEMS_OF_A_FILE: usize = 20;

/// Why an org folder cannot be loaded: one sentence that names file, row and field, and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file's name.
    pub file: String,
    /// The line in the file, counted from 1.
    pub row: Option<u64>,
    /// The column.
    pub field: Option<String>,
    /// The problem, and what to do.
    pub problem: String,
}

impl LoadError {
    pub(super) fn new(
        file: &str,
        row: Option<u64>,
        field: Option<&str>,
        problem: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            row,
            field: field.map(str::to_owned),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for LoadError {}

/// The errors of all files: the first ones of each, and how many more there are.
#[derive(Debug, Default)]
pub(super) struct Problems {
    files: Vec<OfFile>,
}

#[derive(Debug)]
struct OfFile {
    file: String,
    errors: Vec<LoadError>,
    more: usize,
}

impl Problems {
    /// Adds one.
    pub(super) fn push(&mut self, error: LoadError) {
        let at = self.files.iter().position(|of| of.file == error.file);
        let at = at.unwrap_or_else(|| {
            self.files.push(OfFile {
                file: error.file.clone(),
                errors: Vec::new(),
                more: 0,
            });
            self.files.len() - 1
        });
        let of = &mut self.files[at];
        if of.errors.len() < MAX_PROBLEMS_OF_A_FILE {
            of.errors.push(error);
        } else {
            of.more += 1;
        }
    }

    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All that is reported, file by file.
    pub(super) fn into_errors(self) -> Vec<LoadError> {
        let mut errors = Vec::new();
        for of in self.files {
            errors.extend(of.errors);
            if of.more > 0 {
                let problem = format!(
                    "{} more values or rows are wrong in this file; correct these first",
                    of.more
                );
                errors.push(LoadError::new(&of.file, None, None, problem));
            }
        }
        errors
    }
}

/// Some names in a sentence: all of them, or the first ones and how many more.
pub(super) fn listed(names: &[String]) -> String {
    const MAX_NAMES: usize = 12;
    let shown = names.iter().take(MAX_NAMES).map(String::as_str);
    let text = shown.collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MAX_NAMES) {
        None | Some(0) => text,
        Some(more) => format!("{text} and {more} more"),
    }
}

/// A cell in a sentence: not endless.
pub(super) fn shorten(cell: &str) -> String {
    if cell.chars().count() <= 40 {
        return cell.to_owned();
    }
    cell.chars().take(40).chain(['…']).collect()
}
