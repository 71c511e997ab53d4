//! Attribute descriptions: they repeat the allowed values and the default that the schema itself enforces.

use std::fs;

use terraform_provider_compshare::{
    cty::Value,
    framework::{Attribute, Mode, Replacement, Rule},
};

use super::{described, root};

#[test]
fn descriptions_state_allowed_values_and_defaults() {
    let mut problems = Vec::new();
    for one in described() {
        let nested = one.block.blocks.iter().flat_map(|nested| &nested.block.attributes);
        for attribute in one.block.attributes.iter().chain(nested) {
            let place = format!("{:?}: `{}`", one.address, attribute.name);
            for fact in facts(attribute) {
                if !attribute.description.contains(&fact) {
                    problems.push(format!("{place}: {fact}"));
                }
            }
            if !attribute.description.ends_with('.') {
                problems.push(format!("{place}: does not end with a period"));
            }
        }
    }
    assert!(problems.is_empty(), "missing in descriptions:\n{}", problems.join("\n"));
}

/// Facts of the schema, as the description has to state them.
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
        // Exactly one of each pair is required, so neither has a default.
        None if ["instance_id", "name", "stop_at", "stop_after"].contains(&attribute.name) => {}
        None if matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed) => {
            facts.push("efault".to_owned());
        }
        None => {}
    }
    facts
}

#[test]
fn index_lists_all_environment_variables() {
    let index = fs::read_to_string(root().join("docs/index.md")).unwrap();
    let provider = described().remove(0);
    let mut listed = 0;
    for attribute in &provider.block.attributes {
        let Some((_, rest)) = attribute.description.split_once("Environment variable: `") else {
            continue;
        };
        let (variable, _) = rest.split_once('`').unwrap();
        let line = format!("\n| `{variable}` | `{}` |\n", attribute.name);
        assert!(index.contains(&line), "no line {line:?}");
        listed += 1;
    }
    assert_eq!(index.matches("\n| `COMPSHARE_").count(), listed);
    assert_eq!(listed, 7);
}
