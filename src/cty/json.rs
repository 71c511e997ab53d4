//! The JSON form of values, which state files hold: what go-cty's `json` package reads and writes.
//!
//! Values have their natural form; in place of a dynamic type stands `{"type":…,"value":…}`, or null. Numbers have any
//! precision. Unknown values have no JSON form. Strings are also read as numbers and bools, and those as strings, because
//! older states were written before a schema changed from one to the other.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Error, ErrorKind, Number, Step, Type, Value,
    conform::{check, check_elements, check_length, index_step},
};
use Rule::{Refused, Taken};

/// Reads one value. Attributes that are missing are null, except in a value that brings its own type: nobody writes those
/// without, and a short text could make a great many of them. An attribute that the type does not have is an error.
///
/// # Errors
///
/// Anything that is not JSON or not of the type, with the path to it.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, Error> {
    decode_value(&serde_json::from_slice(bytes)?, ty, Rules { surplus: Refused, missing: Taken })
}

/// Reads one value from a state that another version may have written: as [`decode`], but attributes that the type does not have
/// are ignored.
///
/// # Errors
///
/// As [`decode`], less those.
pub fn decode_state(bytes: &[u8], ty: &Type) -> Result<Value, Error> {
    decode_value(&serde_json::from_slice(bytes)?, ty, Rules { surplus: Taken, missing: Taken })
}

/// Writes a value, compact.
///
/// # Errors
///
/// The value does not [conform](super::conforms) to the type, or something in it is unknown or infinite.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, Error> {
    check(value, ty, &|leaf| match leaf {
        Value::Unknown(_) => Err(ErrorKind::UnknownValue),
        Value::Number(number) if !number.is_finite() => Err(ErrorKind::InfiniteNumber),
        _ => Ok(()),
    })?;
    Ok(serde_json::to_vec(&encode_value(value)?)?)
}

/// What becomes of objects whose attributes are not those of the type.
#[derive(Clone, Copy)]
struct Rules {
    /// Attributes that the type does not have; ignored if taken.
    surplus: Rule,
    /// Attributes that only the type has; null if taken.
    missing: Rule,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Taken,
    Refused,
}

/// The parser refuses text that nests more than 128 levels, which bounds the recursion here.
fn decode_value(json: &Json, ty: &Type, rules: Rules) -> Result<Value, Error> {
    let part = |json: &Json, ty: &Type| decode_value(json, ty, rules);
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::String, Json::String(text)) => Ok(Value::from(text.as_str())),
        (Type::String, Json::Number(number)) => Ok(Value::String(number.to_string())),
        (Type::String, Json::Bool(truth)) => Ok(Value::String(truth.to_string())),
        (Type::Number, Json::Number(number)) => decode_number(&number.to_string()),
        (Type::Number, Json::String(text)) => decode_number(text),
        (Type::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
        (Type::Bool, Json::String(text)) => decode_bool(text),
        (Type::List(element), Json::Array(elements)) => {
            let mut values = Vec::with_capacity(elements.len());
            for (index, json) in elements.iter().enumerate() {
                values.push(part(json, element).map_err(|error| error.below(index_step(index)))?);
            }
            check_elements(&values, element)?;
            Ok(Value::List(values))
        }
        (Type::Set(element), Json::Array(elements)) => {
            let mut values = Vec::with_capacity(elements.len());
            for json in elements {
                values.push(part(json, element).map_err(Error::in_set)?);
            }
            check_elements(&values, element)?;
            Ok(Value::List(values))
        }
        (Type::Tuple(types), Json::Array(elements)) => {
            check_length(types.len(), elements.len())?;
            let mut values = Vec::with_capacity(elements.len());
            for (index, (json, ty)) in elements.iter().zip(types).enumerate() {
                values.push(part(json, ty).map_err(|error| error.below(index_step(index)))?);
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
            check_elements(values.values(), element)?;
            Ok(Value::Map(values))
        }
        (Type::Object(types), Json::Object(entries)) => {
            check_surplus(entries, types, rules.surplus)?;
            let mut values = BTreeMap::new();
            for (name, ty) in types {
                let value = part(attribute(entries, name, rules.missing)?, ty)
                    .map_err(|error| error.below(Step::Attribute(name.clone())))?;
                values.insert(name.clone(), value);
            }
            Ok(Value::Map(values))
        }
        (Type::Dynamic, Json::Object(entries)) => {
            let (chosen, json) = dynamic_parts(entries)?;
            let chosen = Type::from_tree(chosen)?;
            let value = decode_value(json, &chosen, Rules { missing: Refused, ..rules })?;
            Ok(Value::Dynamic(Box::new((chosen, value))))
        }
        _ => Err(ErrorKind::Unexpected { expected: ty.noun(), found: noun(json) }.into()),
    }
}

