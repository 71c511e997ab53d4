//! Parser for a page of the documentation: headings, code blocks, links, front matter.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub(super) struct Page {
    /// Path below the root of the repository.
    pub(super) name: String,
    /// Level of each heading, in order.
    pub(super) headings: Vec<usize>,
    pub(super) blocks: Vec<Block>,
    /// Targets of the links.
    pub(super) links: Vec<String>,
    /// Fields before the text, such as `page_title`.
    pub(super) front_matter: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
    /// Included file, unless the page itself has the text.
    pub(super) file: Option<String>,
}

/// Root of the repository.
pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn english(guide: &str) -> String {
    format!("templates/guides/{guide}.md.tmpl")
}

pub(super) fn chinese(guide: &str) -> String {
    format!("templates/guides/{guide}-zh-cn.md.tmpl")
}

/// Folder with the files of a guide.
pub(super) fn files_of(guide: &str) -> PathBuf {
    repository().join("examples/guides").join(guide)
}

pub(super) fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

impl Page {
    /// Reads a page or a template.
    pub(super) fn read(name: &str) -> Self {
        let text = fs::read_to_string(repository().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self::parse(name, &text)
    }

    fn parse(name: &str, text: &str) -> Self {
        let mut page = Self {
            name: name.to_owned(),
            headings: Vec::new(),
            blocks: Vec::new(),
            links: Vec::new(),
            front_matter: Vec::new(),
        };
        let mut lines = text.lines().peekable();
        if lines.next_if_eq(&"---").is_some() {
            let fields = lines.by_ref().take_while(|line| *line != "---");
            let field = |line: &str| {
                let (key, value) = line.split_once(": ").unwrap();
                (key.to_owned(), value.trim_matches('"').to_owned())
            };
            page.front_matter = fields.map(field).collect();
        }
        while let Some(line) = lines.next() {
            if let Some(language) = line.strip_prefix("```") {
                let inside: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
                let (language, text) = (language.to_owned(), inside.join("\n"));
                page.blocks.push(Block { language, text, file: None });
            } else if line.starts_with("{{") {
                page.blocks.push(Block::included(line));
            } else {
                assert!(!line.contains("{{"), "{name}: unknown function: {line}");
                let level = line.bytes().take_while(|byte| *byte == b'#').count();
                if level > 0 {
                    page.headings.push(level);
                }
                let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
                page.links.extend(targets.map(|(target, _)| target.to_owned()));
            }
        }
        page
    }

    /// Field of the front matter.
    pub(super) fn field(&self, name: &str) -> &str {
        let field = self.front_matter.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    /// Checks that `other`, the same page in another language, has the same levels of headings and
    /// the same code, except for comments and descriptions.
    #[track_caller]
    pub(super) fn assert_same_structure(&self, other: &Self) {
        let both = format!("{} and {}", self.name, other.name);
        assert_eq!(self.headings, other.headings, "the headings of {both}");
        for (one, other) in self.blocks.iter().zip(&other.blocks) {
            assert_eq!(one.code(), other.code(), "a code block of {both}");
        }
        assert_eq!(self.blocks.len(), other.blocks.len(), "the code blocks of {both}");
    }
}

impl Block {
    /// Language and lines without comments and descriptions, which are translated. Quoted output
    /// is not.
    fn code(&self) -> (&str, Vec<&str>) {
        let lines = self.text.lines();
        if self.language == "text" {
            return (&self.language, lines.collect());
        }
        let is_code = |line: &&str| {
            let line = line.trim_start();
            !(line.starts_with("# ") || line.starts_with("description "))
        };
        let without_comment = |line| str::split_once(line, "  # ").map_or(line, |(code, _)| code);
        (&self.language, lines.filter(is_code).map(without_comment).collect())
    }

    /// Block of a template's `{{ tffile "FILE" }}` or `{{ codefile "LANGUAGE" "FILE" }}`.
    fn included(line: &str) -> Self {
        let call = line.strip_prefix("{{ ").and_then(|line| line.strip_suffix(" }}"));
        let words: Vec<_> = call.into_iter().flat_map(|call| call.split('"')).collect();
        let (language, file) = match words[..] {
            ["tffile ", file, ""] => ("terraform", file),
            ["codefile ", language, " ", file, ""] => (language, file),
            _ => panic!("neither `tffile` nor `codefile`: {line}"),
        };
        let text = fs::read_to_string(repository().join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let (language, text) = (language.to_owned(), text.trim().to_owned());
        Self { language, text, file: Some(file.to_owned()) }
    }
}

#[test]
fn translated_code_differs_only_in_comments() {
    let block = |language: &str, text: &str| Block {
        language: language.to_owned(),
        text: text.to_owned(),
        file: None,
    };
    let one = block("shell", "# Plan.\nterraform plan  # reads only\n\n  description = \"A\"");
    let other = block("shell", "# 计划。\nterraform plan  # 只读取\n\n  description = \"甲\"");
    assert_eq!(one.code(), other.code());
    assert_ne!(block("shell", "# A.\na").code(), block("shell", "# A.\nb").code());
    assert_ne!(block("text", "# A.").code(), block("text", "# B.").code());
}

#[test]
fn page_is_parsed() {
    let text = r#"---
page_title: "A title"
subcategory: ""
---

# One

See [two](../two.md) and [three](3).

```shell
# no heading
```

## Two

{{ tffile "examples/provider/provider.tf" }}
"#;
    let page = Page::parse("page.md", text);
    assert_eq!(page.field("page_title"), "A title");
    assert_eq!(page.field("subcategory"), "");
    assert_eq!(page.headings, [1, 2]);
    assert_eq!(page.links, ["../two.md", "3"]);
    assert_eq!(page.blocks.len(), 2);
    assert_eq!(page.blocks[0].text, "# no heading");
    assert_eq!(page.blocks[1].language, "terraform");
    assert!(page.blocks[1].text.contains("required_providers"), "{:?}", page.blocks[1]);
}
