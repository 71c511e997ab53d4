//! Failed calls.
//!
//! For a caller whose request changes something, the important fact about a failure is whether the
//! change may have been carried out: see [`ErrorKind`] and [`Error::may_have_happened`]. `Display`
//! and `Debug` never contain a key, a signature or a form, and of a response only `RetCode` and
//! `Message`.

use std::fmt;

use super::{
    class::{Class, Resend},
    ret_code,
};

/// Failed call, with action, number of attempts and cause.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    action: &'static str,
    attempts: u32,
    request_id: Option<String>,
    kind: ErrorKind,
}

/// Cause of the failure of the last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There was no connection. The API has received nothing.
    Unsent {
        /// Message of the network, the resolver or TLS.
        cause: String,
        /// A retry would fail as well: the certificate is not trusted, or the request is invalid.
        permanent: bool,
    },
    /// No complete response was received. The action may have been carried out.
    MaybeSent(Lost),
    /// The content of a successful response is unreadable. The action may have been carried out.
    Unreadable {
        http_status: u16,
        /// Defect of the content, without quoting it.
        reason: String,
    },
    /// The response has an error status. After 5xx and 408 the action may have been carried out,
    /// after others not.
    Http { status: u16 },
    /// The API refused the request. The action was not carried out, unless [`Error::class`] is
    /// `Ambiguous` or `Transient`.
    Refused {
        /// `RetCode`, never 0.
        code: i64,
        /// `Message` without the caller's keys; may be empty.
        message: String,
    },
}

/// Way in which a response was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    TimedOut,
    /// The connection broke, with the message of the network.
    Interrupted(String),
}

impl Error {
    /// The failure of `action` at its attempt `attempts`, which is 0 if nothing was attempted.
    pub fn new(
        action: &'static str,
        attempts: u32,
        request_id: Option<String>,
        kind: ErrorKind,
    ) -> Self {
        Self(Box::new(Inner { action, attempts, request_id, kind }))
    }

    /// The failure of a batched call whose task ended before it had a result, by a shutdown of the
    /// runtime or a panic.
    pub(super) fn abandoned(action: &'static str) -> Self {
        let lost = Lost::Interrupted("the request was abandoned".to_owned());
        Self::new(action, 0, None, ErrorKind::MaybeSent(lost))
    }

    /// Action of the call, such as `StartCompShareInstance`; empty if there was no call yet.
    pub fn action(&self) -> &'static str {
        self.0.action
    }

    /// ID of the last attempt, for CompShare support; `None` without a response.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Class of the refusal; `None` if the failure is no refusal.
    pub fn class(&self) -> Option<Class> {
        self.0.kind.class()
    }

    /// `RetCode` of a refusal.
    pub fn ret_code(&self) -> Option<i64> {
        match self.0.kind {
            ErrorKind::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// `Message` of a refusal; may be empty.
    pub fn message(&self) -> Option<&str> {
        match &self.0.kind {
            ErrorKind::Refused { message, .. } => Some(message),
            _ => None,
        }
    }

    /// English meaning of a known `RetCode`, because `Message` is often in Chinese only.
    pub fn meaning(&self) -> Option<&'static str> {
        ret_code::meaning(self.ret_code()?, self.message()?)
    }

    /// Returns true if the action may have been carried out in spite of this error. Describe the
    /// instance before sending the request again.
    ///
    /// ```
    /// use terraform_provider_compshare::compshare::{Error, ErrorKind, Lost};
    ///
    /// let lost = ErrorKind::MaybeSent(Lost::TimedOut);
    /// assert!(Error::new("StartCompShareInstance", 1, None, lost).may_have_happened());
    /// ```
    pub fn may_have_happened(&self) -> bool {
        self.0.kind.may_have_happened()
    }

    pub fn is_not_found(&self) -> bool {
        self.class() == Some(Class::NotFound)
    }

    pub fn is_out_of_capacity(&self) -> bool {
        self.class() == Some(Class::Capacity)
    }

    pub fn is_credentials(&self) -> bool {
        self.class() == Some(Class::Credentials)
    }

    /// Returns true if a parameter was refused and the message names it as `parameter`.
    pub fn is_usage_of(&self, parameter: &str) -> bool {
        self.class() == Some(Class::Usage)
            && self.message().is_some_and(|message| message.contains(parameter))
    }
}