fn decode_number(text: &str) -> Result<Value, Error> {
    Ok(Value::Number(Number::from_decimal(text).ok_or(ErrorKind::InvalidNumber)?))
}

/// The spellings that Terraform converts.
fn decode_bool(text: &str) -> Result<Value, Error> {
    match text {
        "true" | "1" => Ok(Value::Bool(true)),
        "false" | "0" => Ok(Value::Bool(false)),
        _ => Err(ErrorKind::Unexpected { expected: "a bool", found: "a string" }.into()),
    }
}

fn check_surplus(
    entries: &serde_json::Map<String, Json>,
    types: &BTreeMap<String, Type>,
    surplus: Rule,
) -> Result<(), Error> {
    match (surplus, entries.keys().find(|name| !types.contains_key(*name))) {
        (Refused, Some(name)) => Err(ErrorKind::UnexpectedAttribute(name.clone()).into()),
        _ => Ok(()),
    }
}

fn attribute<'a>(
    entries: &'a serde_json::Map<String, Json>,
    name: &str,
    missing: Rule,
) -> Result<&'a Json, Error> {
    match entries.get(name) {
        Some(json) => Ok(json),
        None if missing == Taken => Ok(&Json::Null),
        None => Err(ErrorKind::MissingAttribute(name.to_owned()).into()),
    }
}

/// The type and the value: both, and nothing else.
fn dynamic_parts(entries: &serde_json::Map<String, Json>) -> Result<(&Json, &Json), Error> {
    if let Some(name) = entries.keys().find(|name| !matches!(name.as_str(), "type" | "value")) {
        return Err(ErrorKind::UnexpectedAttribute(name.clone()).into());
    }
    let part =
        |name: &str| entries.get(name).ok_or_else(|| ErrorKind::MissingAttribute(name.to_owned()));
    Ok((part("type")?, part("value")?))
}

