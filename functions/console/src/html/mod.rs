//! Pages: their frame, the parts that screens are made of, and the page that says what is wrong.
//!
//! Text is escaped wherever it comes from; nothing here marks text as HTML.

pub(crate) mod layout;
pub(crate) mod parts;
pub(crate) mod problem;

use dealbridge_lambda::http::Answer;

/// The policy of every page: files of this host alone, no script or style within the page, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds the headers that hold the browser to what the console does.
pub(crate) fn secured(answer: Answer) -> Answer {
    answer
        .header("content-security-policy", POLICY)
        .header("x-content-type-options", "nosniff")
        .header("x-frame-options", "DENY")
        .header("referrer-policy", "no-referrer")
        .header("cross-origin-opener-policy", "same-origin")
        .header(
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        )
        .header("strict-transport-security", "max-age=31536000")
}
