//! Deserialization of response fields whose types vary.
//!
//! The API documents some integers as strings, omits fields, and returns null or an empty text for
//! unknown values. One odd field must not make an instance unreadable, so an unreadable value
//! counts as missing.

use std::str::FromStr;

use serde::{
    Deserialize,
    de::{DeserializeOwned, Deserializer},
};
use serde_json::Value;

/// Deserializes a non-empty text. A number is converted to its decimal spelling.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Deserializes a number or the text of one. An integer may have a fraction of zero.
pub(super) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let spelling = match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    let spelling = spelling.trim();
    let whole = spelling
        .split_once('.')
        .filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    Ok(spelling.parse().ok().or_else(|| whole?.0.parse().ok()))
}

/// Deserializes a boolean, or a text or number that spells one: `True`, `false`, `1`, `0`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let spelling = match Value::deserialize(deserializer)? {
        Value::Bool(flag) => return Ok(Some(flag)),
        Value::String(text) => text.to_ascii_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    Ok(match spelling.as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_read_from_numbers_and_texts() {
        let table = [
            (json!(65536), Some(65536)),
            (json!("65536"), Some(65536)),
            (json!(" 7 "), Some(7)),
            (json!(2.0), Some(2)),
            (json!("2.00"), Some(2)),
            (json!(2.5), None),
            (json!("."), None),
            (json!(""), None),
            (json!("many"), None),
            (json!(-1), None),
            (json!(99_999_999_999_u64), None),
            (json!(null), None),
            (json!(true), None),
            (json!([1]), None),
            (json!({"Value": 1}), None),
        ];
        for (value, want) in table {
            assert_eq!(number::<_, u32>(value.clone()).unwrap(), want, "{value}");
        }
        assert_eq!(number::<_, f64>(json!("1.58")).unwrap(), Some(1.58));
    }

    #[test]
    fn odd_texts_and_flags_count_as_missing() {
        assert_eq!(text(json!("训练")).unwrap().as_deref(), Some("训练"));
        assert_eq!(text(json!(4090)).unwrap().as_deref(), Some("4090"));
        for nothing in [json!(""), json!(null), json!([]), json!({"a": 1}), json!(false)] {
            assert_eq!(text(nothing).unwrap(), None);
        }
        let flags = [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!("no idea"), None),
            (json!(0), Some(false)),
        ];
        for (value, want) in flags {
            assert_eq!(flag(value.clone()).unwrap(), want, "{value}");
        }
    }
}