/// A value that conforms describes itself: its type is needed no more.
fn encode_value(value: &Value) -> Result<Json, Error> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => return Err(ErrorKind::UnknownValue.into()),
        Value::String(text) => Json::String(text.clone()),
        // Parsed, which keeps every digit, and not converted: a conversion would go through a float.
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
        Value::Dynamic(typed) => {
            let parts = [("type", typed.0.to_tree()), ("value", encode_value(&typed.1)?)];
            Json::Object(parts.map(|(name, json)| (name.to_owned(), json)).into_iter().collect())
        }
    })
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
    use crate::cty::samples::{self, dynamic, float, list, map, number, object, set};
    use crate::cty::{conforms, msgpack};

    #[track_caller]
    fn reads(json: &str, ty: Type, value: Value) {
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
        fn what_is_read_as_another_type_has_that_type(
            (own, value) in samples::typed(true),
            other in samples::any_type(3),
        ) {
            let json = encode(&value, &own).unwrap();
            for read in [decode(&json, &other), decode_state(&json, &other)].into_iter().flatten() {
                prop_assert!(conforms(&read, &other).is_ok());
            }
        }

        #[test]
        fn a_number_is_the_same_by_way_of_both_forms(value in samples::any_number()) {
            let packed = msgpack::encode(&value, &Type::Number).unwrap();
            let unpacked = msgpack::decode(&packed, &Type::Number).unwrap();
            let json = encode(&unpacked, &Type::Number).unwrap();
            let read = decode(&json, &Type::Number).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(read.as_i64(), value.as_i64());
            let float = |value: &Value| value.as_number().map(Number::as_f64);
            prop_assert_eq!(float(&read), float(&value));
        }

        #[test]
        fn what_json_holds_messagepack_holds_too((ty, value) in samples::typed(true)) {
            let packed = msgpack::encode(&value, &ty).unwrap();
            let json = encode(&value, &ty).unwrap();
            prop_assert_eq!(msgpack::decode(&packed, &ty).unwrap(), decode(&json, &ty).unwrap());
        }
    }

    #[test]
    fn values_have_their_natural_form() {
        let ty = object([
            ("dyn", Type::Dynamic),
            ("list", list(Type::Number)),
            ("map", map(Type::Bool)),
            ("none", Type::String),
        ]);
        let value = Value::map([
            ("dyn", dynamic(Type::String, Value::Null)),
            ("list", Value::List(vec![number("0.10"), float(0.1), float(1e23), Value::from(-3)])),
            ("map", Value::map([("k\"", Value::from(true))])),
            ("none", Value::Null),
        ]);
        let json = r#"{"dyn":{"type":"string","value":null},"list":[0.10,0.1,99999999999999991611392,-3],"map":{"k\"":true},"none":null}"#;
        assert_eq!(String::from_utf8(encode(&value, &ty).unwrap()).unwrap(), json);
        reads(json, ty, value);
    }

    #[test]
    fn older_spellings_are_read() {
        use Type::{Bool, Number, String};
        reads(r#""0.10""#, Number, number("0.1"));
        reads("9223372036854775808", Number, number("9223372036854775808"));
        reads("1e400", Number, number("1e400"));
        reads("12.50", String, Value::from("12.50"));
        reads("true", String, Value::from("true"));
        reads(r#""true""#, Bool, Value::from(true));
        reads(r#""0""#, Bool, Value::from(false));
        reads(" [\n 1 ]\n", list(Number), Value::List(vec![Value::from(1)]));
    }

    #[test]
    fn missing_attributes_are_null_and_others_refused_unless_from_a_state() {
        let ty = object([("a", Type::String), ("b", object([("c", Type::Bool)]))]);
        let json = r#"{"b":{"old":1},"older":{}}"#;
        refuses(json, ty.clone(), "unexpected attribute `older`");
        refuses(r#"{"b":{"old":1}}"#, ty.clone(), "b: unexpected attribute `old`");
        let value = Value::map([("a", Value::Null), ("b", Value::map([("c", Value::Null)]))]);
        reads(r#"{"b":{}}"#, ty.clone(), value.clone());
        assert_eq!(decode_state(json.as_bytes(), &ty).unwrap(), value);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        use Type::{Bool, Dynamic, Number, String, Tuple};
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
            ("[1]", Tuple(vec![]), "expected 0 elements, found 1"),
            ("1", Dynamic, "expected a value with its type, found a number"),
            (r#"{"value":1}"#, Dynamic, "missing attribute `type`"),
            (r#"{"type":"bool"}"#, Dynamic, "missing attribute `value`"),
            (r#"{"type":["object",{"a":"bool"}],"value":{}}"#, Dynamic, "missing attribute `a`"),
            (r#"{"type":"bool","value":1,"x":1}"#, Dynamic, "unexpected attribute `x`"),
            (r#"{"type":"bool","value":1}"#, Dynamic, "expected a bool, found a number"),
            (
                r#"{"type":1,"value":1}"#,
                Dynamic,
                "invalid type constraint: expected a string or an array",
            ),
            (
                r#"[{"type":"bool","value":true},{"type":"number","value":1}]"#,
                list(Dynamic),
                "expected elements of one type, found different types",
            ),
        ] {
            refuses(json, ty, message);
        }
        let deep = r#"{"type":"dynamic","value":"#.repeat(100_000);
        decode(deep.as_bytes(), &Dynamic).unwrap_err();
    }

    #[test]
    fn a_short_text_cannot_make_a_great_many_attributes() {
        let attributes: Vec<_> = (0..1000).map(|n| format!(r#""a{n}":"bool""#)).collect();
        let ty = format!(r#"["list",["object",{{{}}}]]"#, attributes.join(","));
        let json = format!(r#"{{"type":{ty},"value":[{}{{}}]}}"#, "{},".repeat(10_000));
        let taken = allocation_counter::measure(|| {
            let refused = decode_state(json.as_bytes(), &Type::Dynamic).unwrap_err().to_string();
            assert_eq!(refused, "[0]: missing attribute `a0`");
        });
        assert!(taken.bytes_total < 200 * json.len() as u64, "{taken:?}");
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
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
