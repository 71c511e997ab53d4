//! Parsed source files, and their `use` declarations.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use syn::{Attribute, Item, ItemMod, UseTree, ext::IdentExt as _};

/// All folders with Rust files.
pub(super) const FOLDERS: [&str; 4] = ["src", "tests", "benches", "fuzz"];

/// A `use` declaration of one name.
pub(super) struct Use {
    /// Inline modules around the declaration, from the outermost.
    pub(super) inline: Vec<String>,
    /// Segments of the path; `*` is dropped.
    pub(super) path: Vec<String>,
}

/// Rust files below `folder`, relative to the root of the repository.
pub(super) fn files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    files.sort();
    files
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("target") {
            // Build output of cargo-fuzz.
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
}

pub(super) fn parse(file: &Path) -> syn::File {
    let text = fs::read_to_string(root().join(file)).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// All `use` declarations outside `#[cfg(test)]` modules.
pub(super) fn uses(file: &Path) -> Vec<Use> {
    let mut uses = Vec::new();
    visit(&parse(file).items, &mut Vec::new(), &mut |inline, item| {
        if let Item::Use(item) = item {
            flatten(&item.tree, &mut Vec::new(), &mut |path| {
                uses.push(Use { inline: inline.to_vec(), path: path.to_vec() });
            });
        }
    });
    uses
}

/// Modules of a file that have a `#[path]`, with the path of their file.
pub(super) fn included_modules(file: &Path) -> Vec<(String, PathBuf)> {
    let folder = file.parent().expect("a relative path");
    let included = |item: &Item| {
        let Item::Mod(ItemMod { attrs, ident, content: None, .. }) = item else { return None };
        let path = attrs.iter().find_map(path_attribute)?;
        Some((ident.to_string(), normalized(&folder.join(path))))
    };
    parse(file).items.iter().filter_map(included).collect()
}

/// The value of `#[path = "…"]`.
fn path_attribute(attribute: &Attribute) -> Option<String> {
    let value =
        attribute.meta.require_name_value().ok().filter(|meta| meta.path.is_ident("path"))?;
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &value.value else {
        return None;
    };
    Some(text.value())
}

/// A relative path without `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            normalized.pop();
        } else {
            normalized.push(component);
        }
    }
    normalized
}

/// Calls `found` with the inline modules around each item, and the item.
fn visit(items: &[Item], inline: &mut Vec<String>, found: &mut impl FnMut(&[String], &Item)) {
    for item in items {
        found(inline, item);
        if let Item::Mod(ItemMod { attrs, ident, content: Some((_, items)), .. }) = item
            && !attrs.iter().any(is_cfg_test)
        {
            inline.push(ident.to_string());
            visit(items, inline, found);
            inline.pop();
        }
    }
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    let is_test = |path: syn::Path| path.is_ident("test");
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(is_test)
}

/// Calls `found` with the path of each name in a `use` tree.
fn flatten(tree: &UseTree, prefix: &mut Vec<String>, found: &mut impl FnMut(&[String])) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.unraw().to_string());
            flatten(&path.tree, prefix, found);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, found)),
        UseTree::Glob(_) => found(prefix),
        UseTree::Name(syn::UseName { ident, .. })
        | UseTree::Rename(syn::UseRename { ident, .. }) => {
            prefix.push(ident.unraw().to_string());
            found(prefix);
            prefix.pop();
        }
    }
}
