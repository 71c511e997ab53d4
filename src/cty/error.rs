//! Errors about values and their encoded forms.

use std::fmt;

use super::{
    path::{Path, Step},
    types::Type,
};

/// A value or encoded form that does not match the expected type, with the path to it.
///
/// The message is a lowercase fragment. It never contains the value itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The part at fault; the root for an error of the encoding as a whole.
    pub path: Path,
    message: String,
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { path: Path::root(), message: message.into() }
    }

    /// The expected and the found kind of value, each with its article.
    pub fn unexpected(expected: &str, found: &str) -> Self {
        Self::new(format!("expected {expected}, found {found}"))
    }

    /// Prepends a step to the path.
    pub fn below(self, step: Step) -> Self {
        Self { path: self.path.below(step), ..self }
    }

    /// Prepends the step to an element of a sequence. The path ends at a set, whose elements have no
    /// address.
    pub(super) fn in_element(self, sequence: &Type, index: usize) -> Self {
        if matches!(sequence, Type::Set(_)) {
            return Self { path: Path::root(), ..self };
        }
        // The length of a sequence in memory is always below 2^63.
        self.below(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }
}

/// An error of the parser is a syntax error, which contains no text of the input.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::unexpected("JSON", &format!("invalid text at line {line}, column {column}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
