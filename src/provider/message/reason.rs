//! What a failed operation came to, in words: a title, what happened, what to do, and where it points.

use std::time::Duration;

use jiff::fmt::friendly::{Spacing, SpanPrinter};

use super::{error::of_error, words::Words};
use crate::{
    compshare::Error,
    operation::{InstanceRef, LocationMismatch},
    power::{
        Failure, GpuMode, NoGpuRefusal, Operation, PowerReason, REBOOT, Reason, START, STOP,
        Target, undoes_start,
    },
};

const GPU_UNASKED: &str = "Instance Got a GPU It Was Not to Have";

/// What a failed operation came to. The same reason means another thing after other calls.
pub(crate) fn of_failure(failure: &Failure, operation: &Operation) -> Words {
    let Failure { reason, log } = failure;
    let words = of_reason(reason, operation);
    match (reason, log.last_refusal()) {
        (Reason::Kind(PowerReason::GpuAllocated { .. }), _) => words,
        _ if undoes_start(log) => not_undone(reason, words, operation),
        (Reason::TimedOut(after), Some(refusal)) => refused_until(*after, refusal, operation),
        (Reason::TimedOut(_), None) if operation.target == Target::Awaited => Words {
            todo: "It was only waited for, and not started: start it, with `compshare_instance_power` for one, or set a longer \
                   timeout."
                .to_owned(),
            ..words
        },
        (Reason::TimedOut(_), None) if log.calls.is_empty() => Words {
            todo: "The instance was busy with something else, or the cloud did not say what it is doing. Try again \
                   later, with a longer timeout if it takes that long."
                .to_owned(),
            ..words
        },
        (Reason::Interrupted, None) if log.calls.is_empty() => {
            Words { todo: "Run it again to go on.".to_owned(), ..words }
        }
        _ => words,
    }
}

/// Out of time while the cloud went on refusing: what it refused for is what matters.
fn refused_until(after: Duration, refusal: &Error, operation: &Operation) -> Words {
    let words = of_error(refusal);
    let what = format!(
        "{} instance `{}` failed: {} It was tried again until the timeout of {} was over.",
        doing(operation.target),
        operation.instance.id,
        words.what,
        span(after)
    );
    let todo = if refusal.is_out_of_capacity() {
        "Try again at another time or with a longer timeout, or, to work on data only, set \
         `without_gpu = true` where the instance supports it."
            .to_owned()
    } else {
        words.todo
    };
    Words::new(unable(operation.target), what, todo)
}

/// A GPU that nobody asked for is there, and the stop that was to undo it failed.
fn not_undone(reason: &Reason, words: Words, operation: &Operation) -> Words {
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
            operation.instance.id
        ),
        "Stop it now, in the console or with `state = \"Stopped\"`, or remove `without_gpu` to keep it as it is.",
    )
    .at("without_gpu")
}

pub(crate) fn of_reason(reason: &Reason, operation: &Operation) -> Words {
    let id = &operation.instance.id;
    let unable = unable(operation.target);
    match reason {
        Reason::Call(error) => {
            let words = of_error(error);
            let what =
                format!("{} instance `{id}` failed: {}", doing(operation.target), words.what);
            Words::new(unable, what, words.todo)
        }
        Reason::NotFound => not_found(&operation.instance),
        Reason::Location(mismatch) => elsewhere(id, mismatch),
        Reason::Vanished => Words::new(
            "Instance Vanished",
            format!(
                "Instance `{id}` was there when the operation began, and is not any more; it was looked for twice."
            ),
            "See in the console whether it was deleted or reclaimed. If it is gone, remove this resource from the configuration.",
        ),
        Reason::FailedState(state) => Words::new(
            "Instance Has Failed",
            format!("Instance `{id}` is in state `{state}`, which it does not leave by itself."),
            "Reinstall or delete it in the console, or ask CompShare's support. Then try again.",
        ),
        Reason::Kind(reason) => of_power_reason(reason, operation),
        Reason::NoEffect(REBOOT) => Words::new(
            unable,
            format!(
                "The cloud accepted the request to reboot instance `{id}`, but it was not seen to reboot."
            ),
            "It may have been too quick to be seen. See in the console whether it rebooted; if not, try again.",
        ),
        Reason::ResponseLost(REBOOT) => Words::new(
            unable,
            format!(
                "The cloud was asked to reboot instance `{id}`. No answer said whether it would, and it was not seen to \
                 reboot. It was not asked again, since that might have rebooted it twice."
            ),
            "See in the console whether it rebooted; if not, try again.",
        ),
        Reason::NoEffect(verb) => Words::new(
            unable,
            format!(
                "The cloud accepted the request to {} instance `{id}`, but the instance stayed in the state it was in.",
                word(verb)
            ),
            "See in the console what became of it, and try again.",
        ),
        Reason::ResponseLost(verb) => Words::new(
            unable,
            format!(
                "The cloud was asked to {} instance `{id}`, several times. No answer said whether it would, and the instance \
                 stayed in the state it was in.",
                word(verb)
            ),
            "Try again later. If it goes on like this, ask CompShare's support.",
        ),
        Reason::FellBack(START) => Words::new(
            unable,
            format!("Instance `{id}` began to start, and fell back to `Stopped`."),
            "Somebody else may have stopped it, or the host had no room for it. Try again; if it happens every time, ask \
             CompShare's support.",
        ),
        Reason::FellBack(REBOOT) => Words::new(
            unable,
            format!("Instance `{id}` began to reboot, and is `Stopped` now."),
            "Somebody else may have stopped it. Start it again.",
        ),
        Reason::FellBack(_) => Words::new(
            unable,
            format!("Instance `{id}` began to stop, and came back to `Running`."),
            "Somebody else may have started it. Try again.",
        ),
        Reason::TimedOut(after) => Words::new(
            &format!("Timeout: {unable}"),
            format!("Instance `{id}` was not {} within {}.", goal(operation.target), span(*after)),
            "Nothing was undone: what the cloud accepted goes on. Run it again to wait for it, with a longer \
             timeout if it takes that long.",
        ),
        Reason::Interrupted => Words::new(
            &format!("Interrupted: {unable}"),
            format!(
                "Terraform was interrupted before instance `{id}` was {}.",
                goal(operation.target)
            ),
            "Nothing was undone: what the cloud accepted goes on. The next run takes it from there.",
        ),
    }
}

