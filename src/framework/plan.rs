//! The plan rules that Terraform enforces, on values.
//!
//! Source: `objchange.ProposedNew` and `AssertPlanValid` in Terraform. For a computed attribute
//! that is not configured, core proposes the prior value or null; the provider replaces null by a
//! default or by "known after apply". A configured attribute is planned exactly as configured.

use super::schema::{Attribute, Block, Mode, Replacement};
use crate::cty::{Path, Unknown, Value};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) value: Value,
    pub(super) requires_replace: Vec<Path>,
}

/// Fills defaults and unknowns into `proposed`, and finds the attributes that require a
/// replacement.
///
/// In a create, `prior` is null and computed values are unknown. In an update, computed values keep
/// their prior value; a resource that changes one marks it as unknown.
pub(super) fn planned_state(
    block: &Block,
    prior: &Value,
    config: &Value,
    proposed: &Value,
) -> Planned {
    Planned {
        value: planned_block(block, prior, config, proposed),
        requires_replace: replaced(block, prior, config),
    }
}

/// The object of a data source that is not read yet: computed attributes that are not configured
/// are unknown.
pub fn unread(block: &Block, config: &Value) -> Value {
    let Value::Map(attributes) = config else { return config.clone() };
    let mut unread = attributes.clone();
    for attribute in block.attributes.iter().filter(|attribute| attribute.is_computed()) {
        if config.attribute(attribute.name).is_null() {
            unread.insert(attribute.name.to_owned(), Value::unknown());
        }
    }
    Value::Map(unread)
}

/// `object` without the attributes that only the provider sets.
pub(super) fn settable(block: &Block, mut object: Value) -> Value {
    if let Value::Map(attributes) = &mut object {
        for attribute in block.attributes.iter().filter(|a| a.mode == Mode::Computed) {
            attributes.insert(attribute.name.to_owned(), Value::Null);
        }
    }
    object
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

/// `None` keeps the value that core proposes.
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
        let differs = match attribute.replacement {
            Replacement::Never => false,
            Replacement::IfConfigured => before != now,
            Replacement::IfLowered => now.as_i64() < before.as_i64() && !now.is_unknown(),
        };
        differs && attribute.mode != Mode::Computed && !before.is_null() && !now.is_null()
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
    fn create_gets_defaults_and_unknowns() {
        check(
            "",
            "id=- name=a zone=- state=- note=-",
            "id=- name=a zone=- state=- note=-",
            "id=? name=a zone=? state=Running note=-",
            &[],
        );
    }

    #[test]
    fn configured_values_are_planned_as_configured() {
        check(
            "",
            "id=- name=? zone=z1 state=? note=hi",
            "id=- name=? zone=z1 state=? note=hi",
            "id=? name=? zone=z1 state=? note=hi",
            &[],
        );
    }

    #[test]
    fn update_keeps_computed_values_but_not_a_drifted_default() {
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
        // Imported without a zone: setting one later does not replace the object.
        let imported = "id=1 name=a zone=- state=Running note=-";
        check(imported, "id=- name=a zone=z2 state=- note=-", moved, moved, &[]);
    }

    #[test]
    fn unread_data_source_has_unknown_computed_attributes() {
        let config = object("id=- name=a zone=z1 state=- note=-");
        assert_eq!(unread(&block(), &config), object("id=? name=a zone=z1 state=? note=-"));
    }

    #[test]
    fn computed_attributes_are_not_settable() {
        let state = object("id=1 name=a zone=z1 state=Running note=-");
        let config = object("id=- name=a zone=z1 state=Running note=-");
        assert_eq!(settable(&block(), state), config);
    }
}
