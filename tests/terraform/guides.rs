//! The guides of the documentation, executed step by step: the commands run as printed, the quoted
//! output is the output, and both languages show the same code.
//!
//! They run with the newest Terraform, whose output they quote. Older versions validate their
//! configurations.

mod accounts;
mod billing;
mod check_first;
mod ci;
mod connect;
mod fleet;
mod getting_started;
mod guide;
mod import;
mod installation;
mod instance;
mod object_store;
mod page;
mod remote_state;
mod schedule;
mod simulator;
mod sold_out;
mod take_over;
mod without_gpu;

use std::{collections::BTreeSet, fs, path::PathBuf};

use self::{
    guide::NEWEST,
    page::{Page, chinese, english, files_of, names_in, repository},
};
use super::stage::PROVIDER;
use crate::support::terraform::{Feature, Workspace, with_each_terraform};

const GUIDES: &[&str] = &[
    "accounts",
    "billing",
    "check-first",
    "ci",
    "connect",
    "fleet",
    "getting-started",
    "import",
    "installation",
    "instance",
    "remote-state",
    "schedule",
    "simulator",
    "sold-out",
    "take-over",
    "without-gpu",
];

/// Guides without commands.
const PLAIN: &[&str] = &["comparison"];

/// Pages in Chinese only: in English, the reference pages and the messages themselves say the same.
const CHINESE: &[&str] = &["errors", "reference"];

/// Other pages in English and Chinese.
const TRANSLATED: &[(&str, &str)] = &[("README.md", "README.zh-CN.md")];

/// Terraform feature that a file of a guide needs.
fn feature(guide: &str, file: &str) -> Option<Feature> {
    match (guide, file) {
        ("accounts", "variables.tf") => Some(Feature::EphemeralResources),
        ("check-first", "main.tf") => Some(Feature::Conditions),
        ("check-first", "budget.tf") => Some(Feature::Checks),
        ("connect", "ssh_key.tf") => Some(NEWEST),
        ("fleet", "main.tf") => Some(Feature::Conditions),
        // Needs a store, and is applied by the guide's test.
        ("remote-state", "backend.tf") => Some(NEWEST),
        // Replaces `main.tf`, and is applied by the guide's test.
        ("instance", "larger.tf" | "power.tf") => Some(NEWEST),
        ("take-over", "import.tf") => Some(NEWEST),
        ("take-over", "all.tfquery.hcl") => Some(Feature::Query),
        ("import", "import.tf") => Some(Feature::GeneratedConfig),
        ("import", "all.tfquery.hcl") => Some(Feature::Query),
        ("sold-out", "start.tf") => Some(Feature::Actions),
        _ => None,
    }
}

#[test]
fn guide_configurations_are_formatted_and_valid() {
    with_each_terraform(async |terraform| {
        let formatted = Workspace::new(terraform);
        for guide in GUIDES {
            for file in names_in(&files_of(guide)) {
                let text = fs::read_to_string(files_of(guide).join(&file)).unwrap();
                formatted.write(&format!("{guide}-{file}"), &text);
                let unable = feature(guide, &file).is_some_and(|it| !terraform.has(it));
                // The newest version has applied all of them. `import.tf` is valid only after its
                // configuration has been generated.
                let is_configuration = file.ends_with(".tf") || file.ends_with(".hcl");
                if terraform.has(NEWEST) || unable || !is_configuration || file == "import.tf" {
                    continue;
                }
                println!("{guide}/{file}");
                let workspace = Workspace::new(terraform);
                if !text.contains("required_providers") {
                    workspace.write("provider.tf", PROVIDER);
                }
                workspace.write(&file, &text);
                workspace.validate();
            }
        }
        formatted.run(&["fmt", "-check", "-diff"]).succeed();
    });
}

/// Templates of all guides, and the subcategory of each.
fn pages() -> Vec<(String, &'static str)> {
    let both = || GUIDES.iter().chain(PLAIN);
    let english = both().map(|guide| (english(guide), ""));
    english.chain(both().chain(CHINESE).map(|guide| (chinese(guide), "中文"))).collect()
}

#[test]
fn each_guide_exists_in_both_languages_and_is_executed() {
    let pages = pages().into_iter().map(|(page, _)| page);
    let there = names_in(&repository().join("templates/guides"));
    let there: BTreeSet<_> = there.iter().map(|name| format!("templates/guides/{name}")).collect();
    assert_eq!(there, pages.collect());
    assert_eq!(
        names_in(&repository().join("examples/guides")),
        GUIDES.iter().map(|guide| (*guide).to_owned()).collect()
    );
    for guide in GUIDES {
        let story = format!("tests/terraform/guides/{}.rs", guide.replace('-', "_"));
        let story = fs::read_to_string(repository().join(story)).unwrap_or_default();
        let opened = format!("Guide::open(\"{guide}\"");
        assert!(story.contains(&opened), "{guide} is not executed");
    }
}

#[test]
fn each_guide_shows_all_its_files() {
    for guide in GUIDES {
        let folder = format!("examples/guides/{guide}/");
        let shown = Page::read(&english(guide)).blocks.into_iter().filter_map(|block| block.file);
        let shown: BTreeSet<_> = shown
            .map(|file| {
                file.strip_prefix(&folder).unwrap_or_else(|| panic!("{guide}: {file}")).to_owned()
            })
            .collect();
        assert_eq!(shown, names_in(&files_of(guide)), "{guide}");
    }
}

#[test]
fn both_languages_show_the_same_code() {
    let guides = GUIDES.iter().chain(PLAIN).map(|guide| (english(guide), chinese(guide)));
    let others = TRANSLATED.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned()));
    for (one, other) in guides.chain(others) {
        Page::read(&one).assert_same_structure(&Page::read(&other));
    }
}

#[test]
fn each_guide_has_title_description_and_subcategory() {
    for (page, subcategory) in pages() {
        let page = Page::read(&page);
        assert_eq!(page.field("subcategory"), subcategory, "{}", page.name);
        assert!(!page.field("page_title").is_empty(), "{}", page.name);
        assert!(!page.field("description").is_empty(), "{}", page.name);
        assert_eq!(page.headings.first(), Some(&1), "{}", page.name);
    }
}

/// Source of the page that a link of a guide refers to.
fn source_of(link: &str) -> PathBuf {
    let page =
        link.split('#').next().unwrap().strip_suffix(".md").unwrap_or_else(|| panic!("{link}"));
    let examples = repository().join("examples");
    match page.strip_prefix("../").map(|page| page.split_once('/')) {
        Some(None) => examples.join("provider"),
        Some(Some((kind, name))) => examples.join(kind).join(format!("compshare_{name}")),
        None => repository().join(english(page)),
    }
}

#[test]
fn links_of_guides_have_targets() {
    for (page, _) in pages() {
        let links = Page::read(&page).links;
        assert!(links.len() > 1, "{page}: {links:?}");
        let is_page = |link: &&String| !link.starts_with("https://") && !link.starts_with('#');
        for link in links.iter().filter(is_page) {
            assert!(source_of(link).exists(), "{page}: {link}");
        }
    }
}
