//! The check itself, on made-up crates.

use crate::{circles, imports, made_up};

/// Imports as `from -> to`, sorted.
fn imports_of(files: &[(&str, &str)]) -> Vec<String> {
    let krate = made_up(files);
    imports::of(&krate)
        .iter()
        .flat_map(|(from, all)| {
            all.keys()
                .map(move |to| format!("{} -> {}", from.display(), to.display()))
        })
        .collect()
}

fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let krate = made_up(files);
    circles::of(&imports::of(&krate))
        .iter()
        .map(|circle| {
            circle
                .iter()
                .map(|path| path.display().to_string())
                .collect()
        })
        .collect()
}

#[test]
fn a_seeded_circle_is_found() {
    let found = circles_of(&[
        ("lib.rs", "mod deal; mod lead; mod link; mod outside;"),
        ("deal.rs", "use crate::lead::Lead; pub struct Deal(Lead);"),
        (
            "lead.rs",
            "pub struct Lead; fn to() { super::link::link(); }",
        ),
        (
            "link.rs",
            "pub fn link() { let _ = crate::deal::Deal::NAME; }",
        ),
        ("outside.rs", "use crate::deal::Deal; pub struct Own(Deal);"),
    ]);

    assert_eq!(found, [["deal.rs", "lead.rs", "link.rs"]]);
}

#[test]
fn a_parent_and_its_child_are_a_circle_by_what_they_define_only() {
    let declared = [
        ("lib.rs", "mod link; pub use link::Plan;"),
        ("link.rs", "mod plan; pub use plan::Plan; pub struct Link;"),
        ("link/plan.rs", "use super::Link; pub struct Plan(Link);"),
    ];
    let used = [
        ("lib.rs", "mod link;"),
        (
            "link.rs",
            "mod plan; pub use plan::Plan; pub struct Link; fn make() -> Plan { Plan }",
        ),
        ("link/plan.rs", "use super::Link; pub struct Plan(Link);"),
    ];

    assert_eq!(imports_of(&declared), ["link/plan.rs -> link.rs"]);
    assert_eq!(circles_of(&used), [["link/plan.rs", "link.rs"]]);
}

#[test]
fn a_path_through_re_exports_leads_to_the_file_that_defines() {
    let found = imports_of(&[
        ("lib.rs", "mod link; mod deal; pub use link::*;"),
        (
            "link.rs",
            "mod plan; mod made; pub use self::plan::Plan as Intent; pub use made::*;",
        ),
        ("link/plan.rs", "pub struct Plan;"),
        ("link/made.rs", "pub enum Made { Here }"),
        (
            "deal.rs",
            "use crate::{Made, link}; struct Deal(link::Intent, Made); use super::link::Made::Here;",
        ),
    ]);

    assert_eq!(
        found,
        ["deal.rs -> link/made.rs", "deal.rs -> link/plan.rs"]
    );
}

#[test]
fn paths_in_macros_attributes_functions_and_types_count() {
    let user = r#"
        #[serde(default = "crate::a::default")]
        struct Own { field: crate::b::B }
        fn own<T: crate::c::C>() {
            use crate::{d, f::made};
            println!("{}", d::text());
            if x != crate::e::E {}
        }
        impl super::g::G for Own { fn new() { let _ = vec![made!(), crate::h!()]; } }
        pub(in crate::i) struct Narrow;
        struct External(serde::Value, ::j::J, Unknown);
    "#;
    let files: Vec<(&str, &str)> = vec![
        (
            "lib.rs",
            "mod user; mod a; mod b; mod c; mod d; mod e; mod f; mod g; mod i; mod j;
            macro_rules! h { () => { $crate::a::default() } } macro_rules! made { () => { pub struct Unseen; } }",
        ),
        ("user.rs", user),
        ("a.rs", "pub fn default() {}"),
        ("b.rs", "pub struct B;"),
        ("c.rs", "pub trait C {}"),
        ("d.rs", "pub fn text() {}"),
        ("e.rs", "pub const E: u8 = 1;"),
        (
            "f.rs",
            "macro_rules! made { () => {} } pub(crate) use made;",
        ),
        ("g.rs", "codes! { G }"),
        ("i.rs", ""),
        ("j.rs", "pub struct J;"),
    ];

    let expected: Vec<String> = [
        "a.rs", "b.rs", "c.rs", "d.rs", "e.rs", "f.rs", "g.rs", "lib.rs",
    ]
    .map(|to| format!("user.rs -> {to}"))
    .to_vec();
    assert_eq!(imports_of(&files), expected);
}

#[test]
fn tests_and_inline_modules_make_no_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod deal; mod lead; mod inline { pub struct A(super::B); } struct B; use inline::A;"),
        (
            "deal.rs",
            "pub struct Deal; #[cfg(test)] mod tests; #[cfg(test)] mod more { use crate::lead::Lead; }
             #[cfg(test)] use crate::lead::Lead; impl Deal { #[cfg(test)] fn lead() -> crate::lead::Lead {} }",
        ),
        ("lead.rs", "use crate::deal::Deal; pub struct Lead(Deal);"),
    ]);

    assert_eq!(found, Vec::<Vec<String>>::new());
}
