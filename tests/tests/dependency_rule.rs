//! The dependencies that the workspace allows, checked on `cargo metadata`: console -> functions -> lambda -> {aws,
//! salesforce} -> core -> salesforce-id, infra/local -> functions, and the stand-ins for Salesforce and SQS depend on
//! salesforce-id at most.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use cargo_metadata::{
    Dependency, DependencyKind, Metadata, MetadataCommand, Package,
    semver::{Comparator, Op},
};

/// Crates that a function must not link: those for local use or tests, and a second TLS stack.
const NEVER_IN_A_FUNCTION: [&str; 16] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "axum",
    "clap",
    "dealbridge-local",
    "dealbridge-tests",
    "dynoxide-rs",
    "indicatif",
    "libsqlite3-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
    "rsa",
    "rusqlite",
    "salesforce-simulator",
    "sqs-server",
];

/// Crates that the console links all the same: what verifies the ID tokens of any provider verifies RSA too. The
/// advisory about the crate is of private keys, and the console has none.
const IN_THE_CONSOLE: [&str; 1] = ["rsa"];

/// Crates of which a function links one version only: two would be two HTTP stacks in one binary.
const ONCE_IN_A_FUNCTION: [&str; 3] = ["hyper", "reqwest", "rustls"];

#[test]
fn dependencies_point_inwards() {
    assert_eq!(layers_crossed(&metadata()), Vec::<String>::new());
}

#[test]
fn versions_are_asked_for_as_major_and_minor() {
    assert_eq!(odd_requirements(&metadata()), Vec::<String>::new());
}

#[test]
fn nothing_local_or_for_tests_is_linked_into_a_function() {
    let mut faults = Vec::new();
    for function in functions(&metadata()) {
        let linked = linked_into(&function);
        faults.extend(
            NEVER_IN_A_FUNCTION
                .iter()
                .filter(|name| function != "console" || !IN_THE_CONSOLE.contains(name))
                .filter(|name| linked.contains_key(**name))
                .map(|name| format!("{function} links {name}")),
        );
        faults.extend(
            ONCE_IN_A_FUNCTION
                .iter()
                .filter_map(|name| linked.get(*name).filter(|versions| versions.len() > 1))
                .map(|versions| format!("{function} links {versions:?} of one crate")),
        );
    }

    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_function_is_one_binary_of_the_name_of_its_folder() {
    let metadata = metadata();
    let mut faults = Vec::new();
    for package in metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| matches!(layer(package), Layer::Function | Layer::Console))
    {
        let folder = package
            .manifest_path
            .parent()
            .and_then(|path| path.file_name())
            .unwrap_or_default();
        let binaries: Vec<&str> = package
            .targets
            .iter()
            .filter(|target| target.is_bin())
            .map(|target| target.name.as_str())
            .collect();
        if package.name.as_str() != folder || !(binaries.is_empty() || binaries == [folder]) {
            faults.push(format!(
                "{folder}: package {}, binaries {binaries:?}",
                package.name
            ));
        }
    }

    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn seeded_violations_are_caught() {
    let whole = metadata();
    let seed = |package: &str, change: &dyn Fn(&mut Package)| {
        let mut metadata = whole.clone();
        metadata
            .packages
            .iter_mut()
            .filter(|known| known.name.as_str() == package)
            .for_each(change);
        metadata
    };
    let depends_on = |name: &str| {
        let name = name.to_owned();
        move |package: &mut Package| {
            let mut dependency: Dependency = package.dependencies[0].clone();
            dependency.name.clone_from(&name);
            dependency.kind = DependencyKind::Normal;
            package.dependencies.push(dependency);
        }
    };

    for (package, dependency) in [
        ("dealbridge-core", "dealbridge-aws"),
        ("dealbridge-aws", "dealbridge-salesforce"),
        ("dealbridge-salesforce", "dealbridge-lambda"),
        ("dealbridge-lambda", "fan-out"),
        ("fan-out", "dealbridge-aws"),
        ("link", "unlink"),
        ("link", "console"),
        ("console", "dealbridge-aws"),
        ("import-worker", "dealbridge-local"),
        ("salesforce-simulator", "dealbridge-core"),
        ("sqs-server", "dealbridge-aws"),
    ] {
        let faults = layers_crossed(&seed(package, &depends_on(dependency)));
        assert_eq!(faults, [format!("{package} depends on {dependency}")]);
    }

    let exact = seed("dealbridge-core", &|package| {
        package.dependencies[0].req = "=1.2.3".parse().unwrap();
    });
    assert_eq!(odd_requirements(&exact).len(), 1);
}

/// The layer of a workspace package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// Salesforce ids, on which everything about Salesforce may depend.
    Id,
    Core,
    Adapter,
    Lambda,
    Function,
    /// A function too, which has the others in its process.
    Console,
    /// A stand-in for an outside system, which must not know the product that it tests.
    StandIn,
    Local,
    Tests,
}

