//! Links and anchors on the pages and in the documents at the top level.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{files_below, root};

/// Schemes of external addresses, which are not checked.
const EXTERNAL: [&str; 2] = ["https://", "mailto:"];

/// Documents in folders.
const READMES: [&str; 4] =
    [".github/RELEASING.md", "benches/README.md", "benches/fleet/README.md", "tests/README.md"];

/// Anchors of a page, and the links on it.
#[derive(Debug, Default)]
struct Page {
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let mut page = Self::default();
        let mut heading = None;
        for event in Parser::new_ext(&text, options) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.add_heading(&heading.take().unwrap()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    let id = html.split_once("<a id=\"").and_then(|(_, rest)| rest.split_once('"'));
                    page.anchors.extend(id.map(|(id, _)| id.to_owned()));
                }
                _ => {}
            }
        }
        page
    }

    /// Adds the anchor that code hosts and the registry derive from a heading.
    fn add_heading(&mut self, heading: &str) {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        let anchor: String = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let same = self.anchors.iter().filter(|other| {
            let number = other.strip_prefix(&anchor).and_then(|rest| rest.strip_prefix('-'));
            **other == anchor || number.is_some_and(|number| number.parse::<u32>().is_ok())
        });
        let anchor = match same.count() {
            0 => anchor,
            number => format!("{anchor}-{number}"),
        };
        self.anchors.insert(anchor);
    }
}

/// Resolves `..`. `None` if the path leaves the tree.
fn resolved(path: &Path) -> Option<PathBuf> {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::ParentDir if resolved.pop() => {}
            _ => return None,
        }
    }
    Some(resolved)
}

/// Reason why a link on the page `from` is broken, if it is.
fn problem(from: &str, link: &str) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let on_page = from.starts_with("docs/");
    let target = if path.is_empty() {
        PathBuf::from(from)
    } else if on_page && from == "docs/index.md" {
        // The registry serves the index at `…/docs`, a code host in `docs/`: no relative link works in both.
        return Some("the index cannot link to other pages");
    } else {
        // Code hosts need the `.md` at the end; the registry removes it.
        match resolved(&Path::new(from).parent().unwrap().join(path)) {
            Some(target) => target,
            None => return Some("the path leaves the repository"),
        }
    };
    if on_page && !target.starts_with("docs") {
        return Some("the registry serves only docs/");
    }
    if !root().join(&target).exists() {
        return Some("no such file");
    }
    let has_anchor = || Page::read(&root().join(&target)).anchors.contains(anchor);
    (!anchor.is_empty() && !has_anchor()).then_some("no such anchor")
}

#[test]
fn links_and_anchors_exist() {
    let docs = files_below(&root().join("docs"));
    let pages = docs.iter().map(|name| format!("docs/{name}"));
    let top = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name());
    let top = top.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".md"));
    let others = top.chain(READMES.map(str::to_owned));
    let (mut broken, mut checked) = (Vec::new(), 0);
    for from in pages.chain(others) {
        for link in Page::read(&root().join(&from)).links {
            if EXTERNAL.iter().any(|begin| link.starts_with(begin)) {
                continue;
            }
            checked += 1;
            if let Some(problem) = problem(&from, &link) {
                broken.push(format!("{from}: {link}: {problem}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(checked >= 10, "only {checked} links were checked");
}

#[test]
fn broken_links_are_reported() {
    const START: &str = "docs/actions/instance_start.md";
    for (from, link, expected) in [
        ("README.md", "SECURITY.md", None),
        ("SECURITY.md", "#what-terraform", Some("no such anchor")),
        ("README.md", "docs/none.md", Some("no such file")),
        ("README.md", "docs/index.md#authentication", None),
        (START, "instance_stop.md#schema", None),
        (START, "../resources/instance_power.md#nestedblock--timeouts", None),
        (START, "../resources/instance_power", Some("no such file")),
        (START, "../../README.md", Some("the registry serves only docs/")),
        (START, "../../../x", Some("the path leaves the repository")),
        ("docs/index.md", "#schema", None),
        (
            "docs/index.md",
            "actions/instance_start.md",
            Some("the index cannot link to other pages"),
        ),
    ] {
        assert_eq!(problem(from, link), expected, "{from}: {link}");
    }
}
