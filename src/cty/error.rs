//! Errors about values and their encoded forms.

use std::fmt;

use super::path::{Path, Step};

/// A value or encoded form that does not match the expected type, with the path to it.
///
/// The message is a lowercase fragment: the expected and the found kind of value. It never contains
/// the value itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The part at fault; the root for an error of the encoding as a whole.
    pub path: Path,
    /// The kind of error.
    pub kind: ErrorKind,
}

/// The kind of an [`Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// The kind of value that the type requires, with its article.
        expected: &'static str,
        /// The kind of value found, with its article.
        found: &'static str,
    },
    /// An object without one of its attributes. Null attributes must be present.
    #[error("missing attribute `{0}`")]
    MissingAttribute(String),
    /// An object with an attribute that its type lacks.
    #[error("unexpected attribute `{0}`")]
    UnexpectedAttribute(String),
    /// The same attribute or map key twice.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// Text in place of a number that is not a decimal number.
    #[error("expected a decimal number, found other text")]
    InvalidNumber,
    /// A float that is NaN, on which Terraform panics.
    #[error("expected a number, found NaN")]
    NotANumber,
    /// An unknown value, which JSON cannot represent.
    #[error("expected a known value, found an unknown one")]
    UnknownValue,
    /// An infinite number, which JSON cannot represent.
    #[error("expected a finite number, found infinity")]
    InfiniteNumber,
    /// More elements or bytes than a MessagePack length can hold.
    #[error("too long to encode")]
    TooLong,
    /// Input that ends within a value, or is empty.
    #[error("expected more bytes, found the end of the input")]
    Truncated,
    /// Input that continues after the value.
    #[error("expected the end of the input, found more bytes")]
    TrailingBytes,
    /// A string that is not UTF-8.
    #[error("expected UTF-8, found other bytes")]
    InvalidUtf8,
    /// The marker byte that MessagePack reserves.
    #[error("expected a MessagePack value, found the reserved marker")]
    ReservedMarker,
    /// A MessagePack extension that does not encode an unknown value.
    #[error("expected an unknown value, found extension type {kind} of {length} bytes")]
    InvalidExtension {
        /// Type of the extension.
        kind: i8,
        /// Length of the payload in bytes.
        length: usize,
    },
    /// Text that is not JSON.
    #[error("expected JSON, found invalid text at line {line}, column {column}")]
    InvalidJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 at the end of a line.
        column: usize,
    },
}

impl Error {
    /// Prepends a step to the path.
    pub fn below(self, step: Step) -> Self {
        Self { path: self.path.below(step), kind: self.kind }
    }

    /// Ends the path at the enclosing set, whose elements have no address.
    pub(super) fn in_set(self) -> Self {
        self.kind.into()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { path: Path::root(), kind }
    }
}

/// An error of the parser is a syntax error, which contains no text of the input.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        ErrorKind::InvalidJson { line: error.line(), column: error.column() }.into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.kind)
    }
}
