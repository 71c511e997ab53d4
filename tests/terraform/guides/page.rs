//! A page of the documentation, taken apart: its headings, its code blocks, its links.

use std::{fs, path::Path};

/// A page, as a reader sees it.
pub(super) struct Page {
    /// Where it comes from, below the root of the repository.
    pub(super) name: String,
    /// The level of each heading, in order.
    pub(super) headings: Vec<usize>,
    pub(super) blocks: Vec<Block>,
    /// Where its links lead.
    pub(super) links: Vec<String>,
    /// What the lines before its text say, `page_title` and the like.
    pub(super) front_matter: Vec<(String, String)>,
}

/// A block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
    /// The file it is taken from, if it does not stand in the page itself.
    pub(super) file: Option<String>,
}

/// What a page is found relative to.
pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Page {
    /// A page, or the template of one.
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
                assert!(!line.contains("{{"), "{name}: not among the functions known: {line}");
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

    /// What the line of this name before the text says.
    pub(super) fn field(&self, name: &str) -> &str {
        let field = self.front_matter.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    /// Panics unless `other` is the same page in another language: the same headings, as far as their levels tell, and the same
    /// code.
    #[track_caller]
    pub(super) fn assert_is_told_by(&self, other: &Self) {
        let both = format!("{} and {}", self.name, other.name);
        assert_eq!(self.headings, other.headings, "the headings of {both}");
        for (one, other) in self.blocks.iter().zip(&other.blocks) {
            assert_eq!(one, other, "a code block of {both}");
        }
        assert_eq!(self.blocks.len(), other.blocks.len(), "the code blocks of {both}");
    }
}

impl Block {
    /// What a template's `{{ tffile "FILE" }}` or `{{ codefile "LANGUAGE" "FILE" }}` becomes.
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
fn a_page_is_taken_apart() {
    let text = "---\npage_title: \"A title\"\nsubcategory: \"\"\n---\n\n# One\n\nSee [two](../two.md) and [three](3).\n\n\
                ```shell\n# no heading\n```\n\n## Two\n\n{{ tffile \"examples/provider/provider.tf\" }}\n";
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
