//! Why a call failed, and what that says about the cloud.
//!
//! One opaque type. What matters to a caller who asked for a change is whether the change may have happened all the
//! same; each [`ErrorKind`] says so, and [`Error::may_have_happened`] sums it up. Nothing in here is secret: neither
//! `Display` nor `Debug` can show a key, a signature, a form, or more of an answer than `RetCode` and `Message`.

use std::fmt;

use super::{
    class::{Class, Resend},
    ret_code,
};

/// A failed call: which one, after how many attempts, and why.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    action: &'static str,
    attempts: u32,
    request_id: Option<String>,
    kind: ErrorKind,
}

/// What went wrong in the last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection could be made, or not even tried. The cloud has seen nothing.
    Unsent {
        /// What the network, the resolver or TLS said.
        cause: String,
        /// Trying again changes nothing: the certificate is not trusted, or the request could not be made at all.
        permanent: bool,
    },
    /// The request went out, or may have, and no complete answer came back. The cloud may have done what was asked.
    MaybeSent(Lost),
    /// A successful HTTP status with an answer that makes no sense. The cloud may have done what was asked.
    Unreadable {
        /// The status it came with.
        http_status: u16,
        /// What is wrong with it, without quoting any of it.
        reason: String,
    },
    /// An HTTP status other than success. After 5xx and 408 the cloud may have done what was asked; after others not.
    Http {
        /// The status.
        status: u16,
    },
    /// The cloud understood and said no. It has done nothing, unless [`Error::class`] is `Ambiguous` or `Transient`.
    Refused {
        /// `RetCode`, never 0.
        code: i64,
        /// `Message`, with anything removed that looks like the caller's keys; may be empty.
        message: String,
    },
}

/// How an answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nothing, or not all of it, came in the time allowed.
    TimedOut,
    /// The connection broke; the text says what the network said.
    Interrupted(String),
}

impl Error {
    /// The failure of `action` in its attempt number `attempts`. Without any attempt, `attempts` is 0.
    pub fn new(
        action: &'static str,
        attempts: u32,
        request_id: Option<String>,
        kind: ErrorKind,
    ) -> Self {
        Self(Box::new(Inner { action, attempts, request_id, kind }))
    }

    /// The failure of `action` whose task ended before it had an answer: with its runtime, or by a fault of its own.
    pub(super) fn abandoned(action: &'static str) -> Self {
        let lost = Lost::Interrupted("the request was abandoned".to_owned());
        Self::new(action, 0, None, ErrorKind::MaybeSent(lost))
    }

    /// The API's name of the call, such as `StartCompShareInstance`; empty if no call had been made yet.
    pub fn action(&self) -> &'static str {
        self.0.action
    }

    /// The cloud's id of the last attempt, by which its support can find it; `None` if no answer came.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How many times the request was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What went wrong in the last attempt.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What can be done about it, if the cloud said that much.
    pub fn class(&self) -> Option<Class> {
        self.0.kind.class()
    }

    /// `RetCode`, if the cloud refused.
    pub fn ret_code(&self) -> Option<i64> {
        match self.0.kind {
            ErrorKind::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The cloud's own words, if it refused; may be empty.
    pub fn message(&self) -> Option<&str> {
        match &self.0.kind {
            ErrorKind::Refused { message, .. } => Some(message),
            _ => None,
        }
    }

    /// What the return code means, in words, if it is a known one. The cloud's own message is often in Chinese only.
    pub fn meaning(&self) -> Option<&'static str> {
        ret_code::meaning(self.ret_code()?)
    }

    /// Whether what was asked for may have been done in spite of this error. Then look before asking again.
    ///
    /// ```
    /// use terraform_provider_compshare::compshare::{Error, ErrorKind, Lost};
    ///
    /// let lost = Error::new("StartCompShareInstance", 1, None, ErrorKind::MaybeSent(Lost::TimedOut));
    /// assert!(lost.may_have_happened());
    /// ```
    pub fn may_have_happened(&self) -> bool {
        self.0.kind.may_have_happened()
    }

    /// The cloud says that the resource does not exist.
    pub fn is_not_found(&self) -> bool {
        self.class() == Some(Class::NotFound)
    }

    /// The zone is sold out.
    pub fn is_out_of_capacity(&self) -> bool {
        self.class() == Some(Class::Capacity)
    }

    /// The keys are not accepted.
    pub fn is_credentials(&self) -> bool {
        self.class() == Some(Class::Credentials)
    }

    /// A parameter is at fault and the cloud's message names it as `parameter`.
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
            _ => None,
        }
    }

    /// See [`Error::may_have_happened`].
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Unsent { .. } => false,
            Self::MaybeSent(_) | Self::Unreadable { .. } => true,
            // After a failure behind the front end it is unknown how far the action got.
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
            Self::MaybeSent(Lost::TimedOut) => write!(formatter, "no answer in the time allowed"),
            Self::MaybeSent(Lost::Interrupted(cause)) => {
                write!(formatter, "the answer was lost: {cause}")
            }
            Self::Unreadable { http_status, reason } => {
                write!(formatter, "unreadable answer (HTTP status {http_status}): {reason}")
            }
            Self::Http { status } => write!(formatter, "the answer was HTTP status {status}"),
            Self::Refused { code, message } if message.is_empty() => {
                write!(formatter, "refused with RetCode {code} and no message")
            }
            Self::Refused { code, message } => {
                write!(formatter, "refused with RetCode {code}: {message}")
            }
        }
    }
}

/// What went wrong, then in parentheses the call, the request id and, if there was more than one, the attempts.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { action, attempts, request_id, kind } = &*self.0;
        write!(formatter, "{kind}")?;
        if action.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({action}")?;
        if let Some(request_id) = request_id {
            write!(formatter, ", request id {request_id}")?;
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
    fn the_text_says_what_happened_and_then_the_facts() {
        let table = [
            (
                Error::new("StopCompShareInstance", 1, None, unsent(false)),
                "the request was not sent: connection refused (StopCompShareInstance)",
            ),
            (
                Error::new("GetProjectList", 3, None, ErrorKind::MaybeSent(Lost::TimedOut)),
                "no answer in the time allowed (GetProjectList, 3 attempts)",
            ),
            (
                Error::new(
                    "GetProjectList",
                    1,
                    None,
                    ErrorKind::MaybeSent(Lost::Interrupted("reset".to_owned())),
                ),
                "the answer was lost: reset (GetProjectList)",
            ),
            (
                Error::new(
                    "StartCompShareInstance",
                    1,
                    Some("id-1".to_owned()),
                    refused(8357, "资源不足"),
                ),
                "refused with RetCode 8357: 资源不足 (StartCompShareInstance, request id id-1)",
            ),
            (
                Error::new("StartCompShareInstance", 1, None, refused(1, "")),
                "refused with RetCode 1 and no message (StartCompShareInstance)",
            ),
            (
                Error::new("GetProjectList", 1, Some("id-1".to_owned()), unreadable()),
                "unreadable answer (HTTP status 200): not JSON (GetProjectList, request id id-1)",
            ),
            (
                Error::new("GetProjectList", 6, None, ErrorKind::Http { status: 502 }),
                "the answer was HTTP status 502 (GetProjectList, 6 attempts)",
            ),
            (Error::new("", 0, None, unsent(true)), "the request was not sent: connection refused"),
        ];
        for (error, want) in table {
            assert_eq!(error.to_string(), want);
        }
    }

    #[test]
    fn what_may_have_happened_remotely() {
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
    fn a_usage_error_says_whose_fault_it_is() {
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
