//! Values of configurations, plans and states.

use std::collections::BTreeMap;

use super::number::Number;

/// A value, which has a type only together with a schema.
///
/// Equality follows Terraform. Numbers are equal if their quantity is (see [`Number`]), and all
/// unknowns are equal (see [`Unknown`]). Strings are compared byte by byte: Terraform normalizes
/// strings to NFC before it sends them, and again after it has received them. Sets are compared in
/// order, because a value does not record that it is a set; Terraform sends the elements of a set
/// in an order that depends only on the elements.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// Null of any type.
    #[default]
    Null,
    /// A value of any type that is known only after apply.
    Unknown(Unknown),
    String(String),
    Number(Number),
    Bool(bool),
    /// The elements of a list or set.
    List(Vec<Self>),
    /// The elements of a map, or the attributes of an object.
    Map(BTreeMap<String, Self>),
}

/// An unknown value, with the refinements that Terraform has declared for it: not null, a prefix,
/// bounds.
///
/// Refinements are not interpreted. They are kept so that an unknown value that passes through the
/// provider is unchanged on the wire. All unknown values are equal.
#[derive(Debug, Clone, Default)]
pub struct Unknown {
    /// Payload of the MessagePack extension.
    refinements: Option<Box<[u8]>>,
}

impl Unknown {
    /// An unknown value without refinements.
    pub const fn plain() -> Self {
        Self { refinements: None }
    }

    /// An unknown value that will not be null. Terraform enforces this after the apply.
    pub fn not_null() -> Self {
        // A map with one refinement: nullness (1) is false.
        Self::refined(&[0x81, 0x01, 0xc2])
    }

    /// An unknown value with encoded refinements.
    pub(super) fn refined(payload: &[u8]) -> Self {
        Self { refinements: Some(payload.into()) }
    }

    pub(super) fn refinements(&self) -> Option<&[u8]> {
        self.refinements.as_deref()
    }
}

impl PartialEq for Unknown {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Unknown {}

impl Value {
    /// An unknown value without refinements.
    pub const fn unknown() -> Self {
        Self::Unknown(Unknown::plain())
    }

    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns `false` for a list, map or object with unknown parts.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Returns `false` if any part is unknown, at any depth.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::String(_) | Self::Number(_) | Self::Bool(_) => true,
            Self::List(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
        }
    }

    /// The attribute or map element of this name; null if there is none.
    pub fn attribute(&self, name: &str) -> &Self {
        static NULL: Value = Value::Null;
        self.as_map().and_then(|entries| entries.get(name)).unwrap_or(&NULL)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The number, if it is a whole number in range.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The elements of a list or set.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a map, or the attributes of an object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Noun for error messages, with its article.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "an unknown value",
            Self::String(_) => "a string",
            Self::Number(_) => "a number",
            Self::Bool(_) => "a bool",
            Self::List(_) => "a sequence",
            Self::Map(_) => "a map or object",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<Self>> for Value {
    fn from(elements: Vec<Self>) -> Self {
        Self::List(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_attributes_are_null() {
        let value = Value::map([("a", Value::from(1)), ("b", Value::unknown())]);
        assert_eq!(value.attribute("a").as_i64(), Some(1));
        assert!(value.attribute("b").is_unknown());
        assert!(value.attribute("c").is_null());
        assert!(!value.is_wholly_known());
        assert!(!value.is_unknown());
        assert!(Value::from("x").attribute("a").is_null());
        assert!(Value::default().is_null());
    }

    #[test]
    fn unknowns_with_different_refinements_are_equal() {
        let refined = Unknown::refined(&[0x81, 1, 0xc2]);
        assert_eq!(Value::Unknown(refined), Value::unknown());
        assert_ne!(Value::unknown(), Value::Null);
    }
}
