//! Erased models: one struct that stands for configuration, plan and state alike.

use crate::cty::{Error, Value};

/// A struct whose fields are the attributes and blocks of one schema.
///
/// Written with [`model!`](crate::framework::model), which also derives the conversions.
pub trait Model: super::Convert + Clone + Send + Sync + 'static {
    /// From an object value that has every attribute.
    ///
    /// # Errors
    /// An attribute has another type than its field, or the value is no object.
    fn from_value(value: &Value) -> Result<Self, Error> {
        Self::from_known(value)
    }

    /// Each field that is unknown takes the value that `other` has for it.
    fn fill_unknown(&mut self, other: &Self);
}

/// The attribute that a field stands for. A field whose name is a word of Rust's own is written `r#type`.
pub fn attribute_name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Defines a [`Model`]: a struct of `Attr` fields named as the schema names its attributes.
#[macro_export]
macro_rules! model {
    (
        $(#[$outer:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$inner:meta])* $field_visibility:vis $field:ident: Attr<$kind:ty>,)*
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Default)]
        $visibility struct $name {
            $($(#[$inner])* $field_visibility $field: $crate::framework::Attr<$kind>,)*
        }

        impl $crate::framework::Convert for $name {
            const EXPECTED: &'static str = "an object";

            fn from_known(value: &$crate::cty::Value) -> Result<Self, $crate::cty::Error> {
                if !matches!(value, $crate::cty::Value::Map(_)) {
                    return Err($crate::framework::unexpected::<Self>(value));
                }
                Ok(Self {
                    $($field: {
                        let name = $crate::framework::attribute_name(stringify!($field));
                        $crate::framework::Attr::from_value(value.attribute(name)).map_err(|error| {
                            error.below($crate::cty::Step::Attribute(name.to_owned()))
                        })?
                    },)*
                })
            }

            fn into_value(self) -> $crate::cty::Value {
                $crate::cty::Value::Map([
                    $((
                        $crate::framework::attribute_name(stringify!($field)).to_owned(),
                        self.$field.into_value(),
                    ),)*
                ].into())
            }
        }

        impl $crate::framework::Model for $name {
            fn fill_unknown(&mut self, other: &Self) {
                $(if self.$field.is_unknown() {
                    self.$field = other.$field.clone();
                })*
            }
        }
    };
}

pub use crate::model;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::{Attr, Convert as _};

    model! {
        struct Sample {
            id: Attr<String>,
            r#type: Attr<String>,
        }
    }

    #[test]
    fn fields_are_named_as_the_attributes_are() {
        let value = Value::map([("id", Value::from("a")), ("type", Value::unknown())]);
        let sample = <Sample as Model>::from_value(&value).unwrap();
        assert_eq!(sample, Sample { id: "a".into(), r#type: Attr::Unknown });
        assert_eq!(sample.into_value(), value);
        let error = <Sample as Model>::from_value(&Value::map([("type", Value::from(1))]));
        assert_eq!(error.unwrap_err().path.to_string(), "type");
    }
}
