//! Instances for which an operation or a read is refused before any request that changes them.

use super::text::{Facts, Text};
use crate::{
    framework::Diagnostics,
    operation::{InstanceRef, LocationMismatch},
    power::NoGpuRefusal,
};

/// An instance that a read did not find.
pub(crate) fn instance_not_found(instance: &InstanceRef) -> Diagnostics {
    not_found(instance).into_error("", &Facts::default())
}

/// An instance that a read found in another location than expected.
pub(crate) fn instance_elsewhere(
    instance: &InstanceRef,
    mismatch: &LocationMismatch,
) -> Diagnostics {
    elsewhere(&instance.id, mismatch).into_error("", &Facts::default())
}

pub(super) fn not_found(instance: &InstanceRef) -> Text {
    let project = match &instance.scope.project_id {
        Some(project) => format!(" in project `{project}`"),
        None => String::new(),
    };
    Text::new(
        "Instance Not Found",
        format!("Instance `{}` was not found{project} (checked twice).", instance.id),
        "Check the ID, and check that the keys and `project_id` belong to the account and project of \
         the instance. CompShare permanently deletes a pay-as-you-go instance after it has been \
         stopped for 7 days.",
    )
    .at("instance_id")
}

pub(super) fn elsewhere(id: &str, mismatch: &LocationMismatch) -> Text {
    match mismatch {
        LocationMismatch::OutsideLimit { limit, actual } => Text::new(
            "Instance Outside the Provider's Region",
            format!(
                "Instance `{id}` is in region `{actual}`, but the provider is configured for region \
                 `{limit}`."
            ),
            format!(
                "Set the provider's `region` to `{actual}`, or remove it: instances are found by ID."
            ),
        )
        .at("instance_id"),
        LocationMismatch::Region { expected, actual } => Text::new(
            "Instance in Another Region",
            format!("Instance `{id}` is in region `{actual}`, but `region` is `{expected}`."),
            format!("Set `region = \"{actual}\"`, or remove `region`: instances are found by ID."),
        )
        .at("region"),
        LocationMismatch::Zone { expected, actual } => Text::new(
            "Instance in Another Zone",
            format!("Instance `{id}` is in zone `{actual}`, but `zone` is `{expected}`."),
            format!("Set `zone = \"{actual}\"`, or remove `zone`: instances are found by ID."),
        )
        .at("zone"),
    }
}

pub(super) fn restart_required(id: &str, without_gpu: bool) -> Text {
    let running = if without_gpu { "with its GPU" } else { "in no-GPU mode" };
    Text::new(
        "Restart Required to Change GPU Mode",
        format!(
            "Instance `{id}` is running {running}, but `without_gpu` is `{without_gpu}`. Changing \
             the GPU mode requires a restart, which terminates all processes on the instance."
        ),
        "Set `allow_stopping_for_update = true` to let Terraform restart the instance, or stop the \
         instance first.",
    )
    .at("without_gpu")
}

pub(super) fn no_gpu(id: &str, refusal: &NoGpuRefusal) -> Text {
    match refusal {
        NoGpuRefusal::Model => Text::new(
            "No-GPU Mode Not Supported for GPU Model",
            format!("The GPU model of instance `{id}` does not support no-GPU mode."),
            "Remove `without_gpu`.",
        )
        .at("without_gpu"),
        NoGpuRefusal::ChargeType(charge) => Text::new(
            "No-GPU Mode Not Supported for Prepaid Instance",
            format!(
                "Instance `{id}` is prepaid (`{charge}`), and only pay-as-you-go instances can start \
                 in no-GPU mode."
            ),
            "Remove `without_gpu`. A prepaid instance costs the same in either mode.",
        )
        .at("without_gpu"),
        NoGpuRefusal::ContainerSpec => Text::new(
            "No-GPU Spec Not Supported for Container",
            format!("Instance `{id}` is a container, and containers do not support spec `B`."),
            "Set `without_gpu_spec = \"A\"`, or remove `without_gpu_spec`.",
        )
        .at("without_gpu_spec"),
    }
}