impl ErrorKind {
    /// See [`Error::class`].
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Refused { code, message } => Some(ret_code::class(*code, message)),
            Self::Http { status: 429 } => Some(Class::Throttled),
            Self::Http { status: 408 | 500..=599 } => Some(Class::Ambiguous),
            Self::Http { .. }
            | Self::Unsent { .. }
            | Self::MaybeSent(_)
            | Self::Unreadable { .. } => None,
        }
    }

    /// See [`Error::may_have_happened`].
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Unsent { .. } => false,
            Self::MaybeSent(_) | Self::Unreadable { .. } => true,
            Self::Http { .. } | Self::Refused { .. } => {
                self.class().is_some_and(|class| class.behavior().resend == Resend::IfRepeatable)
            }
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent { cause, .. } => write!(formatter, "the request was not sent: {cause}"),
            Self::MaybeSent(Lost::TimedOut) => {
                write!(formatter, "no response within the request timeout")
            }
            Self::MaybeSent(Lost::Interrupted(cause)) => {
                write!(formatter, "the response was lost: {cause}")
            }
            Self::Unreadable { http_status, reason } => {
                write!(formatter, "unreadable response (HTTP status {http_status}): {reason}")
            }
            Self::Http { status } => write!(formatter, "the response had HTTP status {status}"),
            Self::Refused { code, message } if message.is_empty() => {
                write!(formatter, "refused with RetCode {code} and no message")
            }
            Self::Refused { code, message } => {
                write!(formatter, "refused with RetCode {code}: {message}")
            }
        }
    }
}

/// Shows the failure, then in parentheses action, request ID and, if more than one, attempts.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { action, attempts, request_id, kind } = &*self.0;
        write!(formatter, "{kind}")?;
        if action.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({action}")?;
        if let Some(request_id) = request_id {
            write!(formatter, ", request ID {request_id}")?;
        }
        if *attempts > 1 {
            write!(formatter, ", {attempts} attempts")?;
        }
        formatter.write_str(")")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i64, message: &str) -> ErrorKind {
        ErrorKind::Refused { code, message: message.to_owned() }
    }

    fn unsent(permanent: bool) -> ErrorKind {
        ErrorKind::Unsent { cause: "connection refused".to_owned(), permanent }
    }

    fn unreadable() -> ErrorKind {
        ErrorKind::Unreadable { http_status: 200, reason: "not JSON".to_owned() }
    }

    #[test]
    fn text_has_the_failure_and_then_the_facts() {
        let table = [
            (
                Error::new("StopCompShareInstance", 1, None, unsent(false)),
                "the request was not sent: connection refused (StopCompShareInstance)",
            ),
            (
                Error::new(
                    "DescribeCompShareInstance",
                    3,
                    None,
                    ErrorKind::MaybeSent(Lost::TimedOut),
                ),
                "no response within the request timeout (DescribeCompShareInstance, 3 attempts)",
            ),
            (
                Error::new(
                    "DescribeCompShareInstance",
                    1,
                    None,
                    ErrorKind::MaybeSent(Lost::Interrupted("reset".to_owned())),
                ),
                "the response was lost: reset (DescribeCompShareInstance)",
            ),
            (
                Error::new(
                    "StartCompShareInstance",
                    1,
                    Some("id-1".to_owned()),
                    refused(8357, "资源不足"),
                ),
                "refused with RetCode 8357: 资源不足 (StartCompShareInstance, request ID id-1)",
            ),
            (
                Error::new("StartCompShareInstance", 1, None, refused(1, "")),
                "refused with RetCode 1 and no message (StartCompShareInstance)",
            ),
            (
                Error::new("DescribeCompShareInstance", 1, Some("id-1".to_owned()), unreadable()),
                "unreadable response (HTTP status 200): not JSON (DescribeCompShareInstance, \
                 request ID id-1)",
            ),
            (
                Error::new("DescribeCompShareInstance", 6, None, ErrorKind::Http { status: 502 }),
                "the response had HTTP status 502 (DescribeCompShareInstance, 6 attempts)",
            ),
            (Error::new("", 0, None, unsent(true)), "the request was not sent: connection refused"),
        ];
        for (error, want) in table {
            assert_eq!(error.to_string(), want);
        }
    }

    #[test]
    fn some_failures_leave_the_outcome_open() {
        let table = [
            (unsent(false), false),
            (unsent(true), false),
            (ErrorKind::MaybeSent(Lost::TimedOut), true),
            (ErrorKind::MaybeSent(Lost::Interrupted(String::new())), true),
            (unreadable(), true),
            (ErrorKind::Http { status: 302 }, false),
            (ErrorKind::Http { status: 403 }, false),
            (ErrorKind::Http { status: 408 }, true),
            (ErrorKind::Http { status: 429 }, false),
            (ErrorKind::Http { status: 502 }, true),
            (refused(8438, ""), true),
            (refused(8433, ""), true),
            (refused(8441, ""), false),
            (refused(8903, ""), false),
            (refused(8357, ""), false),
            (refused(99_999, ""), false),
        ];
        for (kind, want) in table {
            assert_eq!(kind.may_have_happened(), want, "{kind:?}");
        }
    }

    #[test]
    fn usage_error_names_its_parameter() {
        let error = Error::new(
            "StartCompShareInstance",
            1,
            None,
            refused(230, "Params [WithoutGpu] not available"),
        );
        assert!(error.is_usage_of("WithoutGpu"));
        assert!(!error.is_usage_of("Zone"));
        let sold_out = Error::new("StartCompShareInstance", 1, None, refused(8357, "WithoutGpu"));
        assert!(!sold_out.is_usage_of("WithoutGpu"));
    }
}
