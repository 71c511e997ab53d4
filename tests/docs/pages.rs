//! What is on the pages.

use std::collections::{BTreeMap, BTreeSet};

use terraform_provider_compshare::{
    cty::{Type, Value},
    framework::{Attribute, Block, Mode, Replacement, Rule},
};

use super::{described, files_below, page, root};

/// The registry takes no page that is longer, in bytes.
const LONGEST: usize = 500_000;

/// What is between the first two lines of `---`: the first level of a very plain YAML.
fn front_matter(text: &str) -> BTreeMap<&str, String> {
    let (front, _) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let mut values = BTreeMap::new();
    let mut last = "";
    for line in front.lines().filter(|line| !line.starts_with('#')) {
        if let Some(more) = line.strip_prefix("  ") {
            let value: &mut String = values.get_mut(last).unwrap();
            value.push_str(more);
        } else {
            let (key, value) = line.split_once(": ").unwrap();
            let value = value.trim_matches('"').replace("|-", "");
            assert!(values.insert(key, value).is_none(), "`{key}` twice");
            last = key;
        }
    }
    values
}

#[test]
fn there_is_a_page_for_each_thing_and_none_for_anything_else() {
    let guides = files_below(&root().join("templates"))
        .into_iter()
        .filter(|name| name.starts_with("guides/"))
        .map(|name| name.trim_end_matches(".tmpl").to_owned());
    let wanted: BTreeSet<_> = described().into_iter().map(|one| one.page).chain(guides).collect();
    assert_eq!(files_below(&root().join("docs")), wanted);
}

#[test]
fn each_page_says_what_it_is_about_and_is_short_enough() {
    for name in files_below(&root().join("docs")) {
        let text = page(&name);
        let front = front_matter(&text);
        let is_index = name == "index.md";
        // Of an index the registry does not want to hear of a category.
        let keys = if is_index {
            &["description", "page_title"][..]
        } else {
            &["description", "page_title", "subcategory"][..]
        };
        assert_eq!(front.keys().copied().collect::<Vec<_>>(), keys, "{name}");
        assert!(!front["page_title"].is_empty() && !front["description"].is_empty(), "{name}");
        assert!(text.len() < LONGEST, "{name} is {} bytes long", text.len());
    }
    for one in described() {
        let (text, (_, type_name)) = (page(&one.page), one.address);
        assert!(front_matter(&text)["page_title"].starts_with(type_name), "{}", one.page);
        // And the page itself begins with what it is.
        let body = text.split_once("\n---\n").unwrap().1;
        assert!(body.contains(&format!("\n\n{}\n", one.block.description)), "{}", one.page);
    }
}

#[test]
fn each_attribute_is_documented() {
    for one in described() {
        let text = page(&one.page);
        let (_, schema) = text.split_once("\n## Schema\n").unwrap();
        in_block(&one.page, schema, &[], &one.block);
        let Some(identity) = one.identity else { continue };
        let (_, schema) = text.split_once("\n### Identity Schema\n").unwrap();
        for attribute in identity.attributes {
            let line = format!("\n- `{}` (String) {}\n", attribute.name, attribute.description);
            assert!(schema.contains(&line), "{}: no line {line:?}", one.page);
        }
    }
}

/// The part of a schema that is about what is at `path`.
fn section<'a>(page: &str, schema: &'a str, path: &[&str]) -> &'a str {
    if path.is_empty() {
        return schema.split("\n<a id=").next().unwrap();
    }
    let heading = format!("### Nested Schema for `{}`\n", path.join("."));
    let after = schema.split_once(&heading).unwrap_or_else(|| panic!("{page}: no {heading}")).1;
    after.split("\n<a id=").next().unwrap()
}

fn in_block(page: &str, schema: &str, path: &[&str], block: &Block) {
    let section_text = section(page, schema, path);
    for attribute in &block.attributes {
        let begin = format!("\n- `{}` (", attribute.name);
        let line = section_text.split_once(&begin).unwrap_or_else(|| panic!("{page}: {begin}"));
        let line = line.1.lines().next().unwrap();
        assert!(line.contains(attribute.description.as_str()), "{page}: {begin}{line}");
        assert_eq!(line.contains("Sensitive)"), attribute.sensitive, "{page}: {begin}{line}");
        in_type(page, schema, &[path, &[attribute.name]].concat(), &attribute.ty);
    }
    for nested in &block.blocks {
        let line = format!("\n- `{}` (Block, Optional) {}", nested.name, nested.block.description);
        assert!(section_text.contains(&line), "{page}: no line {line:?}");
        in_block(page, schema, &[path, &[nested.name]].concat(), &nested.block);
    }
}

fn in_type(page: &str, schema: &str, path: &[&str], ty: &Type) {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            in_type(page, schema, path, element);
        }
        Type::Object(attributes) => {
            let section_text = section(page, schema, path);
            for (name, ty) in attributes {
                let begin = format!("\n- `{name}` (");
                assert!(section_text.contains(&begin), "{page}: {path:?} lacks {name}");
                in_type(page, schema, &[path, &[name]].concat(), ty);
            }
        }
        _ => {}
    }
}

#[test]
fn a_description_says_what_can_be_written_and_what_holds_otherwise() {
    let mut missing = Vec::new();
    for one in described() {
        let nested = one.block.blocks.iter().flat_map(|nested| &nested.block.attributes);
        for attribute in one.block.attributes.iter().chain(nested) {
            for fact in facts(attribute) {
                if !attribute.description.contains(&fact) {
                    missing.push(format!("{}: `{}`: {fact}", one.page, attribute.name));
                }
            }
            if !attribute.description.ends_with('.') {
                missing.push(format!("{}: `{}`: a sentence", one.page, attribute.name));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What the schema itself tells of an attribute, as its description has to put it.
fn facts(attribute: &Attribute) -> Vec<String> {
    let mut facts = Vec::new();
    match attribute.rule {
        Some(Rule::OneOf(words)) => facts.extend(words.iter().map(|word| format!("`{word}`"))),
        Some(Rule::Between(least, most)) => facts.push(format!("between `{least}` and `{most}`")),
        _ => {}
    }
    if attribute.replacement == Replacement::IfConfigured {
        facts.push("Changing this forces a new resource".to_owned());
    }
    match &attribute.default {
        Some(Value::Bool(value)) => facts.push(format!("Defaults to `{value}`")),
        Some(value) => facts.push(format!("Defaults to `{}`", value.as_str().unwrap())),
        // One of these two is required, so none has a default.
        None if ["instance_id", "name"].contains(&attribute.name) => {}
        None if matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed) => {
            facts.push("efault".to_owned());
        }
        None => {}
    }
    facts
}

#[test]
fn the_index_lists_each_environment_variable_beside_its_argument() {
    let text = page("index.md");
    let provider = described().remove(0);
    let mut listed = 0;
    for attribute in &provider.block.attributes {
        let Some((_, rest)) = attribute.description.split_once("Environment variable: `") else {
            continue;
        };
        let (variable, _) = rest.split_once('`').unwrap();
        let line = format!("\n| `{variable}` | `{}` |\n", attribute.name);
        assert!(text.contains(&line), "no line {line:?}");
        listed += 1;
    }
    assert_eq!(text.matches("\n| `COMPSHARE_").count(), listed);
    assert_eq!(listed, 7);
}
