//! Parameters of a request in the flat form that the API expects.

use std::{collections::BTreeMap, fmt};

use serde_json::{Number, Value};

/// Flat parameters of a request in signing order, which is the byte order of the keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Adds `value` under `key`.
    ///
    /// An array becomes one parameter per element (`key.0`, `key.1`, …), an object one per member
    /// (`key.Member`). A number without fraction is written as an integer. Null, and therefore an
    /// `Option` that is `None`, is not sent.
    pub fn put(&mut self, key: &str, value: impl Into<Value>) {
        let text = match value.into() {
            Value::Null => return,
            Value::Array(elements) => {
                for (index, element) in elements.into_iter().enumerate() {
                    self.put(&format!("{key}.{index}"), element);
                }
                return;
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.put(&format!("{key}.{name}"), member);
                }
                return;
            }
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => decimal(&number),
            Value::String(text) => text,
        };
        self.0.insert(key.to_owned(), text);
    }

    /// Returns key and value of each parameter, in signing order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(super) fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Returns `2` for `2.0`: the API computes the signature from its own spelling of the number.
fn decimal(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() && float.fract() == 0.0 => {
            format!("{float:.0}")
        }
        _ => number.to_string(),
    }
}

/// Shows the keys only, because the values include the public key and the signature.
impl fmt::Debug for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flat(value: Value) -> Vec<(String, String)> {
        let mut form = Form::default();
        form.put("P", value);
        form.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[track_caller]
    fn check(value: Value, want: &[(&str, &str)]) {
        let want: Vec<_> =
            want.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(flat(value), want);
    }

    #[test]
    fn values_are_written_as_by_the_sdk() {
        check(json!("训练 a+b=c&d"), &[("P", "训练 a+b=c&d")]);
        check(json!(""), &[("P", "")]);
        check(json!(true), &[("P", "true")]);
        check(json!(-3), &[("P", "-3")]);
        check(json!(18_446_744_073_709_551_615_u64), &[("P", "18446744073709551615")]);
        check(json!(2.0), &[("P", "2")]);
        check(json!(2.5), &[("P", "2.5")]);
        check(json!(null), &[]);
        check(json!([]), &[]);
        check(json!(["a", "b"]), &[("P.0", "a"), ("P.1", "b")]);
        check(json!([{"Size": 60, "IsBoot": true}]), &[("P.0.IsBoot", "true"), ("P.0.Size", "60")]);
    }

    #[test]
    fn element_ten_sorts_before_element_two() {
        let elements: Vec<_> = (0..11).map(|index| json!(index)).collect();
        let keys: Vec<_> = flat(Value::Array(elements)).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys[..3], ["P.0", "P.1", "P.10"]);
    }

    #[test]
    fn debug_shows_no_value() {
        let mut form = Form::default();
        form.put("PublicKey", "canary");
        assert_eq!(format!("{form:?}"), r#"{"PublicKey"}"#);
    }
}
