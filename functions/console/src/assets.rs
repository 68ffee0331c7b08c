//! The files beside the pages: a stylesheet, two scripts, an icon. Each is named by its content, and kept by browsers for good.

use std::{
    io::Write,
    sync::{LazyLock, OnceLock},
};

use dealbridge_lambda::http::{Answer, Request};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// A file.
pub(crate) struct Asset {
    name: &'static str,
    extension: &'static str,
    content_type: &'static str,
    content: &'static str,
    compressed: OnceLock<Vec<u8>>,
}

static ASSETS: [Asset; 4] = [
    Asset::new(
        "console",
        "css",
        "text/css; charset=utf-8",
        include_str!("../assets/console.css"),
    ),
    Asset::new(
        "console",
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/console.js"),
    ),
    Asset::new(
        "htmx",
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/htmx-2.0.10.min.js"),
    ),
    Asset::new(
        "icon",
        "svg",
        "image/svg+xml",
        include_str!("../assets/icon.svg"),
    ),
];

static PATHS: LazyLock<[String; 4]> = LazyLock::new(|| ASSETS.each_ref().map(Asset::path));

/// The address of the stylesheet.
pub(crate) fn stylesheet() -> &'static str {
    &PATHS[0]
}

/// The address of the console's own script.
pub(crate) fn script() -> &'static str {
    &PATHS[1]
}

/// The address of htmx.
pub(crate) fn htmx() -> &'static str {
    &PATHS[2]
}

/// The address of the icon.
pub(crate) fn icon() -> &'static str {
    &PATHS[3]
}

impl Asset {
    const fn new(
        name: &'static str,
        extension: &'static str,
        content_type: &'static str,
        content: &'static str,
    ) -> Self {
        Self {
            name,
            extension,
            content_type,
            content,
            compressed: OnceLock::new(),
        }
    }

    fn path(&self) -> String {
        let hash = Sha256::digest(self.content.as_bytes());
        let hash: String = hash
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("/console/assets/{}-{hash}.{}", self.name, self.extension)
    }

    /// The file at a path.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        if !path.starts_with("/console/assets/") {
            return None;
        }
        let at = PATHS.iter().position(|known| known == path)?;
        ASSETS.get(at)
    }

    /// The file, compressed for browsers that take it so.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let takes_gzip = request
            .header("accept-encoding")
            .is_some_and(|accepted| accepted.contains("gzip"));
        let answer = if takes_gzip {
            let compressed = self.compressed.get_or_init(|| compress(self.content));
            Answer::bytes(200, self.content_type, compressed).header("content-encoding", "gzip")
        } else {
            Answer::text(200, self.content_type, self.content.to_owned())
        };
        answer
            .header("cache-control", "public, max-age=31536000, immutable")
            .header("vary", "accept-encoding")
    }
}

fn compress(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::request;

    /// `sha256sum` of `dist/htmx.min.js` of htmx.org 2.0.10, as the registry of npm has it.
    const HTMX: &str = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de";

    #[test]
    fn htmx_is_the_file_of_its_release() {
        let hash = Sha256::digest(ASSETS[2].content.as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();

        assert_eq!(hash, HTMX);
    }

    #[test]
    fn a_file_is_found_by_its_content_alone() {
        for path in [stylesheet(), script(), htmx(), icon()] {
            let asset = Asset::at(path).unwrap();
            let answer = asset.answer(&request(&[]));
            assert_eq!(answer.body, asset.content);
        }
        assert!(Asset::at("/console/assets/console.css").is_none());
        assert!(Asset::at("/console/assets/console-000000000000.css").is_none());
    }
}
