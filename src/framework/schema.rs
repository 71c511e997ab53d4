//! Schemas: which attributes a block has, what may be written there, and what follows from it.
//!
//! Descriptions are Markdown; the documentation is generated from them.

use std::{borrow::Cow, collections::BTreeMap};

use super::{Diagnostic, Diagnostics, parse_duration};
use crate::cty::{Path, Type, Value};

/// The schema of a provider or of something that it offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Version of the stored state's shape; raised when state has to be upgraded. Only managed resources have state.
    pub version: i64,
    /// The root block.
    pub block: Block,
}

/// A block's attributes and nested blocks, in the order they are to be documented.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// What the block is for, in Markdown.
    pub description: &'static str,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// Its nested blocks, each at most once (an absent one is null).
    pub blocks: Vec<NestedBlock>,
}

/// One nested block that may be written once.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedBlock {
    /// The word that opens it.
    pub name: &'static str,
    /// What is inside.
    pub block: Block,
}

/// Who sets an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The practitioner must.
    Required,
    /// The practitioner may; otherwise it stays null.
    Optional,
    /// Only the provider does.
    Computed,
    /// The practitioner may; otherwise the provider does.
    OptionalComputed,
}

/// When a changed attribute means another object instead of a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Never.
    Never,
    /// When its configured value differs from a value in the state. What was merely observed never replaces anything.
    IfConfigured,
}

/// What a known value must satisfy beyond its type.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Not the empty string, nor only white space.
    NotEmpty,
    /// One of these words, as they are spelt.
    OneOf(&'static [&'static str]),
    /// A positive Go duration.
    Duration,
    /// A whole number within these bounds, both included.
    Between(i64, i64),
    /// What the function accepts; its error completes the sentence "The value … is not valid: …".
    Check(fn(&str) -> Result<(), String>),
}

/// Rules are equal if they are of one kind with the same data; a function has no equality worth having.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotEmpty, Self::NotEmpty) | (Self::Duration, Self::Duration) => true,
            (Self::OneOf(left), Self::OneOf(right)) => left == right,
            (Self::Between(a, b), Self::Between(c, d)) => (a, b) == (c, d),
            _ => false,
        }
    }
}

/// One attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Who sets it.
    pub mode: Mode,
    /// What it means, its default, and what follows from setting it, in Markdown.
    pub description: Cow<'static, str>,
    /// Whether hosts hide its value.
    pub sensitive: bool,
    /// Whether it is never null once it is known: then plans say so.
    pub never_null: bool,
    /// The planned value where the practitioner sets none; only for [`Mode::OptionalComputed`].
    pub default: Option<Value>,
    /// Whether a change replaces the resource.
    pub replacement: Replacement,
    /// What a known configured value must satisfy.
    pub rule: Option<Rule>,
}

impl Attribute {
    /// An attribute of `name` and `ty` with nothing special about it.
    pub fn new(
        name: &'static str,
        ty: Type,
        mode: Mode,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
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

    /// Hides its value.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// Promises that it is not null once it is known.
    #[must_use]
    pub fn never_null(self) -> Self {
        Self { never_null: true, ..self }
    }

    /// Plans `value` where the practitioner sets none.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self { default: Some(value.into()), ..self }
    }

    /// Makes a changed configured value replace the resource.
    #[must_use]
    pub fn replaces(self) -> Self {
        Self { replacement: Replacement::IfConfigured, ..self }
    }

    /// Checks configured values.
    #[must_use]
    pub fn rule(self, rule: Rule) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// Whether the provider sets it when the practitioner does not.
    pub const fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }
}

impl Block {
    /// The type of this block's value.
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|a| (a.name.to_owned(), a.ty.clone()));
        let blocks = self.blocks.iter().map(|b| (b.name.to_owned(), b.block.ty()));
        Type::Object(attributes.chain(blocks).collect::<BTreeMap<_, _>>())
    }

    /// What a data source with this block and `config` is before it was read: what is computed and not configured is unknown.
    pub fn unread(&self, config: &Value) -> Value {
        let Value::Map(attributes) = config else { return config.clone() };
        let mut unread = attributes.clone();
        for attribute in self.attributes.iter().filter(|attribute| attribute.is_computed()) {
            if config.attribute(attribute.name).is_null() {
                unread.insert(attribute.name.to_owned(), Value::unknown());
            }
        }
        Value::Map(unread)
    }

    /// Checks the known values of `config` against the attributes' rules; unknown ones are checked when they are known.
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
                diagnostics.push(
                    Diagnostic::error(
                        "Invalid Attribute Value",
                        format!("The value of `{path}` is not valid: {reason}."),
                    )
                    .at(path),
                );
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

impl Rule {
    /// Values that are null or unknown pass: whether they may be so is not this rule's question.
    fn check(self, value: &Value) -> Result<(), String> {
        if let Self::Between(least, most) = self {
            return match value {
                Value::Number(_)
                    if !value.as_i64().is_some_and(|n| (least..=most).contains(&n)) =>
                {
                    Err(format!("it must be a whole number from {least} to {most}"))
                }
                _ => Ok(()),
            };
        }
        let Some(text) = value.as_str() else { return Ok(()) };
        match self {
            Self::NotEmpty if text.trim().is_empty() => Err("it must not be empty".into()),
            Self::OneOf(words) if !words.contains(&text) => Err(one_of(words, text)),
            Self::Duration => {
                parse_duration(text).map(drop).map_err(|error| format!("\"{text}\": {error}"))
            }
            Self::Check(check) => check(text),
            Self::NotEmpty | Self::OneOf(_) | Self::Between(..) => Ok(()),
        }
    }
}

fn one_of(words: &[&str], text: &str) -> String {
    let list = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    let hint = match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        Some(_) => " (capital letters matter)",
        None => "",
    };
    format!("\"{text}\" is not one of the values it can have, {list}{hint}")
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
    fn a_broken_rule_points_at_the_attribute_and_says_why() {
        check(object([("id", " ".into())]), &[("id", "must not be empty")]);
        check(object([("state", "running".into())]), &[("state", "capital letters matter")]);
        check(object([("state", "On".into())]), &[("state", "\"Running\" or \"Stopped\"")]);
        check(object([("tries", 4_i64.into())]), &[("tries", "from 0 to 3")]);
        let timeouts = object([("create", "soon".into())]);
        check(object([("timeouts", timeouts)]), &[("timeouts.create", "number with a unit")]);
    }

    #[test]
    fn what_is_absent_or_unknown_breaks_no_rule() {
        check(object([]), &[]);
        let unknown = || Value::unknown();
        check(object([("id", unknown()), ("tries", unknown()), ("timeouts", unknown())]), &[]);
        check(object([("state", "Stopped".into()), ("tries", 3_i64.into())]), &[]);
    }
}
