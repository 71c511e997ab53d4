//! Names of tests.

use std::path::Path;

use syn::{Attribute, Item, ItemMod};

use super::syntax;

/// Longest name of a test, in characters.
const MAX_LENGTH: usize = 60;

#[test]
fn test_names_are_short() {
    let long: Vec<_> = syntax::FOLDERS
        .into_iter()
        .flat_map(syntax::files)
        .flat_map(|file| tests(&file))
        .filter(|name| name.len() > MAX_LENGTH)
        .collect();
    assert!(long.is_empty(), "longer than {MAX_LENGTH} characters:\n{}", long.join("\n"));
}

/// Names of all test functions in a file.
fn tests(file: &Path) -> Vec<String> {
    let mut names = Vec::new();
    collect_tests(&syntax::parse(file).items, &mut names);
    names
}

fn collect_tests(items: &[Item], names: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Fn(function) if function.attrs.iter().any(is_test) => {
                names.push(function.sig.ident.to_string());
            }
            Item::Mod(ItemMod { content: Some((_, items)), .. }) => collect_tests(items, names),
            _ => {}
        }
    }
}

/// `#[test]`, `#[tokio::test]` and the like.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
}
