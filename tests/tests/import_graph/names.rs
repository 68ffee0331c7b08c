//! The resolution of paths: through modules, `use` and re-exports to the file that defines the name.

use std::collections::BTreeSet;

use crate::source::{Crate, Entry, ModuleId};

/// The target of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// The module itself.
    Module(ModuleId),
    /// Something that the module defines.
    Item(ModuleId),
}

/// Names that are being looked up, so that two globs which name each other come to an end.
type Asked = BTreeSet<(ModuleId, String)>;

/// Returns the meaning of the path in the module; nothing if it leads out of the crate.
pub(crate) fn resolve(krate: &Crate, module: ModuleId, path: &[String]) -> BTreeSet<Target> {
    follow(krate, module, path, &mut Asked::new())
}

fn follow(krate: &Crate, module: ModuleId, path: &[String], asked: &mut Asked) -> BTreeSet<Target> {
    let mut at = module;
    let mut rest = path;
    let mut absolute = false;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "crate" => at = 0,
            "self" => {}
            "super" => at = krate.modules[at].parent.unwrap_or(0),
            _ => break,
        }
        absolute = true;
        rest = after;
    }
    let Some((first, after)) = rest.split_first() else {
        return BTreeSet::from([Target::Module(at)]);
    };

    let found = if absolute {
        member(krate, at, first, asked)
    } else {
        look_up(krate, at, first, asked).unwrap_or_default()
    };
    descend(krate, found, after, asked)
}

/// Follows the rest of a path. Segments after an item belong to it: a variant, an associated function.
fn descend(
    krate: &Crate,
    found: BTreeSet<Target>,
    rest: &[String],
    asked: &mut Asked,
) -> BTreeSet<Target> {
    let Some((next, after)) = rest.split_first() else {
        return found;
    };
    let modules: Vec<ModuleId> = found
        .iter()
        .filter_map(|target| match target {
            Target::Module(id) => Some(*id),
            Target::Item(_) => None,
        })
        .collect();
    if modules.is_empty() {
        return found;
    }
    let mut deeper = BTreeSet::new();
    for module in modules {
        deeper.extend(member(krate, module, next, asked));
    }
    descend(krate, deeper, after, asked)
}

/// A name within a module of the crate. One that is not found is made by a macro there.
fn member(krate: &Crate, module: ModuleId, name: &str, asked: &mut Asked) -> BTreeSet<Target> {
    look_up(krate, module, name, asked).unwrap_or_else(|| BTreeSet::from([Target::Item(module)]))
}

/// A name in the scope of a module; none if it is not known there.
fn look_up(
    krate: &Crate,
    module: ModuleId,
    name: &str,
    asked: &mut Asked,
) -> Option<BTreeSet<Target>> {
    let key = (module, name.to_owned());
    if !asked.insert(key.clone()) {
        return None;
    }
    let this = &krate.modules[module];
    let mut found = None;
    if let Some(entries) = this.names.get(name) {
        let targets: &mut BTreeSet<Target> = found.get_or_insert_default();
        for entry in entries {
            match entry {
                Entry::Item => targets.extend([Target::Item(module)]),
                Entry::Module(id) => targets.extend([Target::Module(*id)]),
                Entry::Alias(path) => targets.extend(follow(krate, module, path, asked)),
            }
        }
    } else {
        for glob in &this.globs {
            for target in follow(krate, module, glob, asked) {
                if let Target::Module(id) = target
                    && let Some(targets) = look_up(krate, id, name, asked)
                {
                    found.get_or_insert_default().extend(targets);
                }
            }
        }
    }
    asked.remove(&key);
    found
}
