//! Cause of a failed API call, in words, and its facts.

use super::text::{Facts, Text};
use crate::{
    compshare::{Class, Error, ErrorKind, Lost, Stage},
    framework::Diagnostics,
};

/// Cause of a failed call.
#[derive(Debug)]
pub(super) struct Cause {
    /// For the title, after a colon.
    pub(super) reason: &'static str,
    pub(super) what: String,
    pub(super) todo: &'static str,
}

impl Cause {
    fn new(reason: &'static str, what: impl Into<String>, todo: &'static str) -> Self {
        Self { reason, what: what.into(), todo }
    }

    pub(super) fn of(error: &Error) -> Self {
        match &error.kind {
            ErrorKind::Unsent { at, .. } => unsent(*at),
            ErrorKind::MaybeSent(Lost::TimedOut) => Self::new(
                "No Response",
                "The CompShare API did not respond in time.",
                "Try again. If the network or the API is slow, increase `request_timeout`.",
            ),
            ErrorKind::MaybeSent(Lost::Interrupted(_)) => Self::new(
                "Connection Lost",
                "The connection was lost before the response was received.",
                "Try again.",
            ),
            ErrorKind::Unreadable { .. } => Self::new(
                "Invalid Response",
                "The response is not a valid CompShare API response.",
                CHECK_ENDPOINT,
            ),
            ErrorKind::TooLarge { .. } => Self::new(
                "Response Too Large",
                "The CompShare API sent a response that is larger than the provider accepts.",
                "Request fewer instances at a time: set filters such as `region`, or lower \
                 `-parallelism`.",
            ),
            ErrorKind::Incomplete(_) => Self::new(
                "Incomplete Response",
                "The response of the CompShare API leaves out instances.",
                "Try again later.",
            ),
            ErrorKind::Http { status: 429 } => too_many_requests(),
            ErrorKind::Http { status: 500.. } => Self::new(
                "Service Unavailable",
                "CompShare, or a proxy in front of it, is temporarily unavailable.",
                "Try again later.",
            ),
            ErrorKind::Http { .. } => Self::new(
                "Unexpected HTTP Status",
                "The endpoint did not return a CompShare API response.",
                CHECK_ENDPOINT,
            ),
            ErrorKind::Refused { code, message } => refused(error, *code, message),
        }
    }
}

const CHECK_ENDPOINT: &str =
    "Check `base_url`, and check that no proxy intercepts the request, then try again.";

fn unsent(at: Stage) -> Cause {
    match at {
        Stage::Settings => Cause::new(
            "Unusable Network Settings",
            "The proxy or the trusted certificates in the environment cannot be used.",
            "Correct the environment variable or the file that is named below.",
        ),
        Stage::Connection => Cause::new(
            "API Not Reachable",
            "The CompShare API could not be reached.",
            "Check the network, the proxy settings, and `base_url`, then try again.",
        ),
        Stage::Certificate => Cause::new(
            "Certificate Not Trusted",
            "The certificate of the CompShare API, or of a proxy in front of it, is not trusted.",
            "If a proxy of your company decrypts connections, name a file with its certificate in \
             the environment variable `SSL_CERT_FILE`.",
        ),
        Stage::Proxy => Cause::new(
            "Refused by Proxy",
            "The proxy refuses to connect to the CompShare API.",
            "Allow the host in the proxy, or exempt it with the environment variable `NO_PROXY`.",
        ),
        Stage::ProxyLogin => Cause::new(
            "Proxy Login Required",
            "The proxy does not let the provider in.",
            "Set user name and password in the URL of the proxy, for example \
             `http://user:password@proxy.example:3128`.",
        ),
        Stage::Stream => Cause::new(
            "Request Not Accepted",
            "The server of the CompShare API refused the request before processing it.",
            "Try again later.",
        ),
    }
}

fn too_many_requests() -> Cause {
    Cause::new(
        "Too Many Requests",
        "The CompShare API is throttling requests.",
        "Try again later, with a lower `-parallelism` or `max_concurrent_requests`.",
    )
}