fn of_power_reason(reason: &PowerReason, operation: &Operation) -> Words {
    let id = &operation.instance.id;
    match reason {
        PowerReason::RestartNotAllowed { to_no_gpu_mode } => {
            let (now, wanted) =
                if *to_no_gpu_mode { ("with its GPU", "without") } else { ("without its GPU", "with it") };
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
        PowerReason::NotRunning => Words::new(
            unable(operation.target),
            format!("Instance `{id}` is `Stopped`, and only what runs can be rebooted."),
            "Start it instead.",
        ),
        PowerReason::NoGpuMode(refusal) => no_gpu(id, refusal),
        PowerReason::GpuAllocated { stopped_again } => Words::new(
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
        PowerReason::GpuMissing => Words::new(
            "Instance Runs Without Its GPU",
            format!("Instance `{id}` was started with its GPU, but it runs without one."),
            "See in the console what became of it; stopping and starting it may help.",
        ),
    }
}

pub(crate) fn not_found(instance: &InstanceRef) -> Words {
    let id = &instance.id;
    Words::new(
        "Instance Not Found",
        format!("The cloud knows no instance `{id}`{}; it was looked for twice.", in_project(instance)),
        "Check the id, and that the keys and `project_id` belong to the account and project that own the instance. A \
         pay-as-you-go instance that was stopped for 7 days is reclaimed and does not come back.",
    )
    .at("instance_id")
}

pub(crate) fn elsewhere(id: &str, mismatch: &LocationMismatch) -> Words {
    let (attribute, expected, actual) = match mismatch {
        LocationMismatch::OutsideLimit { limit, actual } => {
            return Words::new(
                "Instance in Another Region",
                format!("Instance `{id}` is in region `{actual}`, and the provider is configured to look in `{limit}` only."),
                format!("Set the provider's `region` to `{actual}`, or leave it out: an instance is found by its id."),
            )
            .at("instance_id");
        }
        LocationMismatch::Region { expected, actual } => ("region", expected, actual),
        LocationMismatch::Zone { expected, actual } => ("zone", expected, actual),
    };
    Words::new(
        if attribute == "zone" { "Instance in Another Zone" } else { "Instance in Another Region" },
        format!(
            "Instance `{id}` is in {attribute} `{actual}`, and `{attribute}` says `{expected}`."
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

fn in_project(instance: &InstanceRef) -> String {
    instance
        .scope
        .project_id
        .as_ref()
        .map(|project| format!(" in project `{project}`"))
        .unwrap_or_default()
}

const fn unable(target: Target) -> &'static str {
    match target {
        Target::Running { .. } => "Unable to Start Instance",
        Target::Awaited => "Unable to Get Instance Login",
        Target::Rebooted => "Unable to Reboot Instance",
        Target::Stopped | Target::NotRunning => "Unable to Stop Instance",
    }
}

const fn doing(target: Target) -> &'static str {
    match target {
        Target::Running { .. } => "Starting",
        Target::Awaited => "Waiting for",
        Target::Rebooted => "Rebooting",
        Target::Stopped | Target::NotRunning => "Stopping",
    }
}

const fn goal(target: Target) -> &'static str {
    match target {
        Target::Running { mode: GpuMode::WithGpu, .. } | Target::Awaited => "running",
        Target::Running { mode: GpuMode::WithoutGpu(_), .. } => "running without its GPU",
        Target::Rebooted => "running again",
        Target::Stopped | Target::NotRunning => "stopped",
    }
}

fn word(action: &str) -> &'static str {
    match action {
        START => "start",
        STOP => "stop",
        _ => "reboot",
    }
}

/// Prints a duration as in a configuration: `20m`, `1h30m`, `50ms`.
pub(crate) fn span(duration: Duration) -> String {
    const PRINTER: SpanPrinter = SpanPrinter::new().spacing(Spacing::None);
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    PRINTER.unsigned_duration_to_string(&Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_in_a_configuration() {
        for (text, milliseconds) in
            [("20m", 1_200_000), ("1h30m", 5_400_000), ("90ms", 90), ("1s500ms", 1_500), ("0s", 0)]
        {
            assert_eq!(span(Duration::from_millis(milliseconds)), text);
        }
    }
}
