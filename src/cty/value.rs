//! Values.

use std::collections::BTreeMap;

use super::Number;

/// A value of some type, as configuration, plans and state hold them.
///
/// The two equalities that Terraform itself does not take literally: numbers are equal if the quantity is (see [`Number`]), and
/// unknowns are equal whatever is promised of them (see [`Unknown`]). Strings are compared byte by byte, although Terraform
/// normalises them to NFC first: what it sends is normalised already, and a provider that returns another spelling than it was
/// given is saved by Terraform's own normalisation. Sets are compared in order, since a value does not know that it is a set;
/// Terraform sends them in an order of its own that depends only on the elements.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// No value, of any type.
    #[default]
    Null,
    /// A value that is to be known after apply, of any type.
    Unknown(Unknown),
    /// A string.
    String(String),
    /// A number.
    Number(Number),
    /// A bool.
    Bool(bool),
    /// The elements of a list, set or tuple.
    List(Vec<Self>),
    /// The elements of a map, or the attributes of an object.
    Map(BTreeMap<String, Self>),
    /// What is in the place of a [`Type::Dynamic`](super::Type::Dynamic): a value and the type it chose. Null and unknown of no
    /// particular type are plain [`Value::Null`] and [`Value::Unknown`].
    Dynamic(Box<(super::Type, Self)>),
}

/// An unknown value, with what Terraform already promised of it ("refinements": not null, a prefix, bounds).
///
/// The promises are neither read nor made here; they are kept so that an unknown that is passed through stays the same on the
/// wire. All unknowns are equal.
#[derive(Debug, Clone, Default)]
pub struct Unknown {
    /// The extension's payload as it came; absent if nothing is promised.
    refinements: Option<Box<[u8]>>,
}

impl Unknown {
    /// An unknown of which nothing is promised.
    pub const fn plain() -> Self {
        Self { refinements: None }
    }

    /// An unknown that will not be null. Terraform holds a provider to it.
    pub fn not_null() -> Self {
        // One refinement, nullness (1): false.
        Self::refined(&[0x81, 0x01, 0xc2])
    }

    /// An unknown with promises, in their encoded form.
    pub(super) fn refined(payload: &[u8]) -> Self {
        Self { refinements: Some(payload.into()) }
    }

    /// The promises in their encoded form.
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

/// The methods look through [`Value::Dynamic`]: they answer for the value inside.
impl Value {
    /// An unknown of which nothing is promised.
    pub const fn unknown() -> Self {
        Self::Unknown(Unknown::plain())
    }

    /// A map or object with these elements or attributes.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.inner(), Self::Null)
    }

    /// Whether it is unknown as a whole.
    pub fn is_unknown(&self) -> bool {
        matches!(self.inner(), Self::Unknown(_))
    }

    /// Whether nothing in it is unknown, at any depth.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::String(_) | Self::Number(_) | Self::Bool(_) => true,
            Self::List(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(typed) => typed.1.is_wholly_known(),
        }
    }

    /// The attribute or element of this name; null if there is none, or if this has no names at all.
    pub fn attribute(&self, name: &str) -> &Self {
        static NULL: Value = Value::Null;
        self.as_map().and_then(|entries| entries.get(name)).unwrap_or(&NULL)
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self.inner() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bool, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.inner() {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self.inner() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The number, if it is a whole one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The elements, if it is a list, set or tuple.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self.inner() {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements or attributes, if it is a map or object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self.inner() {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    fn inner(&self) -> &Self {
        match self {
            Self::Dynamic(typed) => typed.1.inner(),
            value => value,
        }
    }

    /// The kind of value, for errors.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "an unknown value",
            Self::String(_) => "a string",
            Self::Number(_) => "a number",
            Self::Bool(_) => "a bool",
            Self::List(_) => "a sequence",
            Self::Map(_) => "a map or object",
            Self::Dynamic(_) => "a value with its type",
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
    use crate::cty::Type;

    #[test]
    fn a_value_answers_for_what_is_inside_dynamic() {
        let inner = Value::map([("a", Value::from(1)), ("b", Value::unknown())]);
        let value = Value::Dynamic(Box::new((Type::Map(Box::new(Type::Number)), inner)));
        assert_eq!(value.attribute("a").as_i64(), Some(1));
        assert!(value.attribute("b").is_unknown());
        assert!(value.attribute("c").is_null());
        assert!(!value.is_wholly_known());
        assert!(!value.is_unknown());
        assert!(Value::Dynamic(Box::new((Type::String, Value::Null))).is_null());
        assert!(Value::from("x").attribute("a").is_null());
        assert!(Value::default().is_null());
    }

    #[test]
    fn unknowns_are_equal_whatever_is_promised() {
        let refined = Unknown::refined(&[0x81, 1, 0xc2]);
        assert_eq!(Value::Unknown(refined), Value::unknown());
        assert_ne!(Value::unknown(), Value::Null);
    }
}
