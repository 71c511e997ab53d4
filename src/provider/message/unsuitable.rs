//! Instances for which an operation or a read is refused before any request that changes them.
//! `attempt` completes the title "Unable to …".

use super::{
    error::NO_CHANGES,
    text::{Facts, Text},
};
use crate::{
    framework::Diagnostics,
    operation::{InstanceRef, LocationMismatch},
    power::NoGpuRefusal,
};

const READ: &str = "Read Instance";

/// An instance that a read did not find.
pub(crate) fn instance_not_found(instance: &InstanceRef) -> Diagnostics {
    not_found(READ, instance).into_error(NO_CHANGES, &Facts::default())
}

/// An instance that a read found in another location than expected.
pub(crate) fn instance_elsewhere(
    instance: &InstanceRef,
    mismatch: &LocationMismatch,
) -> Diagnostics {
    elsewhere(READ, &instance.id, mismatch).into_error(NO_CHANGES, &Facts::default())
}

pub(super) fn not_found(attempt: &str, instance: &InstanceRef) -> Text {
    let text = Text::unable(
        attempt,
        "Instance Not Found",
        format!("Instance `{}` was not found (checked twice).", instance.id),
        "Check `instance_id`, and check that the keys and `project_id` belong to the account and \
         project of the instance. CompShare permanently deletes a pay-as-you-go instance after it \
         has been stopped for 7 days.",
    )
    .at("instance_id");
    match &instance.scope.project_id {
        Some(project) => text.and(&format!("Only project `{project}` was searched.")),
        None => text,
    }
}

pub(super) fn elsewhere(attempt: &str, id: &str, mismatch: &LocationMismatch) -> Text {
    let (reason, attribute, what, todo) = match mismatch {
        LocationMismatch::OutsideLimit { limit, actual } => (
            "Outside the Provider's Region",
            "instance_id",
            format!("region `{actual}`, but the provider is configured for region `{limit}`"),
            format!("Set the provider's `region` to `{actual}`, or remove it"),
        ),
        LocationMismatch::Region { expected, actual } => (
            "In Another Region",
            "region",
            format!("region `{actual}`, but `region` is `{expected}`"),
            format!("Set `region = \"{actual}\"`, or remove `region`"),
        ),
        LocationMismatch::Zone { expected, actual } => (
            "In Another Zone",
            "zone",
            format!("zone `{actual}`, but `zone` is `{expected}`"),
            format!("Set `zone = \"{actual}\"`, or remove `zone`"),
        ),
    };
    let what = format!("Instance `{id}` is in {what}.");
    Text::unable(attempt, reason, what, format!("{todo}: instances are found by ID.")).at(attribute)
}

pub(super) fn restart_not_allowed(id: &str, without_gpu: bool) -> Text {
    let running = if without_gpu { "with its GPU" } else { "in no-GPU mode" };
    Text::unable(
        "Change GPU Mode",
        "Restart Not Allowed",
        format!(
            "Changing the GPU mode of instance `{id}` requires a restart, which terminates all \
             processes on it. The instance is running {running}, but `without_gpu` is \
             `{without_gpu}`."
        ),
        "Set `allow_stopping_for_update = true` to let Terraform restart the instance, or stop the \
         instance first.",
    )
    .at("without_gpu")
}

pub(super) fn no_gpu(id: &str, refusal: &NoGpuRefusal) -> Text {
    let (reason, attribute, what, todo) = match refusal {
        NoGpuRefusal::Model => (
            "GPU Model Not Supported",
            "without_gpu",
            format!("The GPU model of instance `{id}` does not support no-GPU mode."),
            "Remove `without_gpu`.",
        ),
        NoGpuRefusal::ChargeType(charge) => (
            "Prepaid Instance",
            "without_gpu",
            format!(
                "Instance `{id}` is prepaid (`{charge}`), and only pay-as-you-go instances can start \
                 in no-GPU mode."
            ),
            "Remove `without_gpu`. A prepaid instance costs the same in either mode.",
        ),
        NoGpuRefusal::ContainerSpec => (
            "Container With Spec B",
            "without_gpu_spec",
            format!("Instance `{id}` is a container, and containers do not support spec `B`."),
            "Remove `without_gpu_spec`.",
        ),
    };
    Text::unable(START_IN_NO_GPU_MODE, reason, what, todo).at(attribute)
}

pub(super) const START_IN_NO_GPU_MODE: &str = "Start in No-GPU Mode";
