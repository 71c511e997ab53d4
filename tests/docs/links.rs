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

/// Folders with documents.
const FOLDERS: [&str; 5] = [".github", "benches", "docs", "examples", "tests"];

/// Anchors of a page, and the links and pictures on it.
#[derive(Debug, Default)]
struct Page {
    anchors: BTreeSet<String>,
    links: Vec<String>,
    /// Pictures without a text for readers who do not see them.
    silent_pictures: Vec<String>,
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let mut page = Self::default();
        let mut heading = None;
        let mut picture: Option<String> = None;
        for event in Parser::new_ext(&text, options) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.add_heading(&heading.take().unwrap()),
                Event::Text(text) | Event::Code(text) => {
                    if !text.trim().is_empty() {
                        picture = None;
                    }
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    picture = Some(dest_url.to_string());
                    page.links.push(dest_url.into_string());
                }
                Event::End(TagEnd::Image) => page.silent_pictures.extend(picture.take()),
                Event::Html(html) | Event::InlineHtml(html) => page.add_html(&html),
                _ => {}
            }
        }
        page
    }

    /// Adds links, anchors and pictures of a line of HTML, with each tag on one line.
    fn add_html(&mut self, html: &str) {
        for name in ["href", "src", "srcset"] {
            self.links.extend(attributes(html, name).map(str::to_owned));
        }
        self.anchors.extend(attributes(html, "id").map(str::to_owned));
        if html.contains("<img") && !attributes(html, "alt").any(|text| !text.trim().is_empty()) {
            self.silent_pictures.push(html.trim().to_owned());
        }
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

/// Values of an attribute in HTML.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!(" {name}=\"");
    let values: Vec<_> = html.split(&begin).skip(1).collect();
    values.into_iter().filter_map(|rest| rest.split_once('"')).map(|(value, _)| value)
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

/// Documents, and the path at which each is read. A template for one page has the path of the page.
fn documents() -> Vec<(PathBuf, String)> {
    let top = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut paths: Vec<_> = top.map(|name| name.into_string().unwrap()).collect();
    for folder in FOLDERS {
        let files = files_below(&root().join(folder));
        paths.extend(files.iter().map(|name| format!("{folder}/{name}")));
    }
    paths.retain(|path| path.ends_with(".md"));
    let mut documents: Vec<_> = paths.into_iter().map(|path| (root().join(&path), path)).collect();
    let templates = root().join("templates");
    for name in files_below(&templates) {
        let page = format!("docs/{}", name.trim_end_matches(".tmpl"));
        if root().join(&page).exists() {
            documents.push((templates.join(name), page));
        }
    }
    documents
}

#[test]
fn links_and_anchors_exist() {
    let (mut broken, mut checked) = (Vec::new(), 0);
    for (file, from) in documents() {
        let page = Page::read(&file);
        let silent = page.silent_pictures.iter();
        broken.extend(silent.map(|picture| format!("{from}: {picture}: no alternative text")));
        for link in page.links {
            if EXTERNAL.iter().any(|begin| link.starts_with(begin)) {
                continue;
            }
            checked += 1;
            if let Some(problem) = problem(&from, &link) {
                broken.push(format!("{}: {link}: {problem}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(checked >= 100, "only {checked} links were checked");
}

#[test]
fn documents_of_all_folders_are_checked() {
    let all: Vec<_> = documents().into_iter().map(|(_, path)| path).collect();
    for path in [
        ".github/RELEASING.md",
        "CONTRIBUTING.md",
        "README.zh-CN.md",
        "benches/fleet/README.md",
        "docs/index.md",
        "tests/README.md",
    ] {
        assert!(all.iter().any(|other| other == path), "{path}");
    }
    let of_guide = all.iter().filter(|path| *path == "docs/guides/ci.md").count();
    assert_eq!(of_guide, 2, "the page and its template");
}

#[test]
fn pictures_need_alternative_text() {
    for (text, expected) in [
        ("![a picture](x.svg)", 0),
        ("![](x.svg)", 1),
        ("<img src=\"x.svg\" alt=\"a picture\">", 0),
        ("<p><img src=\"x.svg\" alt=\"\"></p>", 1),
        ("<p><img src=\"x.svg\"></p>", 1),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, text).unwrap();
        let page = Page::read(file.path());
        assert_eq!(page.silent_pictures.len(), expected, "{text}");
        assert_eq!(page.links, ["x.svg"], "{text}");
    }
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
