//! The one place where failures become messages.
//!
//! Each message says what was attempted on which instance and what came of it, what that means for the bill, and what to do
//! now; then the raw facts. Summaries are titles without ids. No other place formats an error of the API.

use std::{fmt::Write as _, time::Duration};

use crate::{
    compshare::{Class, Error, ErrorKind, Instance, LookupError},
    cty::Path,
    framework::{Diagnostic, Diagnostics},
    power::{Account, Answer, Asked, Failure, GpuMode, NoGpuRefusal, Order, Reason, Target, Verb},
};

const GPU_UNASKED: &str = "Instance Got a GPU It Was Not to Have";

/// Why an operation on an instance failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// Before there was anything to do it with.
    Before(Diagnostics),
    /// On the way.
    Operation(Failure),
}

impl Failed {
    /// How the instance looked the last time it was seen.
    pub(super) fn last_seen(&self) -> Option<&Instance> {
        match self {
            Self::Before(_) => None,
            Self::Operation(failure) => failure.account.last_seen.as_ref(),
        }
    }
}

/// No credentials, or unusable ones.
pub(super) fn credentials(error: &LookupError) -> Diagnostics {
    let summary = match error {
        LookupError::Nothing { .. } => "Missing API Keys",
        LookupError::Half { .. } => "Incomplete API Keys",
        _ => "Unusable Credentials File",
    };
    Diagnostic::error(
        summary,
        format!(
            "The cloud cannot be asked anything without a public and a private key: {error}.\n\n\
             Set the environment variables `COMPSHARE_PUBLIC_KEY` and `COMPSHARE_PRIVATE_KEY`, or let the official CLI \
             write its file, or set `public_key` and `private_key` in the provider block. The keys are on the API key \
             page of the CompShare console."
        ),
    )
    .into()
}

/// A call that failed outside any operation on an instance.
pub(super) fn call(attempt: &str, error: &Error) -> Diagnostics {
    let words = of_error(error);
    let detail = format!("{}\n\n{}\n\n{}", words.what, words.todo, facts_of(error));
    Diagnostic::error(format!("Unable to {attempt}"), detail).into()
}

/// A refresh that failed. The state stays as it was.
pub(super) fn read(id: &str, error: &Error) -> Diagnostic {
    let words = of_error(error);
    Diagnostic::error(
        "Unable to Read Instance",
        format!(
            "The state of instance `{id}` could not be read: {} The Terraform state is left as it was.\n\n{}\n\n{}",
            words.what,
            words.todo,
            facts_of(error)
        ),
    )
}

/// A refresh that was interrupted.
pub(super) fn interrupted_read(id: &str) -> Diagnostic {
    let detail = format!(
        "Terraform was interrupted while the state of instance `{id}` was being read. Nothing changed."
    );
    Diagnostic::error("Interrupted: Unable to Read Instance", detail)
}

/// An import id of the wrong form.
pub(super) fn import_id(id: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Import ID",
        format!(
            "\"{id}\" is not an import ID of `compshare_instance_power`. It is the instance's id, such as `uhost-abc`, or \
             the project and the id, such as `org-xyz/uhost-abc`."
        ),
    )
}

/// A planned destroy of something that runs on.
pub(super) fn keeps_running(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "Instance Keeps Running",
        format!(
            "Destroying this resource only removes it from Terraform: instance `{id}` is left as it is, and if it runs it goes \
             on being billed. To stop it, apply `stop_on_destroy = true` (or `state = \"Stopped\"`) before the destroy."
        ),
    )
}

/// A plan that cannot work, as one look at the instance showed.
pub(super) fn refused_plan(order: &Order, reason: &Reason) -> Diagnostics {
    let words = of_reason(reason, order);
    let detail = format!(
        "{}\n\n{}\n\nNothing was changed; this was found while planning.",
        words.what, words.todo
    );
    Diagnostic { path: words.path, ..Diagnostic::error(words.summary, detail) }.into()
}

