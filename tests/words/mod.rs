//! Words that must not come back, from `forbidden.txt`: in comments, string literals and function names of Rust files, and in
//! scripts, examples, pages and expected messages.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders and files with texts.
const SCANNED: [&str; 15] = [
    ".ci",
    ".github",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "benches",
    "docs",
    "examples",
    "fuzz",
    "src",
    "templates",
    "tests",
];

/// Extensions of files with texts. Scripts in `.ci` have none.
const EXTENSIONS: [&str; 10] = ["", "hcl", "md", "py", "rs", "sh", "tf", "tmpl", "toml", "yml"];

/// Not scanned: the list itself, and what cargo-fuzz writes.
const EXCLUDED: [&str; 4] = ["tests/words", "fuzz/artifacts", "fuzz/corpus", "fuzz/target"];

struct Entry {
    phrase: &'static str,
    instead: &'static str,
}

fn entries() -> Vec<Entry> {
    let lines = include_str!("forbidden.txt").lines();
    let entries =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(|line| {
            let (phrases, instead) =
                line.split_once(" => ").unwrap_or_else(|| panic!("no `=>`: {line}"));
            phrases.split(" | ").map(move |phrase| Entry { phrase, instead })
        });
    entries.collect()
}

/// The text as lower-case words with a blank before and after each, so that a phrase is found as whole words.
fn words(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "-_'".contains(c);
    let lower = text.to_lowercase();
    let words: Vec<_> = lower.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

fn find<'a>(entries: &'a [Entry], text: &str) -> Vec<&'a Entry> {
    let words = words(text);
    let contains = |phrase: &str| {
        if phrase.is_ascii() {
            words.contains(&format!(" {phrase} "))
        } else {
            text.contains(phrase)
        }
    };
    entries.iter().filter(|entry| contains(entry.phrase)).collect()
}

/// The texts in a line of a Rust file: a comment, or string literals and the name of a function, with blanks for `_`.
fn texts_in_rust(line: &str) -> String {
    if let Some(comment) = line.trim_start().strip_prefix("//") {
        return comment.to_owned();
    }
    let mut texts: Vec<_> = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    if let Some((_, name)) = line.split_once("fn ") {
        texts.push(name.split('(').next().unwrap_or_default().replace('_', " "));
    }
    if let Some((_, comment)) = line.split_once(" // ") {
        texts.push(comment.to_owned());
    }
    texts.join("\n")
}

fn files(path: &Path) -> Vec<PathBuf> {
    if EXCLUDED.iter().any(|excluded| path.ends_with(excluded)) {
        return Vec::new();
    }
    if path.is_dir() {
        let mut entries: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        return entries.iter().flat_map(|entry| files(entry)).collect();
    }
    let extension = path.extension().unwrap_or_default();
    if EXTENSIONS.iter().any(|known| extension == *known) { vec![path.to_owned()] } else { vec![] }
}

#[test]
fn texts_contain_no_forbidden_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = entries();
    let mut found = Vec::new();
    for file in SCANNED.iter().flat_map(|name| files(&root.join(name))) {
        let text = fs::read_to_string(&file).unwrap();
        // Fast: most files contain no word of the list, not even in code.
        if find(&entries, &text.replace('_', " ")).is_empty() {
            continue;
        }
        let is_rust = file.extension().is_some_and(|extension| extension == "rs");
        let name = file.strip_prefix(root).unwrap().display();
        for (index, line) in text.lines().enumerate() {
            let text = if is_rust { texts_in_rust(line) } else { line.to_owned() };
            for Entry { phrase, instead } in find(&entries, &text) {
                found.push(format!("{name}:{}: \"{phrase}\", instead: {instead}", index + 1));
            }
        }
    }
    let count = found.len();
    assert!(count == 0, "{count} places, see tests/words/forbidden.txt:\n{}", found.join("\n"));
}

#[test]
fn comments_strings_and_names_are_texts() {
    let entries = entries();
    for (line, expected) in [
        ("    /// Whoever waits.", Some("whoever")),
        ("    let anew = ask(\"told\");", Some("told")),
        ("fn whatever_is_left() {", Some("whatever")),
        ("    call(); // 应答", Some("应答")),
        ("    // A task asks.", Some("asks")),
        ("    // The other\n    // way", None),
        ("    let anew = ask(task);", None),
        ("    // Basking, pay-as-you-go, `task_ask`.", None),
    ] {
        let found = find(&entries, &texts_in_rust(line));
        assert_eq!(found.first().map(|entry| entry.phrase), expected, "{line}");
    }
}