impl Layer {
    fn may_depend_on(self, other: Self) -> bool {
        match self {
            Self::Id => false,
            Self::Core | Self::StandIn => other == Self::Id,
            Self::Adapter => matches!(other, Self::Id | Self::Core),
            Self::Lambda => matches!(other, Self::Id | Self::Core | Self::Adapter),
            Self::Function => matches!(other, Self::Core | Self::Lambda),
            Self::Console => matches!(other, Self::Core | Self::Lambda | Self::Function),
            Self::Local => other != Self::Tests,
            Self::Tests => true,
        }
    }
}

/// The layer follows from the folder, so that a package in a folder of its own must first be assigned to a layer.
#[expect(
    clippy::panic,
    reason = "a package without a layer has no rule to be held to"
)]
fn layer(package: &Package) -> Layer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let place = root.and_then(|root| package.manifest_path.strip_prefix(root).ok());
    let within = |folder: &str| place.is_some_and(|place| place.starts_with(folder));
    if within("shared/salesforce-id") {
        Layer::Id
    } else if within("shared/core") {
        Layer::Core
    } else if within("shared/aws") || within("shared/salesforce") {
        Layer::Adapter
    } else if within("shared/lambda") {
        Layer::Lambda
    } else if within("functions/console") {
        Layer::Console
    } else if within("functions") {
        Layer::Function
    } else if within("infra/salesforce") || within("infra/sqs") {
        Layer::StandIn
    } else if within("infra/local") {
        Layer::Local
    } else if within("tests") {
        Layer::Tests
    } else {
        panic!("{} lies outside the known folders", package.name)
    }
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo reads the workspace that it has just built")
}

fn functions(metadata: &Metadata) -> Vec<String> {
    metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| matches!(layer(package), Layer::Function | Layer::Console))
        .map(|package| package.name.to_string())
        .collect()
}

/// Dependencies between workspace packages that point outwards. Tests of a package may use whatever they need.
fn layers_crossed(metadata: &Metadata) -> Vec<String> {
    let ours: BTreeMap<&str, &Package> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.as_str(), package))
        .collect();
    let mut faults = Vec::new();
    for package in ours.values() {
        for dependency in &package.dependencies {
            let other = ours.get(dependency.name.as_str());
            let crossed = other.is_some_and(|other| !layer(package).may_depend_on(layer(other)));
            if crossed && dependency.kind != DependencyKind::Development {
                faults.push(format!("{} depends on {}", package.name, dependency.name));
            }
        }
    }
    faults
}

/// Requirements on outside packages in another form than `1.2`.
fn odd_requirements(metadata: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_none())
        {
            let usual = matches!(
                dependency.req.comparators.as_slice(),
                [Comparator {
                    op: Op::Caret,
                    minor: Some(_),
                    patch: None,
                    ..
                }]
            );
            if !usual {
                faults.push(format!(
                    "{} asks for {} {}",
                    package.name, dependency.name, dependency.req
                ));
            }
        }
    }
    faults
}

/// The crates that cargo would link into the deployed function, with their versions. `cargo metadata` cannot tell,
/// since it unifies the features that all workspace packages ask for.
fn linked_into(function: &str) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal,build",
            "--target",
            "aarch64-unknown-linux-gnu",
        ])
        .args(["--prefix", "none", "--format", "{p}", "--package", function])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs, for it runs this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let mut linked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            linked
                .entry(name.to_owned())
                .or_default()
                .insert(version.to_owned());
        }
    }
    assert!(
        linked.contains_key("dealbridge-core"),
        "cargo tree names what {function} links"
    );
    linked
}
