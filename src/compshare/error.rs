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

/// Failed call.
#[derive(Clone, Debug)]
pub struct Error {
    /// Action of the call, such as `StartCompShareInstance`; empty if there was no call yet.
    pub action: &'static str,
    /// Number of attempts; 0 if nothing was attempted.
    pub attempts: u32,
    /// ID of the last attempt, for CompShare support; `None` without a response.
    pub request_id: Option<String>,
    /// Cause of the failure of the last attempt.
    pub kind: ErrorKind,
}

/// Cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The API has not received the request, or certainly not processed it.
    #[error(
        "the request was not {}: {cause}",
        if *at == Stage::Stream { "processed" } else { "sent" }
    )]
    Unsent {
        at: Stage,
        /// Host and proxy, with the message of the network, the resolver or TLS.
        cause: String,
    },
    /// No complete response was received. The action may have been carried out.
    #[error("{0}")]
    MaybeSent(Lost),
    /// The content of a successful response is unreadable. The action may have been carried out.
    #[error("unreadable response (HTTP status {http_status}): {reason}")]
    Unreadable {
        http_status: u16,
        /// Defect of the content, without quoting it.
        reason: String,
    },
    /// A successful response is longer than the client reads. The action may have been carried out.
    #[error("the response is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// Limit in bytes.
        limit: usize,
    },
    /// A successful response leaves out a part of what it announces.
    #[error("incomplete response: {0}")]
    Incomplete(String),
    /// The response has an error status. After 5xx and 408 the action may have been carried out,
    /// after others not.
    #[error("the response had HTTP status {status}")]
    Http { status: u16 },
    /// The API refused the request. The action was not carried out, unless [`Error::class`] is
    /// `Ambiguous` or `Transient`.
    #[error(
        "refused with RetCode {code}{}{message}",
        if message.is_empty() { " and no message" } else { ": " }
    )]
    Refused {
        /// `RetCode`, never 0.
        code: i64,
        /// `Message` without the caller's keys; may be empty.
        message: String,
    },
}

/// Stage at which a request failed before the API could process it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The settings of the client cannot be used, for example the URL of the proxy.
    Settings,
    /// Name resolution, connection or TLS handshake, with the API or a proxy.
    Connection,
    /// The certificate of the server is not trusted.
    Certificate,
    /// The proxy refuses to connect to the API.
    Proxy,
    /// The proxy requires a user name and password, or does not accept those in its URL.
    ProxyLogin,
    /// The server refused the HTTP/2 stream of the request.
    Stream,
}

impl Stage {
    /// Returns true if a retry would fail as well.
    pub(crate) const fn is_permanent(self) -> bool {
        matches!(self, Self::Settings | Self::Certificate | Self::ProxyLogin)
    }
}

/// Way in which a response was lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("no response within the request timeout")]
    TimedOut,
    /// The connection broke, with the message of the network.
    #[error("the response was lost: {0}")]
    Interrupted(String),
}

impl Error {
    /// The failure of a request whose task ended by a shutdown of the runtime or a panic.
    pub(super) fn abandoned(action: &'static str) -> Self {
        let kind = ErrorKind::MaybeSent(Lost::Interrupted("the request was abandoned".to_owned()));
        Self { action, attempts: 0, request_id: None, kind }
    }

    /// Class of the refusal; `None` if the failure is no refusal.
    pub fn class(&self) -> Option<Class> {
        self.kind.class()
    }

    /// `RetCode` of a refusal.
    pub fn ret_code(&self) -> Option<i64> {
        match self.kind {
            ErrorKind::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// `Message` of a refusal; may be empty.
    pub fn message(&self) -> Option<&str> {
        match &self.kind {
            ErrorKind::Refused { message, .. } => Some(message),
            _ => None,
        }
    }

    /// English meaning of a known `RetCode`, because `Message` is often in Chinese only.
    pub fn meaning(&self) -> Option<&'static str> {
        ret_code::find(self.ret_code()?, self.message()?).map(|(_, meaning)| meaning)
    }

    /// Returns true if the action may have been carried out in spite of this error. Describe the
    /// instance before sending the request again.
    pub fn may_have_happened(&self) -> bool {
        self.kind.resend() == Resend::IfRepeatable
    }

    /// Returns true if a parameter was refused and the message names it as `parameter`.
    pub fn is_usage_of(&self, parameter: &str) -> bool {
        self.class() == Some(Class::Usage)
            && self.message().is_some_and(|message| message.contains(parameter))
    }
}

impl ErrorKind {
    /// The error of a client that cannot be set up.
    pub(super) const fn before_any_call(self) -> Error {
        Error { action: "", attempts: 0, request_id: None, kind: self }
    }

