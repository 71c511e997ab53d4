//! Type constraints, and their JSON form.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Error, ErrorKind};

/// A type constraint, as schemas declare them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Unicode text.
    String,
    /// A number of any size and precision.
    Number,
    /// True or false.
    Bool,
    /// Any type; each value brings its own.
    Dynamic,
    /// A sequence of elements of one type.
    List(Box<Self>),
    /// Elements of one type, in no order and without duplicates.
    Set(Box<Self>),
    /// Elements of one type by key.
    Map(Box<Self>),
    /// A sequence of fixed length, each element of its own type.
    Tuple(Vec<Self>),
    /// Attributes by name, each of its own type.
    Object(BTreeMap<String, Self>),
}

impl Type {
    /// The compact JSON form, as in `Attribute.type` of a schema: `"string"`, `["list","bool"]`, `["object",{"a":"number"}]`.
    pub fn to_json(&self) -> String {
        self.to_tree().to_string()
    }

    /// Reads the JSON form.
    ///
    /// The third element that an object may have, the names of its optional attributes, is checked and dropped: values on the
    /// wire have every attribute anyway.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidJson`] or [`ErrorKind::InvalidType`], both at the root.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_tree(&serde_json::from_slice(bytes)?)
    }

    /// Reads the JSON form. The parser's own limit of depth bounds the recursion.
    pub(super) fn from_tree(tree: &Json) -> Result<Self, Error> {
        match tree {
            Json::String(name) => Self::from_name(name),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(name), rest @ ..] => Self::from_parts(name, rest),
                _ => Err(invalid("the name of a kind of type first in the array")),
            },
            _ => Err(invalid("a string or an array")),
        }
    }

    fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "string" => Ok(Self::String),
            "number" => Ok(Self::Number),
            "bool" => Ok(Self::Bool),
            "dynamic" => Ok(Self::Dynamic),
            _ => Err(invalid("`string`, `number`, `bool` or `dynamic`")),
        }
    }

    fn from_parts(name: &str, rest: &[Json]) -> Result<Self, Error> {
        match (name, rest) {
            ("list", [element]) => Ok(Self::List(Box::new(Self::from_tree(element)?))),
            ("set", [element]) => Ok(Self::Set(Box::new(Self::from_tree(element)?))),
            ("map", [element]) => Ok(Self::Map(Box::new(Self::from_tree(element)?))),
            ("tuple", [Json::Array(elements)]) => {
                elements.iter().map(Self::from_tree).collect::<Result<_, _>>().map(Self::Tuple)
            }
            ("object", [Json::Object(attributes), optional @ ..]) => {
                check_optional(attributes, optional)?;
                attributes
                    .iter()
                    .map(|(name, tree)| Ok((name.clone(), Self::from_tree(tree)?)))
                    .collect::<Result<_, _>>()
                    .map(Self::Object)
            }
            _ => Err(invalid("a list, set, map, tuple or object with what belongs to it")),
        }
    }

    pub(super) fn to_tree(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.to_tree()]),
            Self::Set(element) => json!(["set", element.to_tree()]),
            Self::Map(element) => json!(["map", element.to_tree()]),
            Self::Tuple(elements) => {
                json!(["tuple", elements.iter().map(Self::to_tree).collect::<Vec<_>>()])
            }
            Self::Object(attributes) => {
                let attributes = attributes.iter().map(|(name, ty)| (name.clone(), ty.to_tree()));
                json!(["object", Json::Object(attributes.collect())])
            }
        }
    }

    /// The kind of type, for errors.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a bool",
            Self::Dynamic => "a value with its type",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
        }
    }
}

fn check_optional(attributes: &serde_json::Map<String, Json>, rest: &[Json]) -> Result<(), Error> {
    let names = match rest {
        [] => return Ok(()),
        [Json::Array(names)] => names,
        _ => return Err(invalid("names of optional attributes, and nothing more")),
    };
    let declared = |name: &Json| name.as_str().is_some_and(|name| attributes.contains_key(name));
    if !names.iter().all(declared) {
        return Err(invalid("optional attributes to be attributes"));
    }
    Ok(())
}

fn invalid(expected: &'static str) -> Error {
    ErrorKind::InvalidType { expected }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_a_compact_json_form() {
        for json in [
            r#""string""#,
            r#""number""#,
            r#""bool""#,
            r#""dynamic""#,
            r#"["list","string"]"#,
            r#"["set",["map","bool"]]"#,
            r#"["tuple",[]]"#,
            r#"["tuple",["string","number"]]"#,
            r#"["object",{}]"#,
            r#"["object",{"a":"number","b":["list","dynamic"]}]"#,
        ] {
            assert_eq!(Type::from_json(json.as_bytes()).unwrap().to_json(), json);
        }
    }

    #[test]
    fn white_space_key_order_and_optional_names_do_not_matter() {
        let ty = Type::from_json(br#" [ "object", {"b":"bool", "a":"string"}, ["a"] ] "#).unwrap();
        assert_eq!(ty.to_json(), r#"["object",{"a":"string","b":"bool"}]"#);
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for json in [
            "",
            "string",
            "null",
            r#""strin""#,
            r#""list""#,
            "[]",
            "[1]",
            r#"["string"]"#,
            r#"["list"]"#,
            r#"["list","string","string"]"#,
            r#"["tuple","string"]"#,
            r#"["object",["string"]]"#,
            r#"["object",{"a":"string"},["b"]]"#,
            r#"["object",{"a":"string"},[1]]"#,
            r#"["object",{"a":"string"},["a"],1]"#,
            r#""string" 1"#,
        ] {
            let kind = Type::from_json(json.as_bytes()).unwrap_err().kind;
            assert!(
                matches!(kind, ErrorKind::InvalidType { .. } | ErrorKind::InvalidJson { .. }),
                "{json}"
            );
        }
        let deep = format!("{}\"string\"{}", r#"["list","#.repeat(100_000), "]".repeat(100_000));
        Type::from_json(deep.as_bytes()).unwrap_err();
    }
}
