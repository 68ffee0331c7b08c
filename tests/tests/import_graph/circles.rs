//! Circles among imports: files that reach each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::imports::Imports;

/// Returns every largest set of two files or more in which each reaches all others, sorted.
pub(crate) fn of<'a>(imports: &Imports<'a>) -> BTreeSet<BTreeSet<&'a Path>> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = imports
        .keys()
        .map(|file| (*file, reached_from(imports, file)))
        .collect();
    let reaches = |from: &Path, to: &Path| reached.get(from).is_some_and(|all| all.contains(to));

    let mut circles = BTreeSet::new();
    for (file, others) in &reached {
        let circle: BTreeSet<&Path> = others
            .iter()
            .copied()
            .filter(|other| reaches(other, file))
            .collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles
}

/// Tells what holds the circle together, a line for each import.
pub(crate) fn explained(imports: &Imports<'_>, circle: &BTreeSet<&Path>) -> String {
    let mut text = String::new();
    for from in circle {
        for (to, place) in &imports[from] {
            if circle.contains(to) {
                text += &format!("  {} -> {} ({place})\n", from.display(), to.display());
            }
        }
    }
    text
}

/// The files that are imported from there on; the file itself only if it is in a circle.
fn reached_from<'a>(imports: &Imports<'a>, file: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(from) = open.pop() {
        for to in imports.get(from).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}
