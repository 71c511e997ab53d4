//! The plan rules that Terraform checks, on plain values.
//!
//! Source: Terraform's `objchange.ProposedNew` and `AssertPlanValid`. Core proposes null for a computed attribute that is
//! not configured (or its prior value, if there is one); it is for the provider to turn that into a default or into
//! "known after apply". What is configured is planned exactly as configured.

use super::{Attribute, Block, Mode, Replacement};
use crate::cty::{Path, Unknown, Value};

/// What the schema alone says about a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The planned object.
    pub value: Value,
    /// The attributes whose change means another object.
    pub requires_replace: Vec<Path>,
}

/// Fills defaults and unknowns into `proposed`, and finds what a replacement is needed for.
///
/// `prior` is null when the object is to be created: then whatever only the provider can know is unknown. In an update
/// computed values keep their prior value; a resource that changes one marks it unknown itself.
pub fn planned_state(block: &Block, prior: &Value, config: &Value, proposed: &Value) -> Planned {
    Planned {
        value: planned_block(block, prior, config, proposed),
        requires_replace: replaced(block, prior, config),
    }
}

fn planned_block(block: &Block, prior: &Value, config: &Value, proposed: &Value) -> Value {
    let Value::Map(attributes) = proposed else { return proposed.clone() };
    let mut planned = attributes.clone();
    for attribute in &block.attributes {
        if let Some(value) = planned_attribute(attribute, prior, config.attribute(attribute.name)) {
            planned.insert(attribute.name.to_owned(), value);
        }
    }
    for nested in &block.blocks {
        let name = nested.name;
        let value = planned_block(
            &nested.block,
            prior.attribute(name),
            config.attribute(name),
            proposed.attribute(name),
        );
        planned.insert(name.to_owned(), value);
    }
    Value::Map(planned)
}

/// `None`: what core proposes is right.
fn planned_attribute(attribute: &Attribute, prior: &Value, config: &Value) -> Option<Value> {
    if !attribute.is_computed() || !config.is_null() {
        return None;
    }
    if let Some(default) = &attribute.default {
        return Some(default.clone());
    }
    let unknown = || {
        if attribute.never_null { Value::Unknown(Unknown::not_null()) } else { Value::unknown() }
    };
    prior.is_null().then(unknown)
}

fn replaced(block: &Block, prior: &Value, config: &Value) -> Vec<Path> {
    let changed = |attribute: &&Attribute| {
        let (before, now) = (prior.attribute(attribute.name), config.attribute(attribute.name));
        attribute.replacement == Replacement::IfConfigured
            && attribute.mode != Mode::Computed
            && !before.is_null()
            && !now.is_null()
            && before != now
    };
    block.attributes.iter().filter(changed).map(|a| Path::root().attribute(a.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cty::Type;

    fn block() -> Block {
        let text = |name, mode| Attribute::new(name, Type::String, mode, "");
        Block {
            attributes: vec![
                text("id", Mode::Computed),
                text("name", Mode::Required).replaces(),
                text("zone", Mode::OptionalComputed).replaces(),
                text("state", Mode::OptionalComputed).default("Running"),
                text("note", Mode::Optional),
            ],
            ..Block::default()
        }
    }

    /// `?` is unknown, `-` is null.
    fn object(text: &str) -> Value {
        let attribute = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            let value = match value {
                "?" => Value::unknown(),
                "-" => Value::Null,
                text => text.into(),
            };
            (name.to_owned(), value)
        };
        Value::Map(text.split_whitespace().map(attribute).collect())
    }

    #[track_caller]
    fn check(prior: &str, config: &str, proposed: &str, planned: &str, replace: &[&str]) {
        let prior = if prior.is_empty() { Value::Null } else { object(prior) };
        let plan = planned_state(&block(), &prior, &object(config), &object(proposed));
        assert_eq!(plan.value, object(planned));
        let paths: Vec<_> = plan.requires_replace.iter().map(ToString::to_string).collect();
        assert_eq!(paths, replace);
    }

    #[test]
    fn a_create_gets_defaults_and_leaves_the_rest_unknown() {
        check(
            "",
            "id=- name=a zone=- state=- note=-",
            "id=- name=a zone=- state=- note=-",
            "id=? name=a zone=? state=Running note=-",
            &[],
        );
    }

    #[test]
    fn what_is_configured_is_planned_as_configured() {
        check(
            "",
            "id=- name=? zone=z1 state=? note=hi",
            "id=- name=? zone=z1 state=? note=hi",
            "id=? name=? zone=z1 state=? note=hi",
            &[],
        );
    }

    #[test]
    fn an_update_keeps_what_the_provider_found_but_not_a_drifted_default() {
        check(
            "id=1 name=a zone=z1 state=Stopped note=-",
            "id=- name=a zone=- state=- note=-",
            "id=1 name=a zone=z1 state=Stopped note=-",
            "id=1 name=a zone=z1 state=Running note=-",
            &[],
        );
    }

    #[test]
    fn only_a_changed_configured_value_replaces() {
        let prior = "id=1 name=a zone=z1 state=Running note=-";
        let same = "id=- name=a zone=z1 state=- note=-";
        let kept = "id=1 name=a zone=z1 state=Running note=-";
        check(prior, same, kept, kept, &[]);
        check(prior, "id=- name=a zone=- state=- note=-", kept, kept, &[]);
        let moved = "id=1 name=a zone=z2 state=Running note=-";
        check(prior, "id=- name=a zone=z2 state=- note=-", moved, moved, &["zone"]);
        let other = "id=1 name=? zone=z1 state=Running note=-";
        check(prior, "id=- name=? zone=- state=- note=-", other, other, &["name"]);
        // Imported without a zone: configuring one later is not another object.
        let imported = "id=1 name=a zone=- state=Running note=-";
        check(imported, "id=- name=a zone=z2 state=- note=-", moved, moved, &[]);
    }
}
