//! Schemas: the attributes and nested blocks of a block, with the rules for their values.
//!
//! Descriptions are Markdown. Hosts show them, and the documentation is generated from them.

use std::collections::BTreeMap;

use super::{
    diagnostics::{Diagnostic, Diagnostics},
    rule::Rule,
};
use crate::cty::{Path, Type, Value};

/// The schema of a provider, resource, data source, list resource, ephemeral resource or action.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Version of the stored state's shape; raised when stored state has to be upgraded. Only
    /// managed resources have state.
    pub version: i64,
    pub block: Block,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    pub description: String,
    /// In the order of the documentation.
    pub attributes: Vec<Attribute>,
    /// Each may be written once; null if absent.
    pub blocks: Vec<NestedBlock>,
}

/// A nested block that may be written once.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedBlock {
    pub name: &'static str,
    pub block: Block,
}

/// The side that sets an attribute: the configuration or the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The configuration must.
    Required,
    /// The configuration may; otherwise it stays null.
    Optional,
    /// Only the provider.
    Computed,
    /// The configuration may; otherwise the provider does.
    OptionalComputed,
}

/// Condition under which a changed attribute replaces the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    Never,
    /// The configured value differs from a value in the state. An observed value never replaces
    /// anything.
    IfConfigured,
    /// The configured whole number is lower than the one in the state.
    IfLowered,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    pub name: &'static str,
    pub ty: Type,
    pub mode: Mode,
    /// Description in Markdown: meaning, constraint, default, consequences.
    pub description: String,
    /// Hosts hide its value.
    pub sensitive: bool,
    /// The value is never null once it is known; plans say so.
    pub never_null: bool,
    /// The planned value if the configuration sets none; only for [`Mode::OptionalComputed`].
    pub default: Option<Value>,
    pub replacement: Replacement,
    pub rule: Option<Rule>,
}

/// A part of a block that a field of a model declares.
pub trait BlockPart {
    fn add_to(self, block: &mut Block);
}

impl BlockPart for Attribute {
    fn add_to(self, block: &mut Block) {
        block.attributes.push(self);
    }
}

impl BlockPart for NestedBlock {
    fn add_to(self, block: &mut Block) {
        block.blocks.push(self);
    }
}

/// Adds the parts of another block to the parts of this block.
impl BlockPart for Block {
    fn add_to(self, block: &mut Block) {
        block.attributes.extend(self.attributes);
        block.blocks.extend(self.blocks);
    }
}

impl Schema {
    pub fn new(description: &str, block: Block) -> Self {
        Self { version: 0, block: Block { description: description.to_owned(), ..block } }
    }
}

impl Attribute {
    /// An attribute without default, rule or other consequences.
    pub fn new(name: &'static str, ty: Type, mode: Mode, description: impl Into<String>) -> Self {
        Self {
            name,
            ty,
            mode,
            description: description.into(),
            sensitive: false,
            never_null: false,
            default: None,
            replacement: Replacement::Never,
            rule: None,
        }
    }

    /// Promises that the value is not null once it is known.
    #[must_use]
    pub fn never_null(self) -> Self {
        Self { never_null: true, ..self }
    }

    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self { default: Some(value.into()), ..self }
    }

    /// Replaces the resource when the configured value changes.
    #[must_use]
    pub fn replaces(self) -> Self {
        Self { replacement: Replacement::IfConfigured, ..self }
    }

    /// Replaces the resource when the configured number is lowered.
    #[must_use]
    pub fn replaces_if_lowered(self) -> Self {
        Self { replacement: Replacement::IfLowered, ..self }
    }

    #[must_use]
    pub fn rule(self, rule: Rule) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// Returns `true` if the provider sets the attribute when the configuration does not.
    pub const fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }
}

impl Block {
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|a| (a.name.to_owned(), a.ty.clone()));
        let blocks = self.blocks.iter().map(|b| (b.name.to_owned(), b.block.ty()));
        Type::Object(attributes.chain(blocks).collect::<BTreeMap<_, _>>())
    }

    /// Checks the known values of `config` against the rules of the attributes. Unknown values are
    /// checked once they are known.
    pub fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        self.validate_at(config, &Path::root(), &mut diagnostics);
        diagnostics
    }

    fn validate_at(&self, config: &Value, path: &Path, diagnostics: &mut Diagnostics) {
        for attribute in &self.attributes {
            let Some(rule) = attribute.rule else { continue };
            if let Err(reason) = rule.check(config.attribute(attribute.name)) {
                let path = path.clone().attribute(attribute.name);
                diagnostics.push(Diagnostic::invalid_value(path, reason));
            }
        }
        for nested in &self.blocks {
            let value = config.attribute(nested.name);
            if matches!(value, Value::Map(_)) {
                nested.block.validate_at(value, &path.clone().attribute(nested.name), diagnostics);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        let text = |name, rule| Attribute::new(name, Type::String, Mode::Optional, "").rule(rule);
        Block {
            attributes: vec![
                text("id", Rule::NotEmpty),
                text("state", Rule::OneOf(&["Running", "Stopped"])),
                Attribute::new("tries", Type::Number, Mode::Optional, "").rule(Rule::Between(0, 3)),
            ],
            blocks: vec![NestedBlock {
                name: "timeouts",
                block: Block {
                    attributes: vec![text("create", Rule::Duration)],
                    ..Block::default()
                },
            }],
            ..Block::default()
        }
    }

    fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
        Value::Map(attributes.map(|(name, value)| (name.to_owned(), value)).into())
    }

    #[track_caller]
    fn check(config: Value, expected: &[(&str, &str)]) {
        let found: Vec<_> = block()
            .validate(&config)
            .into_iter()
            .map(|d| (d.path.expect("a rule points at its attribute").to_string(), d.detail))
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((path, detail), (at, says)) in found.iter().zip(expected) {
            assert_eq!(path, at);
            assert!(detail.contains(says), "{detail}");
        }
    }

    #[test]
    fn broken_rule_names_attribute_and_reason() {
        check(object([("id", " ".into())]), &[("id", "must not be empty")]);
        check(object([("state", "running".into())]), &[("state", "capital letters matter")]);
        check(object([("state", "On".into())]), &[("state", "\"Running\" or \"Stopped\"")]);
        check(object([("tries", 4_i64.into())]), &[("tries", "from 0 to 3")]);
        let timeouts = object([("create", "soon".into())]);
        check(object([("timeouts", timeouts)]), &[("timeouts.create", "number with a unit")]);
    }

    #[test]
    fn null_and_unknown_values_break_no_rule() {
        check(object([]), &[]);
        let unknown = || Value::unknown();
        check(object([("id", unknown()), ("tries", unknown()), ("timeouts", unknown())]), &[]);
        check(object([("state", "Stopped".into()), ("tries", 3_i64.into())]), &[]);
    }
}
