//! What a failed call means, in words, and its raw facts.

use std::fmt::Write as _;

use super::words::Words;
use crate::compshare::{Class, Error, ErrorKind};

/// What a failed call means, in a sentence that can follow a colon, and what can be done.
pub(crate) fn of_error(error: &Error) -> Words {
    match error.kind() {
        ErrorKind::Unsent { cause, .. } => Words::new(
            "",
            format!("the cloud could not be reached: {cause}."),
            "Check the network, the proxy settings and `base_url`, and try again.",
        ),
        ErrorKind::MaybeSent(_) => Words::new(
            "",
            format!("{}.", error.kind()),
            "The network or the cloud is slow or unwell. Try again; a longer `request_timeout` may help.",
        ),
        ErrorKind::Unreadable { .. } => Words::new(
            "",
            "what came back is no answer of the CompShare API.",
            "Check that `base_url` is right and that no proxy answers in the cloud's place, and try again.",
        ),
        ErrorKind::Http { status: status @ (429 | 500..) } => Words::new(
            "",
            format!("the answer was HTTP status {status}."),
            "The cloud, or a proxy before it, is busy or unwell. Try again in a while.",
        ),
        ErrorKind::Http { status } => Words::new(
            "",
            format!("the answer was HTTP status {status}."),
            "Check that `base_url` is right and that no proxy answers in the cloud's place, and try again.",
        ),
        ErrorKind::Refused { code, message } => refused(error.class(), *code, message),
    }
}

fn refused(class: Option<Class>, code: i64, message: &str) -> Words {
    let (what, todo) = match class {
        Some(Class::Capacity) => (
            "the zone has no free GPU of this model just now.".to_owned(),
            "Try again at another time, set `wait_for_capacity = true` to keep trying until the timeout, or, to work on data \
             only, set `without_gpu = true` where the instance supports it.",
        ),
        Some(Class::InProgress) => (
            "another operation on the instance is under way.".to_owned(),
            "The cloud allows one at a time and keeps it locked for up to 10 minutes. Wait for it to end, and try again.",
        ),
        Some(Class::Billing) => (
            "the account cannot pay for it.".to_owned(),
            "Top up the account or settle what is due in the CompShare console, and try again.",
        ),
        Some(Class::Quota) if code == 8445 => (
            "another instance of the account runs without its GPU, and only one can at a time."
                .to_owned(),
            "Stop that one first, or remove `without_gpu`.",
        ),
        Some(Class::Quota) => (
            "a quota of the account is used up.".to_owned(),
            "Stop another instance, or have the quota raised in the console.",
        ),
        Some(Class::Credentials) => (
            "the cloud does not accept the keys.".to_owned(),
            "Check that public and private key belong together and are those of CompShare: keys of `api.ucloud.cn` do not \
             work at `api.compshare.cn`, nor the other way round.",
        ),
        Some(Class::Permission) => (
            "the account is not allowed to do this.".to_owned(),
            "Check the role of the keys, the project (sub-accounts have to set `project_id`), and that the account is verified.",
        ),
        Some(Class::NotFound) => (
            "the cloud does not know the instance (any more).".to_owned(),
            "Check the id, the keys and `project_id`; a reclaimed instance does not come back.",
        ),
        Some(Class::PowerState) => (
            "the instance's state does not allow it.".to_owned(),
            "See its state in the console, and try again when it has settled.",
        ),
        Some(Class::Usage) if code == 210 && message.contains("Region") => (
            "the cloud wants to be told the region.".to_owned(),
            "Set the provider's `region` to the one the instance is in.",
        ),
        Some(Class::Usage) if code == 210 && message.contains("Force") => (
            "the cloud wants this stop to be forced, as it does for spot instances.".to_owned(),
            "Set `force_stop = true` and try again. Before a destroy that has to be applied, which changes nothing in the cloud.",
        ),
        Some(Class::Usage) if code == 292 => (
            "the project does not exist.".to_owned(),
            "Check `project_id`, of the resource and of the provider.",
        ),
        Some(Class::Usage) if code == 8442 => {
            ("this instance cannot be started without its GPU.".to_owned(), "Remove `without_gpu`.")
        }
        Some(Class::Usage) => (
            "the cloud does not accept a parameter.".to_owned(),
            "Its message says which. Check `region`, `zone` and `project_id`, and whether there is a newer provider version.",
        ),
        Some(Class::Throttled) => (
            "the cloud turned it away because of too many requests.".to_owned(),
            "Try again later, with a lower `-parallelism` or `max_concurrent_requests`.",
        ),
        Some(Class::Ambiguous) => (
            "the cloud timed out inside, and does not say whether it did it.".to_owned(),
            "Try again: the provider looks first, and goes on from what it sees.",
        ),
        Some(Class::Transient) => {
            ("the cloud had a fault inside.".to_owned(), "Try again in a while.")
        }
        Some(Class::Unlisted) | None => (
            "the cloud refused it for a reason that this provider does not know.".to_owned(),
            "Its message may help; else ask CompShare's support with the request id.",
        ),
    };
    Words::new("", what, todo)
}

pub(crate) fn facts_of(error: &Error) -> String {
    let mut facts = format!("Call: {}", error.action());
    match error.kind() {
        ErrorKind::Refused { code, message } => {
            line(&mut facts, "RetCode", &code.to_string());
            line(&mut facts, "Message", message);
            line(&mut facts, "Meaning", error.meaning().unwrap_or_default());
        }
        other => line(&mut facts, "Failure", &other.to_string()),
    }
    line(&mut facts, "Request ID", error.request_id().unwrap_or_default());
    if error.attempts() > 1 {
        line(&mut facts, "Attempts", &error.attempts().to_string());
    }
    facts
}

/// Adds a fact, if it has a value.
pub(crate) fn line(facts: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(facts, "\n{name}: {value}");
    }
}
