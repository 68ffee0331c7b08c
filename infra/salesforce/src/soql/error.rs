//! The answer of SOQL to a query it cannot run: the excerpt, a caret, the place, the reason.

/// The widest excerpt of a query that an error shows.
const WINDOW: usize = 80;

/// Why a query cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoqlError {
    /// Salesforce's error code.
    pub(crate) code: &'static str,
    /// The message, excerpt included where Salesforce gives one.
    pub(crate) message: String,
}

impl SoqlError {
    /// An error at a place of the query.
    pub(crate) fn at(code: &'static str, query: &str, offset: usize, reason: &str) -> Self {
        Self {
            code,
            message: format!("{}{reason}", excerpt(query, offset)),
        }
    }

    /// An error that names no place.
    pub(crate) fn plain(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// `\n<excerpt>\n   ^\nERROR at Row:1:Column:n\n`
fn excerpt(query: &str, offset: usize) -> String {
    let mut offset = offset.min(query.len());
    while !query.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &query[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line: Vec<char> = query[line_start..]
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .collect();
    let row = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count();
    // A short line is shown whole; of a long one the part around the place.
    let (from, to) = if line.len() <= WINDOW {
        (0, line.len())
    } else {
        (
            column.saturating_sub(WINDOW / 2),
            (column + WINDOW / 2).min(line.len()),
        )
    };
    let from = from.min(to);
    let shown: String = line[from..to].iter().collect();
    let caret = " ".repeat(column.saturating_sub(from));
    format!(
        "\n{shown}\n{caret}^\nERROR at Row:{row}:Column:{}\n",
        column + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_query_is_shown_whole_with_a_caret_under_the_place() {
        let error = SoqlError::at(
            "INVALID_FIELD",
            "SELECT Foo FROM Account",
            7,
            "No such column",
        );

        assert_eq!(
            error.message,
            "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column"
        );
    }

    #[test]
    fn a_place_past_the_end_or_inside_a_character_does_no_harm() {
        let query = format!("SELECT é{}", "x".repeat(200));

        for offset in 0..query.len() + 5 {
            let _ = SoqlError::at("MALFORMED_QUERY", &query, offset, "");
        }
    }
}
