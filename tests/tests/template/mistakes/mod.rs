//! Mistakes in the template, one at a time, of the kind that deploys well and hurts later.

mod delivery;
mod keeping;
mod runtime;
mod surface;

use serde_json::Value;

/// The mistakes per rule, each with a description.
type Seeds = &'static [(&'static str, &'static [(&'static str, Change)])];

/// A change of the template. A path leads from a resource into its properties, or with `/` from the root.
pub(crate) enum Change {
    /// Sets a JSON value.
    Set(&'static str, &'static str),
    /// Removes the value.
    Remove(&'static str),
    /// Moves the value of the first path to the second.
    Move(&'static str, &'static str),
}

/// Every mistake: the rule that must find it, its description, and the change.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str, &'static Change)> {
    [delivery::ALL, keeping::ALL, runtime::ALL, surface::ALL]
        .into_iter()
        .flatten()
        .flat_map(|(rule, seeds)| seeds.iter().map(|(what, change)| (*rule, *what, change)))
}

impl Change {
    /// The template with this change.
    pub(crate) fn made_in(&self, template: &Value) -> Value {
        let mut changed = template.clone();
        match self {
            Self::Set(path, json) => {
                put(
                    &mut changed,
                    path,
                    serde_json::from_str(json).expect("a seeded value is JSON"),
                );
            }
            Self::Remove(path) => {
                take(&mut changed, path);
            }
            Self::Move(from, to) => {
                let moved = take(&mut changed, from);
                put(&mut changed, to, moved);
            }
        }
        changed
    }
}

fn put(template: &mut Value, path: &str, value: Value) {
    let (parent, key) = place(template, path);
    match parent {
        Value::Array(items) => {
            items[key.parse::<usize>().expect("a list has numbers for keys")] = value
        }
        parent => parent[key] = value,
    }
}

fn take(template: &mut Value, path: &str) -> Value {
    let (parent, key) = place(template, path);
    parent
        .as_object_mut()
        .and_then(|members| members.remove(&key))
        .unwrap_or_default()
}

/// The parent of the value at the end of a path, and the value's key there.
fn place<'a>(template: &'a mut Value, path: &str) -> (&'a mut Value, String) {
    let absolute = match path.split_once('/') {
        Some(("", _)) => path.to_owned(),
        Some((resource, rest)) => format!("/Resources/{resource}/Properties/{rest}"),
        None => format!("/Resources/{path}"),
    };
    let (parent, key) = absolute
        .rsplit_once('/')
        .expect("an absolute path has a slash");
    (
        template
            .pointer_mut(parent)
            .expect("a seeded mistake names a place of the template"),
        key.to_owned(),
    )
}