/// An operation on an instance that failed.
pub(super) fn operation(order: &Order, failed: &Failed) -> Diagnostics {
    let failure = match failed {
        Failed::Before(diagnostics) => return diagnostics.clone(),
        Failed::Operation(failure) => failure,
    };
    let account = &failure.account;
    let words = of_failure(failure, order);
    let mut detail = words.what;
    for paragraph in [bill(&failure.reason, account), &words.todo] {
        detail.push_str("\n\n");
        detail.push_str(paragraph);
    }
    detail.push_str("\n\n");
    detail.push_str(&facts(failure));
    Diagnostic { path: words.path, ..Diagnostic::error(words.summary, detail) }.into()
}

/// One message without its facts.
struct Words {
    summary: String,
    what: String,
    todo: String,
    path: Option<Path>,
}

impl Words {
    fn new(summary: &str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { summary: summary.to_owned(), what: what.into(), todo: todo.into(), path: None }
    }

    fn at(self, attribute: &str) -> Self {
        Self { path: Some(Path::root().attribute(attribute)), ..self }
    }
}

/// What a failed operation came to. The same reason means another thing after other calls.
fn of_failure(failure: &Failure, order: &Order) -> Words {
    let Failure { reason, account } = failure;
    let words = of_reason(reason, order);
    match (reason, &account.last_refusal) {
        (Reason::GpuAllocated { .. }, _) => words,
        _ if account.gpu_unasked => not_undone(reason, words, order),
        (Reason::TimedOut(after), Some(refusal)) => refused_until(*after, refusal, order),
        (Reason::TimedOut(_), None) if account.asked.is_empty() => Words {
            todo: "The instance was busy with something else, or the cloud did not say what it is doing. Apply again \
                   later, with a longer time in `timeouts` if it takes that long."
                .to_owned(),
            ..words
        },
        (Reason::Interrupted, None) if account.asked.is_empty() => {
            Words { todo: "Apply again to go on.".to_owned(), ..words }
        }
        _ => words,
    }
}

/// Out of time while the cloud went on refusing: what it refused for is what matters.
fn refused_until(after: Duration, refusal: &Error, order: &Order) -> Words {
    let words = of_error(refusal);
    let what = format!(
        "{} instance `{}` failed: {} It was tried again until the timeout of {} was over.",
        doing(order.target),
        order.instance_id,
        words.what,
        span(after)
    );
    let todo = if refusal.is_out_of_capacity() {
        "Try again at another time or with a longer time in `timeouts`, or, to work on data only, set \
         `without_gpu = true` where the instance supports it."
            .to_owned()
    } else {
        words.todo
    };
    Words::new(unable(order.target), what, todo)
}

/// A GPU that nobody asked for is there, and the stop that was to undo it failed.
fn not_undone(reason: &Reason, words: Words, order: &Order) -> Words {
    let why = match reason {
        Reason::Call(error) => of_error(error).what,
        Reason::TimedOut(after) => format!("the timeout of {} was over.", span(*after)),
        Reason::Interrupted => "Terraform was interrupted.".to_owned(),
        _ => words.what,
    };
    Words::new(
        GPU_UNASKED,
        format!(
            "Instance `{}` was started without a GPU, but the cloud allocated one all the same. It was to be stopped again, \
             and that did not succeed: {why}",
            order.instance_id
        ),
        "Stop it now, in the console or with `state = \"Stopped\"`, or remove `without_gpu` to keep it as it is.",
    )
    .at("without_gpu")
}

