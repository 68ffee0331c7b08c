//! The programs that the tests need: Chromium, its driver, and axe.

use std::{env, path::PathBuf};

/// The way to have the tests run.
pub(crate) const HOW_TO_INSTALL: &str = "browser: ignored, for there is no Chromium with its driver, or no axe. To run them: \
apt-get install chromium chromium-driver && python3 -m pip install --no-deps --target target/ci/axe axe-playwright-python==0.1.8";

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
    /// The source of axe-core.
    pub(crate) axe: String,
}

impl Tools {
    /// Finds everything, or nothing.
    pub(crate) fn find() -> Option<Self> {
        Some(Self {
            chromium: program("chromium")?,
            driver: program("chromedriver")?,
            axe: std::fs::read_to_string(axe()).ok()?,
        })
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The file of axe-core, in the target directory of the build.
fn axe() -> PathBuf {
    let target = env::current_exe().unwrap_or_default();
    // target/debug/deps/browser-0123456789abcdef
    let target = target.ancestors().nth(3).map(PathBuf::from);
    target
        .unwrap_or_default()
        .join("ci/axe/axe_playwright_python/axe.min.js")
}
