//! Rules for configured values, beyond their type.

use super::duration::parse_duration;
use crate::cty::Value;

/// A condition on the known value of an attribute.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    NotEmpty,
    /// An ID or another code: as `NotEmpty`, without white space around it. A provider can neither
    /// trim nor omit a configured value, since the state has to contain it.
    Code,
    /// One of these words, case-sensitive.
    OneOf(&'static [&'static str]),
    Duration,
    /// A whole number within these bounds, both included.
    Between(i64, i64),
    /// A text that the function accepts. Its error completes "The value of `name` is not valid: …".
    Check(fn(&str) -> Result<(), String>),
}

/// Two [`Rule::Check`] are never equal: comparing function pointers means nothing.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotEmpty, Self::NotEmpty)
            | (Self::Code, Self::Code)
            | (Self::Duration, Self::Duration) => true,
            (Self::OneOf(left), Self::OneOf(right)) => left == right,
            (Self::Between(a, b), Self::Between(c, d)) => (a, b) == (c, d),
            _ => false,
        }
    }
}

impl Rule {
    /// Checks a configured value. Null and unknown values pass.
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        if let (Self::Between(least, most), Value::Number(_)) = (self, value) {
            return match value.as_i64() {
                Some(number) if (least..=most).contains(&number) => Ok(()),
                _ => Err(format!("it must be a whole number from {least} to {most}")),
            };
        }
        let Some(text) = value.as_str() else { return Ok(()) };
        match self {
            Self::NotEmpty | Self::Code if text.trim().is_empty() => {
                Err("it must not be empty; `null` leaves an optional attribute out".into())
            }
            Self::Code if text.trim() != text => {
                Err(format!("{text:?} begins or ends with white space, which `trimspace` removes"))
            }
            Self::OneOf(words) if !words.contains(&text) => Err(one_of(words, text)),
            Self::Duration => {
                parse_duration(text).map(drop).map_err(|error| format!("\"{text}\": {error}"))
            }
            Self::Check(check) => check(text),
            Self::NotEmpty | Self::Code | Self::OneOf(_) | Self::Between(..) => Ok(()),
        }
    }
}

fn one_of(words: &[&str], text: &str) -> String {
    let list = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    let hint = match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        Some(_) => " (capital letters matter)",
        None => "",
    };
    format!("it must be {list}, not \"{text}\"{hint}")
}