fn of_reason(reason: &Reason, order: &Order) -> Words {
    let id = &order.instance_id;
    let unable = unable(order.target);
    match reason {
        Reason::Call(error) => {
            let words = of_error(error);
            let what = format!("{} instance `{id}` failed: {}", doing(order.target), words.what);
            Words::new(unable, what, words.todo)
        }
        Reason::NotFound => Words::new(
            "Instance Not Found",
            format!("The cloud knows no instance `{id}`{}; it was looked for twice.", in_project(order)),
            "Check the id, and that the keys and `project_id` belong to the account and project that own the instance. A \
             pay-as-you-go instance that was stopped for 7 days is reclaimed and does not come back.",
        )
        .at("instance_id"),
        Reason::OtherRegion { looked, found } => Words::new(
            "Instance in Another Region",
            format!("Instance `{id}` is in region `{found}`, and the provider is configured to look in `{looked}` only."),
            format!("Set the provider's `region` to `{found}`, or leave it out: an instance is found by its id."),
        )
        .at("instance_id"),
        Reason::Vanished => Words::new(
            "Instance Vanished",
            format!("Instance `{id}` was there when the operation began, and is not any more; it was looked for twice."),
            "See in the console whether it was deleted or reclaimed. If it is gone, remove this resource from the configuration.",
        ),
        Reason::WrongRegion { claimed, actual } => elsewhere(id, "region", claimed, actual),
        Reason::WrongZone { claimed, actual } => elsewhere(id, "zone", claimed, actual),
        Reason::FailedState(state) => Words::new(
            "Instance Has Failed",
            format!("Instance `{id}` is in state `{state}`, which it does not leave by itself."),
            "Reinstall or delete it in the console, or ask CompShare's support. Then apply again.",
        ),
        Reason::RestartNotAllowed { without_gpu } => {
            let (now, wanted) =
                if *without_gpu { ("with its GPU", "without") } else { ("without its GPU", "with it") };
            Words::new(
                "Instance Has to Be Stopped for This Change",
                format!(
                    "Instance `{id}` runs {now}, and is to run {wanted}. That can only be chosen when it starts, so it \
                     would have to be stopped and started again, and whatever runs on it would end."
                ),
                "Set `allow_stopping_for_update = true` to allow that, or stop the instance yourself first.",
            )
            .at("without_gpu")
        }
        Reason::NoGpu(refusal) => no_gpu(id, refusal),
        Reason::NotTaken(verb) => Words::new(
            unable,
            format!(
                "The cloud accepted the request to {} instance `{id}`, but the instance stayed in the state it was in.",
                word(*verb)
            ),
            "See in the console what became of it, and apply again.",
        ),
        Reason::Unanswered(verb) => Words::new(
            unable,
            format!(
                "The cloud was asked to {} instance `{id}`, several times. No answer said whether it would, and the instance \
                 stayed in the state it was in.",
                word(*verb)
            ),
            "Apply again later. If it goes on like this, ask CompShare's support.",
        ),
        Reason::FellBack(Verb::Start) => Words::new(
            unable,
            format!("Instance `{id}` began to start, and fell back to `Stopped`."),
            "Somebody else may have stopped it, or the host had no room for it. Apply again; if it happens every time, ask \
             CompShare's support.",
        ),
        Reason::FellBack(Verb::Stop) => Words::new(
            unable,
            format!("Instance `{id}` began to stop, and came back to `Running`."),
            "Somebody else may have started it. Apply again.",
        ),
        Reason::GpuAllocated { stopped_again } => Words::new(
            GPU_UNASKED,
            format!("Instance `{id}` was started without a GPU, but the cloud allocated one all the same."),
            if *stopped_again {
                "It was found stopped, so it was stopped again. Starting without a GPU does not seem to work for this \
                 instance: remove `without_gpu`, or ask CompShare's support."
            } else {
                "Stop it, or remove `without_gpu` to keep it as it is. Starting without a GPU does not seem to work for this \
                 instance."
            },
        )
        .at("without_gpu"),
        Reason::GpuMissing => Words::new(
            "Instance Runs Without Its GPU",
            format!("Instance `{id}` was started with its GPU, but it runs without one."),
            "See in the console what became of it; stopping and starting it may help.",
        ),
        Reason::TimedOut(after) => Words::new(
            &format!("Timeout: {unable}"),
            format!("Instance `{id}` was not {} within {}.", goal(order.target), span(*after)),
            "Nothing was undone: what the cloud accepted goes on. Apply again to wait for it, with a longer time in \
             `timeouts` if it takes that long.",
        ),
        Reason::Interrupted => Words::new(
            &format!("Interrupted: {unable}"),
            format!("Terraform was interrupted before instance `{id}` was {}.", goal(order.target)),
            "Nothing was undone: what the cloud accepted goes on. The next apply takes it from there.",
        ),
    }
}