    /// See [`Error::class`].
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Refused { code, message } => {
                Some(ret_code::find(*code, message).map_or(Class::Unlisted, |(class, _)| class))
            }
            Self::Http { status: 429 } => Some(Class::Throttled),
            Self::Http { status: 408 | 500..=599 } => Some(Class::Ambiguous),
            Self::Http { .. }
            | Self::Unsent { .. }
            | Self::MaybeSent(_)
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::Incomplete(_) => None,
        }
    }

    /// Condition under which the client sends the failed request again.
    pub(super) fn resend(&self) -> Resend {
        match self {
            Self::Unsent { at, .. } if at.is_permanent() => Resend::Never,
            Self::Unsent { .. } => Resend::Always,
            Self::MaybeSent(_)
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::Incomplete(_) => Resend::IfRepeatable,
            Self::Http { .. } | Self::Refused { .. } => {
                self.class().map_or(Resend::Never, |class| class.behavior().resend)
            }
        }
    }
}

/// Shows the failure, then in parentheses action, request ID and, if more than one, attempts.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, attempts, request_id, kind } = self;
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

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "StartCompShareInstance";
    const STOP: &str = "StopCompShareInstance";
    const DESCRIBE: &str = "DescribeCompShareInstance";

    fn refused(code: i64, message: &str) -> ErrorKind {
        ErrorKind::Refused { code, message: message.to_owned() }
    }

    fn unsent(at: Stage) -> ErrorKind {
        ErrorKind::Unsent { at, cause: "connection refused".to_owned() }
    }

    fn unreadable() -> ErrorKind {
        ErrorKind::Unreadable { http_status: 200, reason: "not JSON".to_owned() }
    }

    fn interrupted() -> ErrorKind {
        ErrorKind::MaybeSent(Lost::Interrupted("reset".to_owned()))
    }

    fn http(status: u16) -> ErrorKind {
        ErrorKind::Http { status }
    }

    #[track_caller]
    fn check_text(action: &'static str, attempts: u32, id: &str, kind: ErrorKind, want: &str) {
        let request_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        assert_eq!(Error { action, attempts, request_id, kind }.to_string(), want);
    }

    #[test]
    fn text_has_the_failure_and_then_the_facts() {
        let unsent_text = "the request was not sent: connection refused";
        let kind = unsent(Stage::Connection);
        check_text(STOP, 1, "", kind, &format!("{unsent_text} (StopCompShareInstance)"));
        check_text("", 0, "", unsent(Stage::Settings), unsent_text);
        check_text(
            DESCRIBE,
            3,
            "",
            ErrorKind::MaybeSent(Lost::TimedOut),
            "no response within the request timeout (DescribeCompShareInstance, 3 attempts)",
        );
        check_text(
            DESCRIBE,
            1,
            "",
            interrupted(),
            "the response was lost: reset (DescribeCompShareInstance)",
        );
        check_text(
            START,
            1,
            "id-1",
            refused(8357, "资源不足"),
            "refused with RetCode 8357: 资源不足 (StartCompShareInstance, request ID id-1)",
        );
        check_text(
            START,
            1,
            "",
            refused(1, ""),
            "refused with RetCode 1 and no message (StartCompShareInstance)",
        );
        check_text(
            DESCRIBE,
            1,
            "id-1",
            unreadable(),
            "unreadable response (HTTP status 200): not JSON (DescribeCompShareInstance, \
             request ID id-1)",
        );
        check_text(
            DESCRIBE,
            6,
            "",
            http(502),
            "the response had HTTP status 502 (DescribeCompShareInstance, 6 attempts)",
        );
    }

    #[test]
    fn only_repeatable_requests_are_resent_in_doubt() {
        let always = [
            unsent(Stage::Connection),
            unsent(Stage::Proxy),
            unsent(Stage::Stream),
            http(429),
            refused(8441, ""),
            refused(226_619, ""),
        ];
        let if_repeatable = [
            ErrorKind::MaybeSent(Lost::TimedOut),
            interrupted(),
            unreadable(),
            http(408),
            http(500),
            http(502),
            http(503),
            refused(150, ""),
            refused(8433, ""),
            refused(8438, ""),
        ];
        let never = [
            unsent(Stage::Settings),
            unsent(Stage::Certificate),
            unsent(Stage::ProxyLogin),
            http(302),
            http(400),
            http(403),
            http(404),
            refused(171, ""),
            refused(8357, ""),
            refused(8903, ""),
            refused(8441, "InstanceOperationInProgress"),
            refused(5000, ""),
        ];
        for (want, kinds) in [
            (Resend::Always, &always[..]),
            (Resend::IfRepeatable, &if_repeatable[..]),
            (Resend::Never, &never[..]),
        ] {
            for kind in kinds {
                assert_eq!(kind.resend(), want, "{kind:?}");
            }
        }
    }

    #[test]
    fn usage_error_names_its_parameter() {
        let error = |kind| Error { action: START, attempts: 1, request_id: None, kind };
        let usage = error(refused(230, "Params [WithoutGpu] not available"));
        assert!(usage.is_usage_of("WithoutGpu"));
        assert!(!usage.is_usage_of("Zone"));
        assert!(!error(refused(8357, "WithoutGpu")).is_usage_of("WithoutGpu"));
    }
}
