//! Checks of values against types.

use std::collections::BTreeMap;

use super::{error::Error, path::Step, types::Type, value::Value};

/// Checks that a value has the shape of a type. Terraform refuses other values, and the encoders
/// rely on it.
///
/// Null and unknown values have every type. An object has exactly the attributes of its type, null
/// attributes included.
///
/// # Errors
///
/// The first part that does not conform, with its path. Paths end at sets.
pub fn conforms(value: &Value, ty: &Type) -> Result<(), Error> {
    check(value, ty, &|_| Ok(()))
}

/// [`conforms`], with a further condition on each null, unknown, string, number and bool in the
/// value.
///
/// The recursion is bounded by the depth of the type, which comes from a schema.
pub(super) fn check(
    value: &Value,
    ty: &Type,
    leaf: &impl Fn(&Value) -> Result<(), Error>,
) -> Result<(), Error> {
    match (value, ty) {
        (Value::Null | Value::Unknown(_), _)
        | (Value::String(_), Type::String)
        | (Value::Number(_), Type::Number)
        | (Value::Bool(_), Type::Bool) => leaf(value),
        (Value::List(elements), Type::List(element) | Type::Set(element)) => {
            for (index, value) in elements.iter().enumerate() {
                check(value, element, leaf).map_err(|error| error.in_element(ty, index))?;
            }
            Ok(())
        }
        (Value::Map(entries), Type::Map(element)) => {
            for (key, value) in entries {
                check(value, element, leaf).map_err(|error| error.below(Step::Key(key.clone())))?;
            }
            Ok(())
        }
        (Value::Map(entries), Type::Object(types)) => {
            check_attributes(entries, types)?;
            for (value, (name, ty)) in entries.values().zip(types) {
                check(value, ty, leaf)
                    .map_err(|error| error.below(Step::Attribute(name.clone())))?;
            }
            Ok(())
        }
        _ => Err(Error::unexpected(ty.noun(), value.noun())),
    }
}

/// Checks that an object has the attributes of its type, and no others.
pub(super) fn check_attributes(
    entries: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
) -> Result<(), Error> {
    if let Some(name) = entries.keys().find(|name| !types.contains_key(*name)) {
        return Err(unexpected_attribute(name));
    }
    if let Some(name) = types.keys().find(|name| !entries.contains_key(*name)) {
        return Err(Error::new(format!("missing attribute `{name}`")));
    }
    Ok(())
}

pub(super) fn unexpected_attribute(name: &str) -> Error {
    Error::new(format!("unexpected attribute `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cty::samples::{list, map, object, set};

    #[track_caller]
    fn refuses(value: Value, ty: Type, message: &str) {
        assert_eq!(conforms(&value, &ty).unwrap_err().to_string(), message);
    }

    #[test]
    fn nonconforming_part_is_named_with_its_path() {
        use Type::{Number, String};
        let text = || Value::from("secret");
        refuses(text(), Number, "expected a number, found a string");
        refuses(Value::List(vec![text()]), list(Number), "[0]: expected a number, found a string");
        refuses(
            Value::map([("k", Value::List(vec![Value::Null, text()]))]),
            object([("k", list(Number))]),
            "k[1]: expected a number, found a string",
        );
        refuses(
            Value::map([("k", text())]),
            map(Number),
            r#"["k"]: expected a number, found a string"#,
        );
        refuses(
            Value::map([("s", Value::List(vec![Value::map([("a", text())])]))]),
            object([("s", set(object([("a", Number)])))]),
            "s: expected a number, found a string",
        );
        refuses(
            Value::map([("a", Value::Map(BTreeMap::new()))]),
            object([("a", object([("b", String)]))]),
            "a: missing attribute `b`",
        );
        refuses(Value::map([("b", text())]), object([]), "unexpected attribute `b`");
    }
}