fn elsewhere(id: &str, attribute: &str, claimed: &str, actual: &str) -> Words {
    Words::new(
        if attribute == "zone" { "Instance in Another Zone" } else { "Instance in Another Region" },
        format!(
            "Instance `{id}` is in {attribute} `{actual}`, and `{attribute}` says `{claimed}`."
        ),
        format!(
            "Set `{attribute} = \"{actual}\"`, or leave it out: an instance is found by its id."
        ),
    )
    .at(attribute)
}

fn no_gpu(id: &str, refusal: &NoGpuRefusal) -> Words {
    let summary = "Instance Cannot Start Without a GPU";
    match refusal {
        NoGpuRefusal::Model => Words::new(
            summary,
            format!("The cloud says that instance `{id}` cannot be started without its GPU: its GPU model does not allow it."),
            "Remove `without_gpu`.",
        )
        .at("without_gpu"),
        NoGpuRefusal::ChargeType(charge) => Words::new(
            summary,
            format!(
                "Instance `{id}` is paid in advance (`{charge}`), and only pay-as-you-go instances can start without a GPU."
            ),
            "Remove `without_gpu`: the time is paid for anyway.",
        )
        .at("without_gpu"),
        NoGpuRefusal::ContainerSpec => Words::new(
            summary,
            format!("Instance `{id}` is a container, and containers have no spec `B`."),
            "Set `without_gpu_spec = \"A\"`, or leave it out.",
        )
        .at("without_gpu_spec"),
    }
}

/// What a failed call means, in a sentence that can follow a colon, and what can be done.
fn of_error(error: &Error) -> Words {
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
            "The cloud allows one at a time and keeps it locked for up to 10 minutes. Wait for it to end, and apply again.",
        ),
        Some(Class::Billing) => (
            "the account cannot pay for it.".to_owned(),
            "Top up the account or settle what is due in the CompShare console, and apply again.",
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
            "See its state in the console, and apply again when it has settled.",
        ),
        Some(Class::Usage) if code == 210 && message.contains("Region") => (
            "the cloud wants to be told the region.".to_owned(),
            "Set the provider's `region` to the one the instance is in.",
        ),
        Some(Class::Usage) if code == 210 && message.contains("Force") => (
            "the cloud wants this stop to be forced, as it does for spot instances.".to_owned(),
            "Apply `force_stop = true` first, which changes nothing in the cloud, and then try again.",
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
            "Apply again later, with a lower `-parallelism` or `max_concurrent_requests`.",
        ),
        Some(Class::Ambiguous) => (
            "the cloud timed out inside, and does not say whether it did it.".to_owned(),
            "Apply again: the provider looks first, and goes on from what it sees.",
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

/// What the failure means for the bill.
fn bill(reason: &Reason, account: &Account) -> &'static str {
    let stopped = account.states.last().is_some_and(|state| state == "Stopped");
    match reason {
        Reason::GpuAllocated { stopped_again: true } => {
            "It is stopped. The short time it ran with a GPU may be billed."
        }
        Reason::GpuAllocated { stopped_again: false } => "It is running, and the GPU is billed.",
        _ if account.gpu_unasked => {
            "It got a GPU that it was not to have, which is billed as long as it runs."
        }
        Reason::Vanished => "What is gone is not billed any more.",
        Reason::FailedState(_) if account.may_have("StartCompShareInstance") => {
            "A start was asked for before it failed; see in the console whether it is billed in this state."
        }
        Reason::FellBack(Verb::Stop) => "It is running, and billed.",
        Reason::GpuMissing => "It is running without its GPU, and billed for that.",
        Reason::FellBack(Verb::Start) => {
            "It is stopped now. The short time it was starting may be billed."
        }
        _ if account.may_have("StartCompShareInstance") => {
            "A start was asked for and not refused: the instance may be starting or running now, and is billed if it is."
        }
        _ if account.may_have("StopCompShareInstance") && stopped => {
            "It was stopped on the way and is stopped now, so a pay-as-you-go instance costs nothing but its extra disks."
        }
        _ if account.may_have("StopCompShareInstance") => {
            "A stop was asked for and not refused; until the instance has stopped it is billed."
        }
        _ => "Nothing was started or stopped, so the bill is what it was.",
    }
}