fn refused(error: &Error, code: i64, message: &str) -> Cause {
    let meaning = || sentence(error.meaning().unwrap_or("the API refused the request"));
    match error.class() {
        Some(Class::Capacity) => Cause::new(
            "Zone Sold Out",
            "CompShare has no free GPU of this model in the zone.",
            "Try again later, or set `wait_for_capacity = true` to retry until the timeout. For work \
             that needs no GPU, set `without_gpu = true` if the instance supports it.",
        ),
        Some(Class::InProgress) => Cause::new(
            "Operation in Progress",
            meaning(),
            "CompShare allows one operation at a time and locks the instance for up to 10 minutes. \
             Try again when the operation has ended.",
        ),
        Some(Class::Billing) => Cause::new(
            "Payment Required",
            meaning(),
            "Top up the account or settle unpaid orders in the CompShare console, then try again.",
        ),
        Some(Class::Quota) if code == 8445 => Cause::new(
            "Another Instance in No-GPU Mode",
            "Another instance of the account is running in no-GPU mode, and an account can run only \
             one at a time.",
            "Stop the other instance first, or remove `without_gpu`.",
        ),
        Some(Class::Quota | Class::QuotaCheck) => Cause::new(
            "Quota Exceeded",
            "The account quota is exhausted.",
            "Stop another instance, or request a higher quota in the CompShare console.",
        ),
        Some(Class::Credentials) => Cause::new(
            "Invalid API Keys",
            "CompShare rejected the API keys.",
            "Check that the public and the private key belong together and were created in the \
             CompShare console. UCloud keys (`api.ucloud.cn`) are not valid for CompShare.",
        ),
        Some(Class::Permission) if code == 226_606 => Cause::new(
            "Account Not Verified",
            "The account is not verified.",
            "Complete the verification in the CompShare console, then try again.",
        ),
        Some(Class::Permission) => Cause::new(
            "Permission Denied",
            "The account is not allowed to do this.",
            "Check the role of the keys and the project: sub-accounts must set `project_id`. Check \
             that the account is verified.",
        ),
        Some(Class::NotFound) => Cause::new(
            "Not Found",
            meaning(),
            "Check the ID, the keys, and `project_id`. An instance that CompShare has deleted cannot \
             be recovered.",
        ),
        Some(Class::PowerState) => Cause::new(
            "Not Allowed in This State",
            meaning(),
            "Check the state of the instance in the CompShare console, and try again when it is \
             `Running` or `Stopped`.",
        ),
        Some(Class::Usage) => invalid_parameter(code, message),
        Some(Class::Throttled) => too_many_requests(),
        Some(Class::Ambiguous) => Cause::new(
            "Service Timeout",
            "The CompShare API timed out internally. The operation may or may not have been carried \
             out.",
            "Try again: the provider checks the state of the instance first.",
        ),
        Some(Class::Transient) => Cause::new("Service Error", meaning(), "Try again later."),
        Some(Class::Unlisted) | None => Cause::new(
            "Request Refused",
            "The CompShare API refused the request for a reason that this provider does not know.",
            "If the API message below does not help, contact CompShare support with the request ID.",
        ),
    }
}

fn invalid_parameter(code: i64, message: &str) -> Cause {
    match code {
        210 if message.contains("Region") => Cause::new(
            "Region Required",
            "The CompShare API requires a region.",
            "Set the provider's `region` to the region of the instance.",
        ),
        210 if message.contains("Force") => Cause::new(
            "Force Required",
            "CompShare allows only a forced stop for this instance, for example because it is a spot \
             instance.",
            "Set `force_stop = true` and apply. Before a destroy, apply `force_stop = true` first; \
             this does not change the instance.",
        ),
        292 => Cause::new(
            "Project Not Found",
            "The project does not exist.",
            "Check `project_id` of the resource and of the provider.",
        ),
        8442 => Cause::new(
            "No-GPU Mode Not Supported",
            "The instance does not support no-GPU mode.",
            "Remove `without_gpu`.",
        ),
        _ => Cause::new(
            "Invalid Parameter",
            "The CompShare API rejected a request parameter.",
            "The API message below names the parameter. Check `region`, `zone`, and `project_id`, \
             and check for a newer version of the provider.",
        ),
    }
}

/// A meaning from the table of return codes as a sentence.
fn sentence(meaning: &str) -> String {
    let (first, rest) = meaning.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
}

/// Text of a failed call. `attempt` completes the title "Unable to …".
pub(super) fn call_text(attempt: &str, error: &Error) -> Text {
    let Cause { reason, what, todo } = Cause::of(error);
    Text::new(format!("Unable to {attempt}: {reason}"), what, todo)
}

/// Message of a failed call that changes nothing.
pub(crate) fn call(attempt: &str, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    add_call(&mut facts, "API call", error);
    call_text(attempt, error).into_error("", &facts)
}

pub(super) fn add_call(facts: &mut Facts, name: &str, error: &Error) {
    match error.action {
        "" => facts.add("Cause", &error.kind),
        action => facts.add(name, format_args!("{action} ({})", error.kind)),
    }
    add_request(facts, error);
}

pub(super) fn add_request(facts: &mut Facts, error: &Error) {
    if let Some(id) = &error.request_id {
        facts.add("Request ID", id);
    }
    if error.attempts > 1 {
        facts.add("Attempts", error.attempts);
    }
}
