//! Values of attributes in typed models.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};

use crate::cty::{Error, Number, Step, Type, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attr<T> {
    /// Absent.
    #[default]
    Null,
    /// Known only after apply.
    Unknown,
    Known(T),
}

impl<T> Attr<T> {
    /// The known value; `None` for both null and unknown.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl Attr<String> {
    pub fn text(&self) -> Option<&str> {
        self.known().map(String::as_str)
    }
}

impl Attr<bool> {
    /// Returns `false` for null and unknown: an optional flag that is not set is off.
    pub const fn is_true(&self) -> bool {
        matches!(self, Self::Known(true))
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl From<&str> for Attr<String> {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

/// A Rust type for the known values of one Terraform type.
pub trait Convert: Sized {
    /// Noun for a value of this type in an error message, with its article.
    const EXPECTED: &'static str;

    /// Hosts hide attributes of this type.
    const SENSITIVE: bool = false;

    fn ty() -> Type;

    /// Converts a value that is neither null nor unknown.
    fn from_known(value: &Value) -> Result<Self, Error>;

    fn into_value(self) -> Value;
}

impl<T: Convert> Attr<T> {
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Unknown(_) => Ok(Self::Unknown),
            known => T::from_known(known).map(Self::Known),
        }
    }

    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::unknown(),
            Self::Known(value) => value.into_value(),
        }
    }
}

/// The error for a value that is not a `T`.
pub fn unexpected<T: Convert>(value: &Value) -> Error {
    Error::unexpected(T::EXPECTED, value.noun())
}

macro_rules! convert_scalar {
    ($rust:ty, $noun:literal, $terraform:expr, $read:expr) => {
        impl Convert for $rust {
            const EXPECTED: &'static str = $noun;

            fn ty() -> Type {
                $terraform
            }

            fn from_known(value: &Value) -> Result<Self, Error> {
                let read: fn(&Value) -> Option<Self> = $read;
                read(value).ok_or_else(|| unexpected::<Self>(value))
            }

            fn into_value(self) -> Value {
                self.into()
            }
        }
    };
}

convert_scalar!(String, "a string", Type::String, |value| value.as_str().map(str::to_owned));
convert_scalar!(bool, "a bool", Type::Bool, Value::as_bool);
convert_scalar!(Number, "a number", Type::Number, |value| value.as_number().cloned());
convert_scalar!(i64, "a whole number", Type::Number, Value::as_i64);

/// Text of a sensitive attribute: never printed, and wiped from memory when dropped.
#[derive(Clone)]
pub struct Sensitive(SecretString);

impl From<String> for Sensitive {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<SecretString> for Sensitive {
    fn from(text: SecretString) -> Self {
        Self(text)
    }
}

impl From<Sensitive> for SecretString {
    fn from(Sensitive(text): Sensitive) -> Self {
        text
    }
}

impl PartialEq for Sensitive {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(sensitive)")
    }
}

impl Convert for Sensitive {
    const EXPECTED: &'static str = String::EXPECTED;
    const SENSITIVE: bool = true;

    fn ty() -> Type {
        Type::String
    }

    fn from_known(value: &Value) -> Result<Self, Error> {
        String::from_known(value).map(Self::from)
    }

    fn into_value(self) -> Value {
        self.0.expose_secret().into()
    }
}

/// For elements that may be null or unknown, of which a collection can consist.
impl<T: Convert> Convert for Attr<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const SENSITIVE: bool = T::SENSITIVE;

    fn ty() -> Type {
        T::ty()
    }

    fn from_known(value: &Value) -> Result<Self, Error> {
        Self::from_value(value)
    }

    fn into_value(self) -> Value {
        Self::into_value(self)
    }
}

/// The elements must be known and not null, unless they are an [`Attr`].
impl<T: Convert> Convert for Vec<T> {
    const EXPECTED: &'static str = "a list";
    const SENSITIVE: bool = T::SENSITIVE;

    fn ty() -> Type {
        Type::List(Box::new(T::ty()))
    }

    fn from_known(value: &Value) -> Result<Self, Error> {
        let elements = value.as_list().ok_or_else(|| unexpected::<Self>(value))?;
        let element = |(index, element)| {
            let step = Step::Index(i64::try_from(index).unwrap_or(i64::MAX));
            T::from_known(element).map_err(|error| error.below(step))
        };
        elements.iter().enumerate().map(element).collect()
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

/// The elements must be known and not null, unless they are an [`Attr`].
impl<T: Convert> Convert for BTreeMap<String, T> {
    const EXPECTED: &'static str = "a map";
    const SENSITIVE: bool = T::SENSITIVE;

    fn ty() -> Type {
        Type::Map(Box::new(T::ty()))
    }

    fn from_known(value: &Value) -> Result<Self, Error> {
        let elements = value.as_map().ok_or_else(|| unexpected::<Self>(value))?;
        let element = |(key, element): (&String, &Value)| match T::from_known(element) {
            Ok(element) => Ok((key.clone(), element)),
            Err(error) => Err(error.below(Step::Key(key.clone()))),
        };
        elements.iter().map(element).collect()
    }

    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, element)| (key, element.into_value())).collect())
    }
}
