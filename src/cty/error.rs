//! What can be wrong with a value, a type or their encoded forms.

use std::fmt;

use super::{Path, Step};

/// Something that is not the value or type it should be, and where.
///
/// The text is a lowercase fragment that says what was expected and what was found. It never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The part of the value that is wrong; the root if the encoded form as a whole is.
    pub path: Path,
    /// What is wrong with it.
    pub kind: ErrorKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What the type asks for, with its article.
        expected: &'static str,
        /// What was there, with its article.
        found: &'static str,
    },
    /// A tuple of another length.
    #[error("expected {expected} elements, found {found}")]
    Length {
        /// The tuple type's length.
        expected: usize,
        /// The value's length.
        found: usize,
    },
    /// An object without one of its attributes. A null attribute is spelled out.
    #[error("missing attribute `{0}`")]
    MissingAttribute(String),
    /// An object with an attribute that its type does not have.
    #[error("unexpected attribute `{0}`")]
    UnexpectedAttribute(String),
    /// The same attribute or map key twice.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// Elements of one collection that chose different types where the schema left it open. Terraform panics on these.
    #[error("expected elements of one type, found different types")]
    MixedElements,
    /// A number given as text that is no decimal number.
    #[error("expected a decimal number, found other text")]
    InvalidNumber,
    /// A float that is NaN. Terraform panics on these.
    #[error("expected a number, found NaN")]
    NotANumber,
    /// A value that JSON cannot hold: an unknown one.
    #[error("expected a known value, found an unknown one")]
    UnknownValue,
    /// A value that JSON cannot hold: an infinite number.
    #[error("expected a finite number, found infinity")]
    InfiniteNumber,
    /// More levels than any schema has.
    #[error("nested too deeply")]
    TooDeep,
    /// More elements or bytes than MessagePack can count.
    #[error("too long to encode")]
    TooLong,
    /// Input that ends in the middle of a value, or is empty.
    #[error("expected more bytes, found the end of the input")]
    Truncated,
    /// Input that goes on after the value.
    #[error("expected the end of the input, found more bytes")]
    TrailingBytes,
    /// A string that is not UTF-8.
    #[error("expected UTF-8, found other bytes")]
    InvalidUtf8,
    /// The byte that MessagePack reserves.
    #[error("expected a MessagePack value, found the reserved marker")]
    ReservedMarker,
    /// A MessagePack extension that is not one of Terraform's forms of an unknown value.
    #[error("expected an unknown value, found extension type {kind} of {length} bytes")]
    InvalidExtension {
        /// The extension's type.
        kind: i8,
        /// The payload's length in bytes.
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
    /// JSON that is no type constraint.
    #[error("invalid type constraint: expected {expected}")]
    InvalidType {
        /// What was expected in its place.
        expected: &'static str,
    },
}

impl Error {
    /// The same error seen from one level further out.
    pub fn below(self, step: Step) -> Self {
        Self { path: self.path.below(step), kind: self.kind }
    }

    /// The same error seen from the set that it is in: elements of sets have no address.
    pub(super) fn in_set(self) -> Self {
        self.kind.into()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { path: Path::root(), kind }
    }
}

/// From a parse into an untyped tree, which knows syntax errors only: those have no text from the input.
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
