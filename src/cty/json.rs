//! The JSON encoding of values, which state files contain, as in go-cty's `json` package.
//!
//! Values have their natural form. Numbers have any precision. Unknown values have no JSON form. A
//! string is accepted in place of a number or bool, and the reverse, because a state may have been
//! written before a schema changed the type.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    conform::{check, unexpected_attribute},
    error::Error,
    number::Number,
    path::Step,
    types::Type,
    value::Value,
};

/// Decodes a value. Missing attributes are null; an attribute that the type lacks is an error.
///
/// # Errors
///
/// The input is not JSON or not of the type.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, Error> {
    decode_value(&serde_json::from_slice(bytes)?, ty, Surplus::Refused)
}

/// Decodes a value of a state that another version may have written: like [`decode`], but
/// attributes that the type lacks are ignored.
///
/// # Errors
///
/// The input is not JSON or not of the type.
pub fn decode_state(bytes: &[u8], ty: &Type) -> Result<Value, Error> {
    decode_value(&serde_json::from_slice(bytes)?, ty, Surplus::Ignored)
}

/// Encodes a value without white space.
///
/// # Errors
///
/// The value does not [conform](super::conforms) to the type, or a part of it is unknown or
/// infinite.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, Error> {
    check(value, ty, &|leaf| match leaf {
        Value::Unknown(_) => Err(unknown_value()),
        Value::Number(number) if !number.is_finite() => {
            Err(Error::unexpected("a finite number", "infinity"))
        }
        _ => Ok(()),
    })?;
    Ok(serde_json::to_vec(&encode_value(value)?)?)
}

/// Treatment of attributes that the type lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surplus {
    Ignored,
    Refused,
}

fn decode_value(json: &Json, ty: &Type, surplus: Surplus) -> Result<Value, Error> {
    let part = |json: &Json, ty: &Type| decode_value(json, ty, surplus);
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::String, Json::String(text)) => Ok(Value::from(text.as_str())),
        (Type::String, Json::Number(number)) => Ok(Value::String(number.to_string())),
        (Type::String, Json::Bool(truth)) => Ok(Value::String(truth.to_string())),
        (Type::Number, Json::Number(number)) => {
            Number::from_decimal(&number.to_string()).map(Value::Number)
        }
        (Type::Number, Json::String(text)) => Number::from_decimal(text).map(Value::Number),
        (Type::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
        (Type::Bool, Json::String(text)) => decode_bool(text),
        (Type::List(element) | Type::Set(element), Json::Array(elements)) => {
            let mut values = Vec::with_capacity(elements.len());
            for (index, json) in elements.iter().enumerate() {
                values.push(part(json, element).map_err(|error| error.in_element(ty, index))?);
            }
            Ok(Value::List(values))
        }
        (Type::Map(element), Json::Object(entries)) => {
            let mut values = BTreeMap::new();
            for (key, json) in entries {
                let value =
                    part(json, element).map_err(|error| error.below(Step::Key(key.clone())))?;
                values.insert(key.clone(), value);
            }
            Ok(Value::Map(values))
        }
        (Type::Object(types), Json::Object(entries)) => {
            check_surplus(entries, types, surplus)?;
            let mut values = BTreeMap::new();
            for (name, ty) in types {
                let value = part(entries.get(name).unwrap_or(&Json::Null), ty)
                    .map_err(|error| error.below(Step::Attribute(name.clone())))?;
                values.insert(name.clone(), value);
            }
            Ok(Value::Map(values))
        }
        _ => Err(Error::unexpected(ty.noun(), noun(json))),
    }
}

/// Accepts the spellings that Terraform converts.
fn decode_bool(text: &str) -> Result<Value, Error> {
    match text {
        "true" | "1" => Ok(Value::Bool(true)),
        "false" | "0" => Ok(Value::Bool(false)),
        _ => Err(Error::unexpected("a bool", "a string")),
    }
}

fn check_surplus(
    entries: &serde_json::Map<String, Json>,
    types: &BTreeMap<String, Type>,
    surplus: Surplus,
) -> Result<(), Error> {
    match (surplus, entries.keys().find(|name| !types.contains_key(*name))) {
        (Surplus::Refused, Some(name)) => Err(unexpected_attribute(name)),
        _ => Ok(()),
    }
}

/// Encodes a value that conforms to its type, so that the type is not needed.
fn encode_value(value: &Value) -> Result<Json, Error> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => return Err(unknown_value()),
        Value::String(text) => Json::String(text.clone()),
        // Parsed from text, which keeps every digit. A conversion would round to a float.
        Value::Number(number) => Json::Number(number.to_string().parse()?),
        Value::Bool(truth) => Json::Bool(*truth),
        Value::List(elements) => {
            Json::Array(elements.iter().map(encode_value).collect::<Result<_, _>>()?)
        }
        Value::Map(entries) => {
            let encode_entry =
                |(key, value): (&String, &Value)| Ok((key.clone(), encode_value(value)?));
            Json::Object(entries.iter().map(encode_entry).collect::<Result<_, Error>>()?)
        }
    })
}

fn unknown_value() -> Error {
    Error::unexpected("a known value", "an unknown one")
}

