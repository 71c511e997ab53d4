//! Versions and lists of platforms that must agree before a release.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// Text of a file of this repository.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Output of `.ci/package`.
fn package(option: &str) -> String {
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/package");
    let output = Command::new(command).arg(option).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Platforms of the packages: the name in Terraform, and the target of Rust.
fn platforms() -> BTreeMap<String, String> {
    let listed = package("--list");
    let lines = listed.lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(platform, target)| (platform.to_owned(), target.to_owned())).collect()
}

/// Words after `key`, of all lines that contain it.
fn words<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let rests = text.lines().filter_map(|line| line.split_once(key)).map(|(_, rest)| rest);
    let mut words: Vec<_> =
        rests.flat_map(str::split_whitespace).map(|word| word.trim_end_matches('}')).collect();
    words.retain(|word| !word.is_empty());
    words.sort_unstable();
    words
}

#[test]
fn changelog_begins_with_the_version_of_the_package() {
    let changelog = read("CHANGELOG.md");
    let heading = changelog.lines().next().unwrap();
    let expected = concat!("## ", env!("CARGO_PKG_VERSION"), " (");
    assert!(heading.starts_with(expected), "{heading}");
}

#[test]
fn release_notes_are_the_newest_section_of_the_changelog() {
    let changelog = read("CHANGELOG.md");
    let newest = changelog.split("\n## ").next().unwrap();
    let (heading, expected) = newest.split_once('\n').unwrap();
    assert!(heading.starts_with("## "), "{heading}");
    assert_eq!(package("--notes").trim(), expected.trim());
    assert!(read(".github/workflows/release.yml").contains(".ci/package --notes"));
}

#[test]
fn workflow_packages_and_starts_each_platform_once() {
    let workflow = read(".github/workflows/release.yml");
    let platforms = platforms();
    let expected: Vec<_> = platforms.keys().map(String::as_str).collect();
    assert_eq!(words(&workflow, " platforms: "), expected);
    assert_eq!(words(&workflow, " platform: "), expected);
}

#[test]
fn cargo_deny_checks_each_platform() {
    let deny = read(".cargo/deny.toml");
    let (_, targets) = deny.split_once("targets = [").unwrap();
    let (targets, _) = targets.split_once(']').unwrap();
    for target in platforms().values() {
        assert!(targets.contains(&format!("\"{target}\"")), "{target} is missing");
    }
}

/// A tag can be moved to other code, a commit cannot.
#[test]
fn actions_are_pinned_by_commit() {
    for workflow in ["ci", "release"] {
        let text = read(&format!(".github/workflows/{workflow}.yml"));
        let used: Vec<_> = text.lines().filter_map(|line| line.split_once("uses: ")).collect();
        assert!(!used.is_empty(), "{workflow}");
        for (_, action) in used {
            let (_, commit) = action.split_once('@').unwrap();
            let (commit, version) = commit.split_once(" # v").unwrap();
            let is_commit =
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit && !version.is_empty(), "{action}");
        }
    }
}

/// The bytes of a package depend on the version of Rust.
#[test]
fn both_workflows_use_the_minimum_rust_version() {
    let toolchain = |workflow: &str| {
        let text = read(&format!(".github/workflows/{workflow}.yml"));
        let line = text.lines().find_map(|line| line.split_once("RUSTUP_TOOLCHAIN: \""));
        line.unwrap().1.trim_end_matches('"').to_owned()
    };
    assert_eq!(toolchain("ci"), toolchain("release"));
    assert!(toolchain("release").starts_with(env!("CARGO_PKG_RUST_VERSION")));
}
