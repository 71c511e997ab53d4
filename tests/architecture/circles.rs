//! No circle between files, over their `use` declarations.
//!
//! A path that begins with `crate`, `super` or `self` is resolved to the file of the module that it
//! names, as far as its segments name modules. An import through a re-export therefore depends on the
//! file with the re-export, usually `mod.rs`, which depends on its children: inside a module, siblings
//! must import the file that defines an item.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::syntax::{self, Use};

/// Folders that are crates of their own: `crate` resolves to the innermost one.
const CRATES: [&str; 8] = [
    "src/bin",
    "src",
    "tests/packaging",
    "tests",
    "benches/startup",
    "benches/fleet",
    "benches",
    "fuzz",
];

/// A module: its crate's folder, and the segments of its path.
type Module = (&'static str, Vec<String>);

type Graph = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

#[test]
fn no_file_depends_on_itself_through_others() {
    let files: Vec<_> = syntax::FOLDERS.into_iter().flat_map(syntax::files).collect();
    let circles = circles(&graph(&files));
    assert!(circles.is_empty(), "circles between files:\n{}", circles.join("\n"));
}

fn graph(files: &[PathBuf]) -> Graph {
    let mut modules: BTreeMap<Module, &PathBuf> =
        files.iter().map(|file| (module(file), file)).collect();
    for (alias, target) in aliases(files) {
        let included: Vec<_> = modules
            .iter()
            .filter(|((folder, path), _)| *folder == target.0 && path.starts_with(&target.1))
            .map(|((_, path), file)| ([&alias.1[..], &path[target.1.len()..]].concat(), *file))
            .collect();
        modules.extend(included.into_iter().map(|(path, file)| ((alias.0, path), file)));
    }
    let dependencies = |file: &PathBuf| {
        let (folder, segments) = module(file);
        let resolve = |used: Use| {
            let module = resolve(&segments, used)?;
            // The longest prefix that is a module; the rest names items.
            let prefixes = (0..=module.len()).rev().map(|length| module[..length].to_vec());
            prefixes.map(|path| modules.get(&(folder, path)).copied()).find_map(|found| found)
        };
        let used = syntax::uses(file).into_iter().filter_map(resolve);
        used.filter(|other| *other != file).cloned().collect()
    };
    files.iter().map(|file| (file.clone(), dependencies(file))).collect()
}

/// Modules with a `#[path]`, with the modules that their files define in their own crates.
fn aliases(files: &[PathBuf]) -> Vec<(Module, Module)> {
    let of_file = |file: &PathBuf| {
        let (folder, segments) = module(file);
        let included = syntax::included_modules(file).into_iter();
        included
            .map(move |(name, path)| ((folder, [&segments[..], &[name]].concat()), module(&path)))
    };
    files.iter().flat_map(of_file).collect::<Vec<_>>()
}

/// The module that a file defines.
fn module(file: &Path) -> Module {
    let folder = CRATES.into_iter().find(|folder| file.starts_with(folder)).expect("listed above");
    let path = file.strip_prefix(folder).unwrap().with_extension("");
    let mut segments: Vec<String> =
        path.iter().map(|segment| segment.to_str().unwrap().to_owned()).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    (folder, segments)
}

/// Path of a `use` declaration from the root of the crate; `None` for other crates.
fn resolve(module: &[String], used: Use) -> Option<Vec<String>> {
    let mut base: Vec<String> = module.iter().chain(&used.inline).cloned().collect();
    let mut path = used.path.into_iter().peekable();
    match path.next()?.as_str() {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
            while path.next_if(|segment| segment == "super").is_some() {
                base.pop();
            }
        }
        _ => return None,
    }
    Some(base.into_iter().chain(path).collect())
}

/// Groups of files that depend on each other, one line for each.
fn circles(graph: &Graph) -> Vec<String> {
    let reachable: BTreeMap<_, _> = graph.keys().map(|file| (file, reach(graph, file))).collect();
    let groups: BTreeSet<Vec<&PathBuf>> = graph
        .keys()
        .filter(|file| reachable[file].contains(*file))
        .map(|file| {
            let mutual = |other: &&PathBuf| reachable[*other].contains(file);
            reachable[file].iter().copied().filter(mutual).collect()
        })
        .collect();
    let line = |group: Vec<&PathBuf>| {
        let names: Vec<_> = group.iter().map(|file| file.display().to_string()).collect();
        names.join(" <-> ")
    };
    groups.into_iter().map(line).collect()
}

/// Files that `start` depends on, directly or through others.
fn reach<'a>(graph: &'a Graph, start: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<&PathBuf> = graph[start].iter().collect();
    while let Some(file) = pending.pop() {
        if reached.insert(file) {
            pending.extend(&graph[file]);
        }
    }
    reached
}

#[test]
fn circles_are_found_in_a_graph() {
    let edges = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("e", "f"), ("f", "e")];
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry(from.into()).or_default().insert(to.into());
        graph.entry(to.into()).or_default();
    }
    assert_eq!(circles(&graph), ["b <-> c", "e <-> f"]);
}

#[test]
fn paths_resolve_to_modules() {
    let module = ["power".to_owned(), "decide".to_owned()];
    for (inline, path, expected) in [
        (None, "crate::power::Power", Some("power::Power")),
        (None, "super::situation::Situation", Some("power::situation::Situation")),
        (None, "super::super::panics", Some("panics")),
        (None, "self::rules::Rule", Some("power::decide::rules::Rule")),
        (Some("tests"), "super::decide", Some("power::decide::decide")),
        (None, "std::fmt", None),
    ] {
        let path = path.split("::").map(str::to_owned).collect();
        let inline = inline.into_iter().map(str::to_owned).collect();
        let resolved = resolve(&module, Use { inline, path });
        assert_eq!(resolved.map(|path| path.join("::")).as_deref(), expected);
    }
}
