//! Marker of a create, in the remark of the new instance.
//!
//! The API has no client token. If the response to a create is lost, the marker shows whether the
//! instance exists. No other request changes a remark, so the marker also shows later that Terraform
//! has created the instance.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
};

const PREFIX: &str = "[terraform:";
const SUFFIX: char = ']';

/// Random marker of one create.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Marker(String);

impl Marker {
    pub(crate) fn random() -> Self {
        // The keys come from the operating system: two runs must not have one marker.
        Self(format!("{:016x}", RandomState::new().hash_one(())))
    }

    /// Returns true if `remark` contains the marker, even if its form was changed.
    pub(super) fn is_in(&self, remark: &str) -> bool {
        remark.contains(&self.0)
    }

    /// Returns the marker in a remark.
    pub(super) fn of(remark: &str) -> Option<Self> {
        split(remark).1
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}{SUFFIX}", self.0)
    }
}

/// Returns the remark of a new instance: the user's text and the marker.
pub(crate) fn marked(text: &str, marker: &Marker) -> String {
    if text.is_empty() { marker.to_string() } else { format!("{text} {marker}") }
}

/// Returns the user's text in a remark; `None` if there is none.
pub(crate) fn user_text(remark: &str) -> Option<&str> {
    Some(split(remark).0).filter(|text| !text.is_empty())
}

/// Splits a remark into the user's text and the marker after it.
fn split(remark: &str) -> (&str, Option<Marker>) {
    let marker = || {
        let (text, rest) = remark.trim_end().strip_suffix(SUFFIX)?.rsplit_once(PREFIX)?;
        let is_hex = rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| (text.strip_suffix(' ').unwrap_or(text), Marker(rest.to_owned())))
    };
    marker().map_or((remark, None), |(text, marker)| (text, Some(marker)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_follows_the_users_text() {
        let marker = Marker::random();
        for text in ["", "训练", "two words", "ends with a blank ", "[terraform:]", "a]"] {
            let remark = marked(text, &marker);
            assert_eq!(user_text(&remark).unwrap_or_default(), text);
            assert_eq!(Marker::of(&remark), Some(marker.clone()));
        }
    }

    #[test]
    fn remark_without_a_marker_is_the_users_text() {
        for remark in ["训练", "[terraform:short]", "[terraform:0123456789abcdeg]", "a [b]"] {
            assert_eq!(user_text(remark), Some(remark));
            assert_eq!(Marker::of(remark), None);
        }
        assert_eq!(user_text(""), None);
    }
}
