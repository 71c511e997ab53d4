//! Type constraints.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// A type constraint, as schemas declare it.
///
/// Terraform's dynamic and tuple types are absent: no schema of this provider declares them, and
/// core sends values of declared types only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    String,
    /// A number of any size and precision.
    Number,
    Bool,
    List(Box<Self>),
    /// Elements of one type, without order and duplicates.
    Set(Box<Self>),
    Map(Box<Self>),
    Object(BTreeMap<String, Self>),
}

impl Type {
    /// The compact JSON form of `Attribute.type` in a schema: `"string"`, `["list","bool"]`,
    /// `["object",{"a":"number"}]`.
    pub fn to_json(&self) -> String {
        self.to_tree().to_string()
    }

    fn to_tree(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::List(element) => json!(["list", element.to_tree()]),
            Self::Set(element) => json!(["set", element.to_tree()]),
            Self::Map(element) => json!(["map", element.to_tree()]),
            Self::Object(attributes) => {
                let attributes = attributes.iter().map(|(name, ty)| (name.clone(), ty.to_tree()));
                json!(["object", Json::Object(attributes.collect())])
            }
        }
    }

    /// Noun for error messages, with its article.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a bool",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cty::samples::{list, map, object, set};

    #[test]
    fn types_have_a_compact_json_form() {
        for (ty, json) in [
            (Type::String, r#""string""#),
            (Type::Number, r#""number""#),
            (Type::Bool, r#""bool""#),
            (list(Type::String), r#"["list","string"]"#),
            (set(map(Type::Bool)), r#"["set",["map","bool"]]"#),
            (object([]), r#"["object",{}]"#),
            (
                object([("b", list(Type::Bool)), ("a", Type::Number)]),
                r#"["object",{"a":"number","b":["list","bool"]}]"#,
            ),
        ] {
            assert_eq!(ty.to_json(), json);
        }
    }
}
