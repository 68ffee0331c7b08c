//! The functions' binaries, built once for all tests of this process.

use std::{collections::BTreeMap, path::PathBuf, process::Command, sync::OnceLock};

use cargo_metadata::Message;

/// Variables that cargo sets for the tests it runs. A nested cargo would take them for a change of everything.
const OF_THE_OUTER_CARGO: [&str; 8] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
    "DEP_",
];

/// A function's binary.
pub(super) fn binary(function: &str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BUILT
        .get_or_init(build)
        .get(function)
        .cloned()
        .unwrap_or_else(|| missing(function))
}

/// Builds the binaries from the same workspace and features as these tests, so that only linking is left.
fn build() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(crate::yaml::path("."))
        .args([
            "build",
            "--workspace",
            "--bins",
            "--test",
            "dependency_rule",
        ])
        .args(["--locked", "--quiet", "--message-format=json"]);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OF_THE_OUTER_CARGO
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().expect("cargo can be started");
    assert!(
        output.status.success(),
        "cargo could not build the functions: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Message::parse_stream(output.stdout.as_slice())
        .filter_map(Result::ok)
        .filter_map(|message| match message {
            Message::CompilerArtifact(artifact) if artifact.target.is_bin() => Some((
                artifact.target.name,
                artifact.executable?.into_std_path_buf(),
            )),
            _ => None,
        })
        .collect()
}

#[expect(clippy::panic, reason = "what cannot go on here is a failed test")]
fn missing(function: &str) -> ! {
    panic!("cargo built no binary {function}")
}
