//! Text of a failed API call, and its facts.

use super::text::{Facts, Text};
use crate::{
    compshare::{Class, Error, ErrorKind, Lost, Stage},
    framework::Diagnostics,
};

const CHECK_ENDPOINT: &str =
    "Check `base_url`, and check that no proxy intercepts the request, then try again.";
const TRY_LATER: &str = "Try again later.";

/// Reason, sentence and remedy.
type Explanation = (&'static str, &'static str, &'static str);

/// Message of a failed call that changes nothing.
pub(crate) fn call(attempt: &str, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    add_call(&mut facts, "API call", error);
    Text { attribute: None, ..call_text(attempt, error) }.into_error(NO_CHANGES, &facts)
}

/// Effect of a failed read or plan.
pub(super) const NO_CHANGES: &str = "No changes were made.";

/// Text of a failed call. `attempt` completes the title "Unable to …".
pub(super) fn call_text(attempt: &str, error: &Error) -> Text {
    let (reason, what, todo) = match &error.kind {
        ErrorKind::Refused { code, message } => return refused(attempt, error, *code, message),
        ErrorKind::Http { status: 429 } => return too_many_requests(attempt),
        ErrorKind::Http { status } if *status < 500 => {
            let what = "The endpoint returned an HTTP status that the CompShare API does not use.";
            return Text::unable(
                attempt,
                format_args!("HTTP Status {status}"),
                what,
                CHECK_ENDPOINT,
            );
        }
        ErrorKind::Http { .. } => (
            "Service Unavailable",
            "CompShare, or a proxy in front of it, is temporarily unavailable.",
            TRY_LATER,
        ),
        ErrorKind::Unsent { at, .. } => unsent(*at),
        ErrorKind::MaybeSent(Lost::TimedOut) => return Text::no_response(attempt),
        ErrorKind::MaybeSent(Lost::Interrupted(_)) => (
            "Connection Lost",
            "The connection was closed before the response was received.",
            "Try again.",
        ),
        ErrorKind::Unreadable { .. } => (
            "Invalid Response",
            "The response is not a valid CompShare API response.",
            CHECK_ENDPOINT,
        ),
        ErrorKind::TooLarge { .. } => (
            "Response Too Large",
            "The response is larger than the provider accepts.",
            "Request fewer instances at a time: set filters such as `region`, or lower \
             `-parallelism`.",
        ),
        ErrorKind::Incomplete(_) => (
            "Incomplete Response",
            "The response of the CompShare API leaves out instances.",
            TRY_LATER,
        ),
    };
    Text::unable(attempt, reason, what, todo)
}

/// A request that the API did not process.
const fn unsent(at: Stage) -> Explanation {
    match at {
        Stage::Settings => (
            "Unusable Network Settings",
            "The proxy or the trusted certificates in the environment cannot be used.",
            "Correct the environment variable or the file that is named below.",
        ),
        Stage::Connection => (
            "API Not Reachable",
            "The CompShare API could not be reached.",
            "Check the network, the proxy settings, and `base_url`, then try again.",
        ),
        Stage::Certificate => (
            "Certificate Not Trusted",
            "The certificate of the CompShare API, or of a proxy in front of it, is not trusted.",
            "If a proxy of your company decrypts connections, name a file with its certificate in \
             the environment variable `SSL_CERT_FILE`.",
        ),
        Stage::Proxy => (
            "Refused by Proxy",
            "The proxy refused to connect to the CompShare API.",
            "Allow the host in the proxy, or exempt it with the environment variable `NO_PROXY`.",
        ),
        Stage::ProxyLogin => (
            "Proxy Login Required",
            "The proxy requires a valid user name and password.",
            "Set both in the URL of the proxy, for example \
             `http://user:password@proxy.example:3128`.",
        ),
        Stage::Stream => (
            "Request Not Processed",
            "The server of the CompShare API refused the request before processing it.",
            TRY_LATER,
        ),
    }
}

fn too_many_requests(attempt: &str) -> Text {
    Text::unable(
        attempt,
        "Too Many Requests",
        "The CompShare API is throttling requests.",
        "Try again later. If this recurs, lower `max_concurrent_requests` of the provider.",
    )
}

fn refused(attempt: &str, error: &Error, code: i64, message: &str) -> Text {
    let class = error.class().unwrap_or(Class::Unlisted);
    let explanation = match class {
        Class::Throttled => return too_many_requests(attempt),
        Class::Usage => return usage(attempt, error, code, message),
        Class::Capacity => Some(capacity(code)),
        Class::Billing => billing(code),
        Class::Quota => Some(quota(code)),
        Class::Permission => permission(code),
        Class::InProgress => in_progress(code),
        Class::QuotaCheck
        | Class::Credentials
        | Class::NotFound
        | Class::PowerState
        | Class::Ambiguous
        | Class::Transient
        | Class::Unlisted => of_class(class),
    };
    let Some((reason, what, todo)) = explanation else {
        return unexplained(attempt, error, code);
    };
    let text = Text::unable(attempt, reason, what, todo);
    match (class, code) {
        (Class::NotFound, _) => text.at("instance_id"),
        (Class::Quota, 8445) => text.at("without_gpu"),
        _ => text,
    }
}

/// Explanation of a class whose codes have the same remedy.
const fn of_class(class: Class) -> Option<Explanation> {
    Some(match class {
        Class::QuotaCheck => (
            "Quota Not Confirmed",
            "A quota of the account is exhausted, or could not be checked.",
            "Try again later. If this recurs, request a higher quota in the CompShare console.",
        ),
        Class::Credentials => (
            "Invalid API Keys",
            "CompShare rejected the API keys.",
            "Compare both keys with https://console.compshare.cn/uaccount/api_manage, and set them \
             again, for example with `compshare config`. UCloud keys (`api.ucloud.cn`) are not valid \
             for CompShare.",
        ),
        Class::NotFound => (
            "Resource Not Found",
            "CompShare reports that the resource does not exist or was released.",
            "Check the ID, the keys, and `project_id`. An instance that was deleted cannot be \
             recovered.",
        ),
        Class::PowerState => (
            "Not Allowed in This State",
            "The state of the instance does not allow the operation.",
            "Try again when the instance is `Running` or `Stopped`.",
        ),
        Class::Ambiguous => {
            ("Service Timeout", "The CompShare API timed out internally.", TRY_LATER)
        }
        Class::Transient => {
            ("Service Error", "The CompShare API reported an internal error.", TRY_LATER)
        }
        _ => return None,
    })
}

const fn capacity(code: i64) -> Explanation {
    const RETRY: &str =
        "Try again later, or set `wait_for_capacity = true` to retry until the timeout.";
    match code {
        226_612 => (
            "Check of Resources Failed",
            "CompShare could not confirm that the zone has the resources of the instance.",
            RETRY,
        ),
        _ => ("Zone Sold Out", "CompShare has no free GPU of this model in the zone.", RETRY),
    }
}

const fn billing(code: i64) -> Option<Explanation> {
    Some(match code {
        520 => (
            "Balance Too Low",
            "The account balance is too low.",
            "Top up the account in the CompShare console, then try again.",
        ),
        226_601 => (
            "Account in Arrears",
            "The account is in arrears.",
            "Settle the account in the CompShare console, then try again.",
        ),
        226_602 => (
            "Instance Expired",
            "The instance has expired.",
            "Renew the instance in the CompShare console, then try again.",
        ),
        8429 => (
            "In Arrears or Expired",
            "The account is in arrears, or the instance has expired.",
            "Settle the account or renew the instance in the CompShare console, then try again.",
        ),
        8917..=8919 => (
            "Unpaid Order or Payment Limit",
            "An order is unpaid, or a payment limit is reached.",
            "Settle the order or raise the limit in the CompShare console, then try again.",
        ),
        _ => return None,
    })
}

const fn quota(code: i64) -> Explanation {
    match code {
        8445 => (
            "Another Instance in No-GPU Mode",
            "Another instance of the account is running in no-GPU mode, and an account can run only \
             one at a time.",
            "Stop the other instance first, or remove `without_gpu`.",
        ),
        _ => (
            "Quota Exceeded",
            "A quota of the account is exhausted.",
            "Stop another instance or request a higher quota in the CompShare console, then try \
             again.",
        ),
    }
}

const fn permission(code: i64) -> Option<Explanation> {
    Some(match code {
        226_606 => (
            "Account Not Verified",
            "The account is not verified.",
            "Complete the verification in the CompShare console, then try again.",
        ),
        240 | 299 | 8226 => (
            "Permission Denied",
            "The account is not allowed to do this.",
            "Check the permissions of the keys, and `project_id`, which sub-accounts must set.",
        ),
        _ => return None,
    })
}

const fn in_progress(code: i64) -> Option<Explanation> {
    Some(match code {
        8443 => (
            "No-GPU Start in Progress",
            "A start in no-GPU mode is already being processed.",
            TRY_LATER,
        ),
        8964 => (
            "Image Creation in Progress",
            "An image is being created from the instance.",
            "Try again when the image is complete.",
        ),
        226_620 | 226_621 => (
            "Migration in Progress",
            "The image or the system disk of the instance is being moved.",
            TRY_LATER,
        ),
        226_622 => ("Already Starting", "The instance is already starting.", TRY_LATER),
        226_605 | 226_618 | 226_628 => return None,
        _ => (
            "Operation in Progress",
            "Another operation on the instance is in progress.",
            "Try again when it has ended. CompShare locks an instance for at most 10 minutes.",
        ),
    })
}

fn usage(attempt: &str, error: &Error, code: i64, message: &str) -> Text {
    let text = |reason, what, todo| Text::unable(attempt, reason, what, todo);
    match code {
        292 => text(
            "Project Not Found",
            "The project does not exist.",
            "Correct `project_id` of the resource or of the provider.",
        )
        .at("project_id"),
        8442 => text(
            "No-GPU Mode Not Supported",
            "The instance does not support no-GPU mode.",
            "Remove `without_gpu`.",
        )
        .at("without_gpu"),
        210 if message.contains("Force") => text(
            "Force Required",
            "CompShare allows only a forced stop of this instance, as of a spot instance.",
            "Set `force_stop = true` and apply. Before a destroy, apply it first: this does not \
             change the instance.",
        )
        .at("force_stop"),
        // A conflict with the state, without the name of a parameter.
        230 if !message.contains("Param") => unexplained(attempt, error, code),
        210 | 220 | 230 | 280 => parameter(attempt, code, message),
        _ => unexplained(attempt, error, code),
    }
}

/// Parameters of the API that attributes set, each with the attribute and its name in titles.
const PARAMETERS: [(&str, &str, &str); 9] = [
    ("Region", "region", "Region"),
    ("Zone", "zone", "Zone"),
    ("ProjectId", "project_id", "Project ID"),
    ("UHostId", "instance_id", "Instance ID"),
    ("WithoutGpuSpec", "without_gpu_spec", "No-GPU Spec"),
    ("WithoutGpu", "without_gpu", "No-GPU Mode"),
    ("GpuType", "gpu_type", "GPU Model"),
    ("ChargeType", "charge_type", "Charge Type"),
    ("CompShareImageId", "image_id", "Image ID"),
];

/// A parameter that is missing (210), or has a value that the API does not accept.
fn parameter(attempt: &str, code: i64, message: &str) -> Text {
    let named = PARAMETERS.into_iter().find(|(parameter, ..)| message.contains(parameter));
    let Some((_, attribute, name)) = named else {
        return Text::unable(
            attempt,
            "Invalid Parameter",
            "The CompShare API rejected a parameter that no attribute sets.",
            "Check for a newer version of the provider.",
        );
    };
    let (reason, what, todo) = match (code, attribute) {
        (210, _) => (format!("{name} Required"), "requires", "Set"),
        (_, "instance_id") => (format!("Invalid {name}"), "rejected the value of", "Correct"),
        _ => (format!("Invalid {name}"), "rejected the value of", "Correct or remove"),
    };
    let what = format!("The CompShare API {what} `{attribute}`.");
    Text::unable(attempt, reason, what, format!("{todo} `{attribute}`.")).at(attribute)
}

/// A refusal that only the message of the API explains.
fn unexplained(attempt: &str, error: &Error, code: i64) -> Text {
    let what = match error.meaning() {
        Some(meaning) => sentence(meaning),
        None => "The CompShare API refused the request for an undocumented reason.".to_owned(),
    };
    Text::unable(
        attempt,
        format_args!("RetCode {code}"),
        what,
        "If the API message below does not help, contact CompShare support with the request ID.",
    )
}

/// A meaning from the table of return codes as a sentence.
fn sentence(meaning: &str) -> String {
    let (first, rest) = meaning.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
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
