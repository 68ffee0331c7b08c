//! Digests of what a form showed, in few characters.

use sha2::{Digest, Sha256};

/// A short text that differs where the given one does, by which a form tells later what it showed.
pub(super) fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text);
    bytes[..8].iter().fold(String::new(), |mut digest, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(digest, "{byte:02x}");
        digest
    })
}
