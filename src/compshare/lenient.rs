//! Deserialization of response fields whose types vary.
//!
//! The API documents some integers as strings, omits fields, and returns null or an empty text for
//! unknown values. One odd field must not make an instance unreadable, so an unreadable value
//! counts as missing.

use std::str::FromStr;

use serde::{
    Deserialize,
    de::{DeserializeOwned, Deserializer, Error as _},
};
use serde_json::Value;

/// Deserializes a text that is not blank. A number is converted to its decimal spelling.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Deserializes a text as [`text`] does. Without one, the object that contains it is unreadable.
pub(super) fn required_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    text(deserializer)?.ok_or_else(|| D::Error::custom("a text is missing"))
}

/// Deserializes a number or the text of one. An integer may be spelled as a float: `1.764e+09`.
pub(super) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => parsed(text.trim()),
        Value::Number(number) => parsed(&number.to_string()),
        _ => None,
    })
}

fn parsed<T: FromStr>(spelling: &str) -> Option<T> {
    // Words such as `NaN` and `inf` are floats, too.
    let float = spelling.parse().ok().filter(|float: &f64| float.is_finite())?;
    let integer = || (float.fract() == 0.0).then(|| format!("{float:.0}"));
    spelling.parse().ok().or_else(|| integer()?.parse().ok())
}

/// Deserializes a boolean, or a text or number that spells one: `True`, `no`, `1`, `0`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let spelling = match Value::deserialize(deserializer)? {
        Value::Bool(flag) => return Ok(Some(flag)),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    Ok(match spelling.as_str() {
        "true" | "yes" | "1" | "1.0" => Some(true),
        "false" | "no" | "0" | "0.0" => Some(false),
        _ => None,
    })
}

/// Deserializes the elements of an array that are readable as `T`.
pub(super) fn array<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let Value::Array(elements) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect())
}

/// Deserializes the texts in an array.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let elements = array::<_, Value>(deserializer)?;
    Ok(elements.iter().filter_map(|element| text(element).ok()?).collect())
}

/// Deserializes the numbers in an array. A number of its own is the only element.
pub(super) fn numbers<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let elements = match Value::deserialize(deserializer)? {
        Value::Array(elements) => elements,
        only => vec![only],
    };
    Ok(elements.iter().filter_map(|element| number(element).ok()?).collect())
}

/// Deserializes the `Value` of an object that also has a `Rate`, such as the memory of a GPU.
pub(super) fn rated<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let rated = Value::deserialize(deserializer)?;
    Ok(rated.get("Value").and_then(|value| number(value).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_read_from_numbers_and_texts() {
        let integers: [(Option<u32>, &[Value]); 4] = [
            (
                Some(7),
                &[json!(7), json!("7"), json!(" 7 "), json!(7.0), json!("7.00"), json!("+7")],
            ),
            (
                Some(1_764_000_000),
                &[json!(1.764e+09), json!("1.764e+09"), json!("1764000000.0"), json!(" 1.764E9\n")],
            ),
            (Some(0), &[json!(0), json!("0"), json!(0.0), json!("0e0")]),
            (
                None,
                &[
                    json!(2.5),
                    json!("2.5"),
                    json!(-1),
                    json!(99_999_999_999_u64),
                    json!(1e300),
                    json!("1e999"),
                    json!("NaN"),
                    json!("inf"),
                    json!("."),
                    json!(""),
                    json!(" "),
                    json!("many"),
                    json!("1 764"),
                    json!(null),
                    json!(true),
                    json!([1]),
                    json!({"Value": 1}),
                ],
            ),
        ];
        for (want, values) in integers {
            for value in values {
                assert_eq!(number::<_, u32>(value).unwrap(), want, "{value}");
            }
        }
        for (value, want) in [
            (json!(" 1.58 "), Some(1.58)),
            (json!(2), Some(2.0)),
            (json!("1.5e-1"), Some(0.15)),
            (json!("NaN"), None),
            (json!("1e999"), None),
        ] {
            assert_eq!(number::<_, f64>(&value).unwrap(), want, "{value}");
        }
        // An integer that a float cannot hold.
        let large = json!("9007199254740993");
        assert_eq!(number::<_, i64>(large).unwrap(), Some(9_007_199_254_740_993));
    }

    #[test]
    fn odd_texts_and_flags_count_as_missing() {
        assert_eq!(text(json!("训练")).unwrap().as_deref(), Some("训练"));
        assert_eq!(text(json!(4090)).unwrap().as_deref(), Some("4090"));
        for nothing in
            [json!(""), json!(" "), json!(null), json!([]), json!({"a": 1}), json!(false)]
        {
            assert_eq!(text(nothing).unwrap(), None);
        }
        let flags: [(Option<bool>, &[Value]); 3] = [
            (Some(true), &[json!(true), json!("True"), json!(" TRUE "), json!("Yes"), json!(1)]),
            (Some(false), &[json!(false), json!("False"), json!("No"), json!(0), json!("0")]),
            (None, &[json!("no idea"), json!(""), json!(2), json!(null), json!([]), json!({})]),
        ];
        for (want, values) in flags {
            for value in values {
                assert_eq!(flag(value).unwrap(), want, "{value}");
            }
        }
    }
}