fn noun(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cty::samples::{self, float, list, map, number, object, set};
    use crate::cty::{conforms, msgpack};

    #[track_caller]
    fn decodes(json: &str, ty: Type, value: Value) {
        assert_eq!(decode(json.as_bytes(), &ty).unwrap(), value, "{json}");
    }

    #[track_caller]
    fn refuses(json: &str, ty: Type, message: &str) {
        assert_eq!(decode(json.as_bytes(), &ty).unwrap_err().to_string(), message, "{json}");
    }

    #[test]
    fn awkward_values_survive() {
        for (value, ty) in samples::known() {
            let json = encode(&value, &ty).unwrap();
            assert_eq!(decode(&json, &ty).unwrap(), value, "{ty:?}");
            assert_eq!(decode_state(&json, &ty).unwrap(), value, "{ty:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_known_value_survives((ty, value) in samples::typed(true)) {
            let json = encode(&value, &ty).unwrap();
            let again = decode(&json, &ty).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(encode(&again, &ty).unwrap(), json);
        }

        #[test]
        fn value_decoded_as_another_type_conforms_to_it(
            (own, value) in samples::typed(true),
            other in samples::any_type(3),
        ) {
            let json = encode(&value, &own).unwrap();
            for read in [decode(&json, &other), decode_state(&json, &other)].into_iter().flatten() {
                prop_assert!(conforms(&read, &other).is_ok());
            }
        }

        #[test]
        fn number_is_equal_after_both_encodings(value in samples::any_number()) {
            let packed = msgpack::encode(&value, &Type::Number).unwrap();
            let unpacked = msgpack::decode(&packed, &Type::Number).unwrap();
            let json = encode(&unpacked, &Type::Number).unwrap();
            let read = decode(&json, &Type::Number).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(read.as_i64(), value.as_i64());
        }

        #[test]
        fn both_encodings_hold_the_same_known_values((ty, value) in samples::typed(true)) {
            let packed = msgpack::encode(&value, &ty).unwrap();
            let json = encode(&value, &ty).unwrap();
            prop_assert_eq!(msgpack::decode(&packed, &ty).unwrap(), decode(&json, &ty).unwrap());
        }
    }

    #[test]
    fn values_have_their_natural_form() {
        let ty = object([
            ("list", list(Type::Number)),
            ("map", map(Type::Bool)),
            ("none", Type::String),
        ]);
        let value = Value::map([
            ("list", Value::List(vec![number("0.10"), float(0.1), float(1e23), Value::from(-3)])),
            ("map", Value::map([("k\"", Value::from(true))])),
            ("none", Value::Null),
        ]);
        let json =
            r#"{"list":[0.10,0.1,99999999999999991611392,-3],"map":{"k\"":true},"none":null}"#;
        assert_eq!(String::from_utf8(encode(&value, &ty).unwrap()).unwrap(), json);
        decodes(json, ty, value);
    }

    #[test]
    fn values_of_older_types_are_converted() {
        use Type::{Bool, Number, String};
        decodes(r#""0.10""#, Number, number("0.1"));
        decodes("9223372036854775808", Number, number("9223372036854775808"));
        decodes("1e400", Number, number("1e400"));
        decodes("12.50", String, Value::from("12.50"));
        decodes("true", String, Value::from("true"));
        decodes(r#""true""#, Bool, Value::from(true));
        decodes(r#""0""#, Bool, Value::from(false));
        decodes(" [\n 1 ]\n", list(Number), Value::List(vec![Value::from(1)]));
    }

    #[test]
    fn surplus_attributes_are_ignored_only_in_states() {
        let ty = object([("a", Type::String), ("b", object([("c", Type::Bool)]))]);
        let json = r#"{"b":{"old":1},"older":{}}"#;
        refuses(json, ty.clone(), "unexpected attribute `older`");
        refuses(r#"{"b":{"old":1}}"#, ty.clone(), "b: unexpected attribute `old`");
        let value = Value::map([("a", Value::Null), ("b", Value::map([("c", Value::Null)]))]);
        decodes(r#"{"b":{}}"#, ty.clone(), value.clone());
        assert_eq!(decode_state(json.as_bytes(), &ty).unwrap(), value);
    }

    #[test]
    fn errors_name_the_part_at_fault() {
        use Type::{Bool, Number, String};
        for (json, ty, message) in [
            ("", String, "expected JSON, found invalid text at line 1, column 0"),
            ("{", map(String), "expected JSON, found invalid text at line 1, column 1"),
            ("null 1", String, "expected JSON, found invalid text at line 1, column 6"),
            ("[NaN]", list(Number), "expected JSON, found invalid text at line 1, column 2"),
            (r#""secret""#, Number, "expected a decimal number, found other text"),
            (r#""inf""#, Number, "expected a decimal number, found other text"),
            (r#""True""#, Bool, "expected a bool, found a string"),
            ("1", Bool, "expected a bool, found a number"),
            ("[]", String, "expected a string, found an array"),
            ("{}", list(String), "expected a list, found an object"),
            ("[null,[]]", list(String), "[1]: expected a string, found an array"),
            (r#"{"k":{}}"#, map(Number), r#"["k"]: expected a number, found an object"#),
            (
                r#"{"s":[{"a":{}}]}"#,
                object([("s", set(object([("a", Number)])))]),
                "s: expected a number, found an object",
            ),
        ] {
            refuses(json, ty, message);
        }
        // The parser limits the depth.
        decode("[".repeat(100_000).as_bytes(), &list(String)).unwrap_err();
    }

    #[test]
    fn unknown_and_infinite_values_are_refused() {
        let ty = object([("s", set(Type::String)), ("n", list(Type::Number))]);
        let value = |s, n| Value::map([("s", Value::List(vec![s])), ("n", Value::List(vec![n]))]);
        let refused = |value: &Value| encode(value, &ty).unwrap_err().to_string();
        assert_eq!(
            refused(&value(Value::unknown(), Value::Null)),
            "s: expected a known value, found an unknown one"
        );
        assert_eq!(
            refused(&value(Value::Null, float(f64::INFINITY))),
            "n[0]: expected a finite number, found infinity"
        );
        assert_eq!(refused(&Value::map([("s", Value::Null)])), "missing attribute `n`");
    }
}
