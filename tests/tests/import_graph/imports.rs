//! The imports between the files of a crate: every `use` and every path, also those in macros and attributes.

use std::{collections::BTreeMap, path::Path};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Attribute, ImplItem, Item, ItemUse, Macro, Meta,
    visit::{self, Visit},
};

use crate::{
    names::{self, Target},
    source::{self, Crate, ModuleId},
};

/// The imports of one crate: from file, to file, and the first place that states it.
pub(crate) type Imports<'a> = BTreeMap<&'a Path, BTreeMap<&'a Path, String>>;

/// Returns the imports of each file from other files of its crate.
///
/// A `mod` is no import, nor is a re-export of something further in: both only say where things are. A module that is
/// brought into scope counts where something of it is named.
pub(crate) fn of(krate: &Crate) -> Imports<'_> {
    let mut imports = Imports::new();
    for (module, content) in krate.modules.iter().enumerate() {
        let mut reader = Reader {
            krate,
            module,
            imports: &mut imports,
            scope: BTreeMap::new(),
        };
        for item in &content.items {
            if let Item::Use(import) = item {
                reader.import(import);
            } else {
                reader.visit_item(item);
            }
        }
    }
    imports
}

struct Reader<'a, 'b> {
    krate: &'a Crate,
    module: ModuleId,
    imports: &'b mut Imports<'a>,
    /// Names that functions bring into their own scope.
    scope: BTreeMap<String, Vec<String>>,
}

impl Reader<'_, '_> {
    fn import(&mut self, import: &ItemUse) {
        for leaf in source::leaves(&import.tree) {
            for target in names::resolve(self.krate, self.module, &leaf.path) {
                let Target::Item(owner) = target else {
                    continue;
                };
                let re_exported =
                    source::is_exported(&import.vis) && self.krate.lies_within(owner, self.module);
                if !re_exported {
                    self.note(owner, &leaf.path, import.use_token.span);
                }
            }
        }
    }

    fn path(&mut self, path: &[String], span: Span) {
        let full = match path.split_first() {
            Some((first, rest)) if self.scope.contains_key(first) => {
                [&self.scope[first], rest].concat()
            }
            _ => path.to_vec(),
        };
        for target in names::resolve(self.krate, self.module, &full) {
            if let Target::Item(owner) = target {
                self.note(owner, path, span);
            }
        }
    }

    fn note(&mut self, owner: ModuleId, path: &[String], span: Span) {
        let file = |module: ModuleId| {
            let file = self.krate.modules[module].file;
            self.krate.files[file].as_path()
        };
        let (from, to) = (file(self.module), file(owner));
        if from != to {
            self.imports
                .entry(from)
                .or_default()
                .entry(to)
                .or_insert_with(|| format!("line {}: {}", span.start().line, path.join("::")));
        }
    }

    /// Paths of two names and more; a single name in a macro is as often a field or a variable.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut is_expanded = false;
        let mut start = Span::call_site();
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut path, start);
                    }
                    if path.is_empty() {
                        start = name.span();
                        // `::name` is another crate's, and `$crate::name` the import of who calls the macro.
                        if colons == 2 || is_expanded {
                            path.push(String::new());
                        }
                    }
                    path.push(name.to_string());
                    colons = 0;
                    is_expanded = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end(&mut path, start);
                    colons = 0;
                    is_expanded =
                        matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '$');
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => self.text(&literal.to_string(), start),
                        _ => {}
                    }
                }
            }
        }
        self.end(&mut path, start);
    }

    fn end(&mut self, path: &mut Vec<String>, span: Span) {
        if path.len() > 1 {
            self.path(path, span);
        }
        path.clear();
    }

    /// A path in quotes, as serde's attributes have them.
    fn text(&mut self, literal: &str, span: Span) {
        let text = literal.trim_matches('"');
        let path: Vec<String> = text.split("::").map(str::to_owned).collect();
        let is_path = path.iter().all(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        if path.len() > 1 && is_path {
            self.path(&path, span);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_, '_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if source::is_built(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if source::is_built_in_impl(item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        for leaf in source::leaves(&import.tree) {
            if let Some(name) = leaf.name {
                self.scope.insert(name, leaf.path);
            }
        }
        self.import(import);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names: Vec<String> = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            if let Some(first) = path.segments.first() {
                self.path(&names, first.ident.span());
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}