fn facts(failure: &Failure) -> String {
    let account = &failure.account;
    let mut facts = format!("Instance: {}", account.instance_id);
    line(&mut facts, "States seen", &states(account));
    line(&mut facts, "Asked of the cloud", &asked(account));
    let last = account.last_refusal.as_ref().or(account.last_error.as_ref());
    match (&failure.reason, last) {
        (Reason::Call(error), _) => {
            facts.push('\n');
            facts.push_str(&facts_of(error));
        }
        (_, Some(error)) => {
            facts.push_str("\nLast failed answer:\n");
            facts.push_str(&facts_of(error));
        }
        _ => {}
    }
    facts
}

fn facts_of(error: &Error) -> String {
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

fn line(facts: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(facts, "\n{name}: {value}");
    }
}

fn states(account: &Account) -> String {
    let name =
        |state: &String| if state.is_empty() { "(none given)".to_owned() } else { state.clone() };
    account.states.iter().map(name).collect::<Vec<_>>().join(", then ")
}

/// The calls with what came of them; what came several times in a row is told once.
fn asked(account: &Account) -> String {
    if account.asked.is_empty() {
        return "nothing that changes anything".to_owned();
    }
    let one = |asked: &[Asked]| {
        let answer = match &asked[0].answer {
            Answer::Awaited => "no answer yet",
            Answer::Accepted => "accepted",
            Answer::Refused(words) | Answer::Lost(words) => words,
        };
        let times =
            if asked.len() > 1 { format!(", {} times", asked.len()) } else { String::new() };
        format!("{} ({answer}){times}", asked[0].action)
    };
    account.asked.chunk_by(|one, next| one == next).map(one).collect::<Vec<_>>().join(", then ")
}

fn in_project(order: &Order) -> String {
    order
        .scope
        .project_id
        .as_ref()
        .map(|project| format!(" in project `{project}`"))
        .unwrap_or_default()
}

const fn unable(target: Target) -> &'static str {
    match target {
        Target::Running { .. } => "Unable to Start Instance",
        Target::Stopped | Target::AtRest => "Unable to Stop Instance",
    }
}

const fn doing(target: Target) -> &'static str {
    match target {
        Target::Running { .. } => "Starting",
        Target::Stopped | Target::AtRest => "Stopping",
    }
}

const fn goal(target: Target) -> &'static str {
    match target {
        Target::Running { mode: GpuMode::WithGpu, .. } => "running",
        Target::Running { mode: GpuMode::WithoutGpu(_), .. } => "running without its GPU",
        Target::Stopped | Target::AtRest => "stopped",
    }
}

const fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Start => "start",
        Verb::Stop => "stop",
    }
}

/// A duration as the practitioner would write it: `20m`, `1h30m`, `50ms`.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let milliseconds = u64::from(duration.subsec_millis());
    let parts = [
        (seconds / 3600, "h"),
        (seconds % 3600 / 60, "m"),
        (seconds % 60, "s"),
        (milliseconds, "ms"),
    ];
    let written: String = parts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, unit)| format!("{amount}{unit}"))
        .collect();
    if written.is_empty() { "less than a millisecond".to_owned() } else { written }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_they_are_configured() {
        for (text, milliseconds) in
            [("20m", 1_200_000), ("1h30m", 5_400_000), ("90ms", 90), ("1s500ms", 1_500)]
        {
            assert_eq!(span(Duration::from_millis(milliseconds)), text);
        }
    }
}
