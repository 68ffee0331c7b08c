//! Standard output.

use std::io::{ErrorKind, Write};

use dealbridge_local::LocalError;

/// The width that a text for a person is wrapped to: the terminal's. A text for a file or another program is not wrapped.
pub(super) fn width() -> Option<usize> {
    let stdout = std::io::stdout();
    let (width, _) = terminal_size::terminal_size_of(stdout)?;
    Some(usize::from(width.0))
}

/// Prints a line at once. A reader that has gone away wants no more.
pub(super) fn print(text: &str) -> Result<(), LocalError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(LocalError::new(format!(
            "could not write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}
