//! No two files of one crate import each other in a circle; checked on the source, as `dependency_rule` checks
//! packages.

mod circles;
mod imports;
mod made_up;
mod names;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::MetadataCommand;
use source::Crate;

/// An allowed circle.
struct Allowed {
    reason: &'static str,
    /// Every file of it, from the root of the repository.
    files: &'static [&'static str],
}

impl Allowed {
    fn names(&self, files: &BTreeSet<&str>) -> bool {
        self.files.iter().copied().collect::<BTreeSet<_>>() == *files
    }
}

/// The circles that are allowed. If you open one, remove it here or make it smaller.
const ALLOWED: &[Allowed] = &[Allowed {
    reason: "a query may hold queries in its WHERE, and binding one binds them",
    files: &[
        "infra/salesforce/src/soql/bind.rs",
        "infra/salesforce/src/soql/bind/filter.rs",
        "infra/salesforce/src/soql/bind/semi_join.rs",
    ],
}];

#[test]
fn files_of_a_crate_do_not_import_each_other_in_a_circle() {
    let mut unknown = String::new();
    let mut seen = BTreeSet::new();
    for root in crate_roots() {
        let krate = Crate::load(&root, &read);
        let imports = imports::of(&krate);
        for circle in circles::of(&imports) {
            let files: BTreeSet<&str> = circle.iter().filter_map(|path| path.to_str()).collect();
            match ALLOWED.iter().position(|allowed| allowed.names(&files)) {
                Some(place) => {
                    seen.insert(place);
                }
                None => {
                    unknown += &format!(
                        "\n{files:#?}, by\n{}",
                        circles::explained(&imports, &circle)
                    );
                }
            }
        }
    }

    assert!(
        unknown.is_empty(),
        "circles that are not in the table:{unknown}"
    );
    let opened: Vec<_> = ALLOWED
        .iter()
        .enumerate()
        .filter(|(place, _)| !seen.contains(place))
        .map(|(_, allowed)| allowed.files)
        .collect();
    assert!(
        opened.is_empty(),
        "take out of the table, for they are open: {opened:#?}"
    );
}

#[test]
fn every_allowed_circle_has_a_reason() {
    assert!(ALLOWED.iter().all(|allowed| !allowed.reason.is_empty()));
}

/// The repository, under which every path is named.
fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(repository().join(path)).ok()
}

/// The first file of every library and binary of the workspace, except those for tests.
fn crate_roots() -> Vec<PathBuf> {
    let metadata = MetadataCommand::new()
        .manifest_path(repository().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .no_deps()
        .exec()
        .expect("cargo reads the workspace that it has just built");
    let roots: Vec<PathBuf> = metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_lib() || target.is_bin())
        .filter_map(|target| target.src_path.strip_prefix(repository()).ok())
        .filter(|root| !root.starts_with("tests"))
        .map(|root| root.as_std_path().to_owned())
        .collect();
    assert!(roots.len() > 20, "libraries and mains: {roots:?}");
    roots
}

/// The crate of these files, whose first one is `lib.rs`.
fn made_up(files: &[(&str, &str)]) -> Crate {
    let files: BTreeMap<PathBuf, &str> = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), *text))
        .collect();
    Crate::load(Path::new("lib.rs"), &|path: &Path| {
        files.get(path).map(|text| (*text).to_owned())
    })
}
