//! The links of the docs lead somewhere, and the index names every page.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

#[test]
fn every_relative_link_leads_somewhere() {
    let mut dead = Vec::new();
    for file in markdown_files() {
        let folder = file.parent().unwrap_or(Path::new(""));
        for target in links(&read(&file)) {
            if leads_out(&target) {
                continue;
            }
            let (path, anchor) = match target.split_once('#') {
                Some((path, anchor)) => (path, Some(anchor)),
                None => (target.as_str(), None),
            };
            let goal = match path {
                "" => file.clone(),
                path => normal(&folder.join(path)),
            };
            let is_there = root().join(&goal).exists();
            let has_anchor = anchor.is_none_or(|anchor| {
                goal.extension().is_some_and(|kind| kind == "md")
                    && anchors(&read(&goal)).contains(anchor)
            });
            if !(is_there && has_anchor) {
                dead.push(format!("{}: {}", file.display(), target));
            }
        }
    }

    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn the_index_names_every_document() {
    let index = Path::new("docs/README.md");
    let named: BTreeSet<PathBuf> = links(&read(index))
        .iter()
        .map(|target| normal(&Path::new("docs").join(target)))
        .collect();

    let missing: Vec<PathBuf> = files_below(Path::new("docs"))
        .into_iter()
        .filter(|file| file != index && !named.contains(file))
        // Pictures are shown where they belong.
        .filter(|file| file.extension().is_none_or(|kind| kind != "png"))
        .collect();

    assert_eq!(missing, Vec::<PathBuf>::new());
}

#[test]
fn the_index_names_decisions_by_number_and_title() {
    let index = read(Path::new("docs/README.md"));
    let mut odd = Vec::new();
    for file in files_below(Path::new("docs/adr")) {
        let text = read(&file);
        let heading = text.lines().next().unwrap_or_default();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let number = name
            .split('-')
            .next()
            .unwrap_or_default()
            .trim_start_matches('0');
        let row = heading
            .strip_prefix(&format!("# {number}. "))
            .map(|title| format!("| {number} | [{title}](adr/{name}) | "));
        if !row.is_some_and(|row| index.lines().any(|line| line.starts_with(&row))) {
            odd.push(format!("{name}: {heading}"));
        }
    }

    assert_eq!(odd, Vec::<String>::new());
}

#[test]
fn links_and_anchors_are_found() {
    let text = "# A `b` c, d-e\n[one](a.md) and [two](b/c.md#x)\n```sh\n# no heading\n[no](link)\n```\n`[no](link)`\n";

    let targets = links(text);

    assert_eq!(targets, ["a.md", "b/c.md#x"]);
    assert_eq!(anchors(text), BTreeSet::from(["a-b-c-d-e".to_owned()]));
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).expect("a file that was found, or that another names")
}

/// Every Markdown file of the repository, from its root.
fn markdown_files() -> Vec<PathBuf> {
    files_below(Path::new(""))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "md"))
        .collect()
}

/// Every file below a folder of the repository, except what is built or belongs to tools.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(root().join(&folder)).expect("a folder that was found");
        for entry in entries.map(|entry| entry.expect("an entry of a folder that was found")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if !entry.path().is_dir() {
                files.push(path);
            } else if name != "target" && (!name.starts_with('.') || name == ".github") {
                open.push(path);
            }
        }
    }
    files.sort();
    files
}

fn leads_out(target: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

/// Lines outside of fenced code.
fn prose(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(line);
        }
    }
    lines
}

/// The targets of the links in a Markdown text.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // Every second part is in backticks; a link whose text contains some is put together again.
        let mut plain = String::new();
        for (place, part) in line.split('`').enumerate() {
            plain += &if place % 2 == 0 {
                part.to_owned()
            } else {
                "code".to_owned()
            };
        }
        let mut rest = plain.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some(end) = after.find(')') else { break };
            found.push(after[..end].to_owned());
            rest = &after[end..];
        }
    }
    found
}

/// The anchors of the headings, as GitHub generates them.
fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .into_iter()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| {
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}
