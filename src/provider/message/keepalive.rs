//! Messages about the action `compshare_instance_keepalive`.

use super::{
    facts::{billing, facts},
    operation::of_reason,
    text::Text,
};
use crate::{
    compshare::Class,
    framework::Diagnostics,
    power::{Failure, NoGpuRefusal, Operation, PowerReason, Reason, START, Target},
};

const STOP_IT: &str = "Stop the instance, for example with the action `compshare_instance_stop`: another keepalive \
     leaves a running instance unchanged.";

/// A failed keepalive, in its start or in its stop.
pub(crate) fn keepalive(operation: &Operation, failure: &Failure) -> Diagnostics {
    let Failure { reason, log } = failure;
    let is_started = operation.target == Target::Stopped;
    let effect = if is_started && !matches!(reason, Reason::Vanished) {
        "The keepalive has started the instance. It is running in no-GPU mode, and is billed until it \
         is stopped."
            .to_owned()
    } else {
        billing(reason, log)
    };
    let text = refusal(reason, operation).unwrap_or_else(|| {
        let text = of_reason(reason, operation, log);
        match todo(failure, is_started) {
            Some(todo) => text.with_todo(todo),
            None => text,
        }
    });
    // Other attributes of power operations do not exist here.
    let attribute = text.attribute.filter(|name| ["instance_id", "project_id"].contains(name));
    Text { attribute, ..text }.into_error(&effect, &facts(failure))
}

/// The remedy, if it differs from that of the same start or stop in another operation.
fn todo(failure: &Failure, is_started: bool) -> Option<&'static str> {
    match &failure.reason {
        Reason::Vanished | Reason::FailedState(_) | Reason::FellBack(START) => None,
        Reason::Kind(PowerReason::GpuAllocated { stopped_again: true }) => Some(
            "No-GPU mode does not appear to work for this instance. Contact CompShare support.",
        ),
        _ if is_started || failure.log.may_have_executed(START) => Some(STOP_IT),
        Reason::Call(error) if error.ret_code() == Some(8445) => {
            Some("Try again when the other instance is stopped.")
        }
        Reason::Call(error) if error.class() == Some(Class::Capacity) => Some("Try again later."),
        _ => None,
    }
}

/// Text about an instance for which there is no keepalive.
fn refusal(reason: &Reason, operation: &Operation) -> Option<Text> {
    let id = &operation.instance.id;
    let (reason, what, todo) = match reason {
        Reason::Kind(PowerReason::NoGpuMode(NoGpuRefusal::ChargeType(charge))) => (
            "Prepaid Instance",
            format!(
                "Instance `{id}` is prepaid (`{charge}`), and CompShare deletes only pay-as-you-go \
                 instances after 7 days."
            ),
            "Remove the keepalive of this instance.",
        ),
        Reason::Kind(PowerReason::NoGpuMode(_)) => return Some(no_gpu_mode(id)),
        Reason::Call(error) if error.ret_code() == Some(8442) => return Some(no_gpu_mode(id)),
        _ => return None,
    };
    Some(Text::unable(KEEP, reason, what, todo).at("instance_id"))
}

const KEEP: &str = "Keep Instance Alive";

fn no_gpu_mode(id: &str) -> Text {
    Text::unable(
        KEEP,
        "No-GPU Mode Not Supported",
        format!("Instance `{id}` does not support no-GPU mode, in which the keepalive starts it."),
        "Start the instance with its GPU and stop it again, for example with the actions \
         `compshare_instance_start` and `compshare_instance_stop`.",
    )
    .at("instance_id")
}
