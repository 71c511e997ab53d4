//! The command that writes the pages, and checks them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;
use terraform_provider_compshare::documentation::Pages;

use super::{files_below, provider, root};

#[test]
fn the_pages_are_what_the_schemas_templates_and_examples_make() {
    let pages = Pages::of(&provider(), env!("CARGO_PKG_NAME"), root()).unwrap();
    let stale: Vec<_> = pages.stale(root()).unwrap().iter().map(ToString::to_string).collect();
    let how = "`cargo run --bin generate-docs` writes docs/ anew";
    assert!(stale.is_empty(), "{how}:\n{}", stale.join("\n"));
}

/// A copy of all that the command reads and writes, in a folder of its own.
struct Copy(TempDir);

impl Copy {
    fn new() -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        for folder in ["docs", "templates", "examples"] {
            for name in files_below(&root().join(folder)) {
                let name = format!("{folder}/{name}");
                fs::create_dir_all(copy.path(&name).parent().unwrap()).unwrap();
                fs::copy(root().join(&name), copy.path(&name)).unwrap();
            }
        }
        copy
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs the command: whether it succeeds, and what it prints on both streams.
    fn run(&self, options: &[&str]) -> (bool, String) {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_generate-docs"))
            .args(options)
            .arg(self.0.path())
            .current_dir(Path::new("/"))
            .output()
            .unwrap();
        (status.success(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }
}

#[test]
fn stale_pages_are_told_then_put_right() {
    let copy = Copy::new();
    let (fine, said) = copy.run(&[]);
    assert!(fine, "{said}");
    let (fine, said) = copy.run(&["--check"]);
    assert!(fine && said.ends_with("pages are up to date\n"), "{said}");

    let index = copy.read("docs/index.md");
    copy.write("docs/index.md", &index.replacen("Schema", "schema", 1));
    fs::remove_file(copy.path("docs/data-sources/zones.md")).unwrap();
    copy.write("docs/actions/instance_launch.md", "");
    // Nobody says that this is a page.
    copy.write("docs/notes.txt", "");
    let problems = [
        "docs/index.md is out of date",
        "docs/data-sources/zones.md is missing",
        "docs/actions/instance_launch.md is superfluous",
    ];
    let before = files_below(&copy.path("docs"));
    let (fine, said) = copy.run(&["--check"]);
    assert!(!fine && said.contains("`cargo run --bin generate-docs`"), "{said}");
    assert!(problems.iter().all(|problem| said.contains(problem)), "{said}");
    assert_eq!(files_below(&copy.path("docs")), before, "a check writes nothing");

    let (fine, said) = copy.run(&[]);
    assert!(fine && problems.iter().all(|problem| said.contains(problem)), "{said}");
    assert_eq!(copy.read("docs/index.md"), index);
    assert!(copy.path("docs/notes.txt").exists());
    let (fine, said) = copy.run(&["--check"]);
    assert!(fine, "{said}");
}

#[test]
fn guides_are_rendered_without_fields_and_other_files_are_copied() {
    let copy = Copy::new();
    fs::create_dir_all(copy.path("templates/guides")).unwrap();
    let guide = "# 一\n\n{{ codefile \"shell\" \"examples/resources/compshare_instance_power/import.sh\" }}\n";
    copy.write("templates/guides/one.md.tmpl", guide);
    copy.write("templates/guides/two.md", "# Two {{ .Three }}\n");
    let (fine, said) = copy.run(&[]);
    assert!(fine, "{said}");
    let rendered = copy.read("docs/guides/one.md");
    assert!(rendered.starts_with("# 一\n\n```shell\n# By the id") && rendered.ends_with("\n```\n"));
    assert_eq!(copy.read("docs/guides/two.md"), "# Two {{ .Three }}\n");
}

#[test]
fn a_page_that_cannot_be_made_is_told_with_its_template() {
    for (template, text, problem) in [
        ("index.md.tmpl", "one\n{{ .Nothing }}", "index.md.tmpl:2: `.Nothing` is none of"),
        ("actions.md.tmpl", "{{ tffile \"none.tf\" }}", "actions.md.tmpl:1: `none.tf`: "),
        ("guides/one.md.tmpl", "{{ .Name }}", "one.md.tmpl:1: `.Name` is none of"),
        ("actions/instance_launch.md.tmpl", "", "no Action `compshare_instance_launch`"),
        ("resources/instance.md", "", "no Resource `compshare_instance`"),
    ] {
        let copy = Copy::new();
        let template = format!("templates/{template}");
        fs::create_dir_all(copy.path(&template).parent().unwrap()).unwrap();
        copy.write(&template, text);
        let (fine, said) = copy.run(&["--check"]);
        assert!(!fine && said.contains(problem), "{template}: {said}");
    }
    let copy = Copy::new();
    fs::remove_file(copy.path("templates/actions.md.tmpl")).unwrap();
    let (fine, said) = copy.run(&["--check"]);
    assert!(!fine && said.contains("`compshare_instance_start` has no template"), "{said}");
}

/// It would be dead weight there: that it is left out is the linker's doing, as long as nothing leads to it.
#[test]
fn the_provider_does_not_carry_what_makes_the_pages() {
    let holds = |program: &str| {
        let mark = b"<!-- schema generated by tfplugindocs -->";
        let bytes = fs::read(program).unwrap();
        bytes.split(|byte| *byte == b'<').any(|part| part.starts_with(&mark[1..]))
    };
    assert!(holds(env!("CARGO_BIN_EXE_generate-docs")));
    assert!(!holds(env!("CARGO_BIN_EXE_terraform-provider-compshare")));
}
