//! The modules of one crate, as its files declare them, without those for tests only.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use syn::{Attribute, ImplItem, Item, Meta, UseTree, Visibility};

/// A module by its place in [`Crate::modules`]; 0 is the root.
pub(crate) type ModuleId = usize;

/// A crate, parsed.
pub(crate) struct Crate {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) modules: Vec<Module>,
}

/// One module, which can share its file with others.
pub(crate) struct Module {
    pub(crate) parent: Option<ModuleId>,
    pub(crate) file: usize,
    /// Everything in it but its submodules.
    pub(crate) items: Vec<Item>,
    /// Names that it defines or brings into scope; one name can stand for several (a module and a function, say).
    pub(crate) names: BTreeMap<String, Vec<Entry>>,
    pub(crate) globs: Vec<Vec<String>>,
}

/// The meaning of a name in a module.
#[derive(Clone)]
pub(crate) enum Entry {
    Item,
    Module(ModuleId),
    Alias(Vec<String>),
}

/// One leaf of a `use`.
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    /// The name in this module; none for `*`.
    pub(crate) name: Option<String>,
}

impl Crate {
    /// Parses the file and the modules that it declares. `read` gives the text of a file, if there is one.
    pub(crate) fn load(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut loaded = Self {
            files: Vec::new(),
            modules: Vec::new(),
        };
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        loaded.add_file(root, &folder, None, read);
        loaded
    }

    #[expect(
        clippy::panic,
        reason = "imports of a file that cannot be read are not known"
    )]
    fn add_file(
        &mut self,
        path: &Path,
        folder: &Path,
        parent: Option<ModuleId>,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> ModuleId {
        let text =
            read(path).unwrap_or_else(|| panic!("{} is declared and not there", path.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.files.push(path.to_owned());
        self.add_module(parsed.items, self.files.len() - 1, folder, parent, read)
    }

    fn add_module(
        &mut self,
        items: Vec<Item>,
        file: usize,
        folder: &Path,
        parent: Option<ModuleId>,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(Module {
            parent,
            file,
            items: Vec::new(),
            names: BTreeMap::new(),
            globs: Vec::new(),
        });
        for item in items.into_iter().filter(is_built) {
            if let Item::Mod(module) = item {
                let name = module.ident.to_string();
                let below = folder.join(&name);
                let child = if let Some((_, items)) = module.content {
                    self.add_module(items, file, &below, Some(id), read)
                } else {
                    let beside = folder.join(format!("{name}.rs"));
                    let path = if read(&beside).is_some() {
                        beside
                    } else {
                        below.join("mod.rs")
                    };
                    self.add_file(&path, &below, Some(id), read)
                };
                self.modules[id].name(name, Entry::Module(child));
            } else {
                self.modules[id].add(item);
            }
        }
        id
    }

    /// Returns `true` if the module is the other one, or within it.
    pub(crate) fn lies_within(&self, module: ModuleId, outer: ModuleId) -> bool {
        let mut at = Some(module);
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.modules[id].parent;
        }
        false
    }
}

impl Module {
    fn name(&mut self, name: String, entry: Entry) {
        self.names.entry(name).or_default().push(entry);
    }

    fn add(&mut self, item: Item) {
        if let Item::Use(import) = &item {
            for leaf in leaves(&import.tree) {
                match leaf.name {
                    Some(name) => self.name(name, Entry::Alias(leaf.path)),
                    None => self.globs.push(leaf.path),
                }
            }
        } else if let Some(name) = name_of(&item) {
            self.name(name, Entry::Item);
        }
        self.items.push(item);
    }
}

/// Every name that the `use` brings in.
pub(crate) fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn walk(tree: &UseTree, before: &[String], found: &mut Vec<Leaf>) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => walk(&path.tree, &with(path.ident.to_string()), found),
            UseTree::Group(group) => {
                for tree in &group.items {
                    walk(tree, before, found);
                }
            }
            UseTree::Glob(_) => found.push(Leaf {
                path: before.to_vec(),
                name: None,
            }),
            UseTree::Name(name) if name.ident == "self" => found.push(Leaf {
                path: before.to_vec(),
                name: before.last().cloned(),
            }),
            UseTree::Name(name) => found.push(Leaf {
                path: with(name.ident.to_string()),
                name: Some(name.ident.to_string()),
            }),
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" {
                    before.to_vec()
                } else {
                    with(rename.ident.to_string())
                };
                found.push(Leaf {
                    path,
                    name: Some(rename.rename.to_string()),
                });
            }
        }
    }

    let mut found = Vec::new();
    walk(tree, &[], &mut found);
    found
}

/// Returns `true` if the item is more than private to its module.
pub(crate) fn is_exported(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// Returns `true` if the item is compiled outside of tests too.
pub(crate) fn is_built(item: &Item) -> bool {
    !attributes(item).iter().any(is_for_tests)
}

/// As [`is_built`], of a function or a constant of an `impl`.
pub(crate) fn is_built_in_impl(item: &ImplItem) -> bool {
    let attributes: &[Attribute] = match item {
        ImplItem::Const(item) => &item.attrs,
        ImplItem::Fn(item) => &item.attrs,
        ImplItem::Type(item) => &item.attrs,
        ImplItem::Macro(item) => &item.attrs,
        _ => &[],
    };
    !attributes.iter().any(is_for_tests)
}

fn is_for_tests(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::List(list)
        if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
