//! Check whether an operation can succeed, as far as a describe shows.

use std::sync::Arc;

use super::{
    operation::{GpuMode, InOtherMode, Operation, Target},
    reason::{NoGpuRefusal, PowerReason, Reason},
};
use crate::{
    compshare::{Error, Instance, Spec, State},
    operation::{InstanceRef, Operations},
};

/// Charge types that are prepaid.
const PREPAID: [&str; 3] = ["Day", "Month", "Year"];

/// Describes the instance of `operation` for the check of a plan. If it runs in a GPU mode that the
/// plan would be refused for, describes it again: one describe is not enough for that.
///
/// # Errors
///
/// As [`Operations::describe`].
pub(crate) async fn describe(
    operations: &Operations,
    operation: &Operation,
) -> Result<Option<Arc<Instance>>, Error> {
    let InstanceRef { id, scope, .. } = &operation.instance;
    let described = operations.describe_recent(id, scope).await?;
    let refusal = described.as_ref().map(|seen| feasible(operation.target, seen));
    match refusal {
        Some(Err(Reason::Kind(PowerReason::RestartNotAllowed { .. }))) => {
            operations.describe_again(id, scope).await
        }
        _ => Ok(described),
    }
}

/// Checks the location of an instance, and whether the operation can succeed. For plans.
///
/// # Errors
///
/// The reason why the operation would fail.
pub(crate) fn preflight(operation: &Operation, seen: &Instance) -> Result<(), Reason> {
    operation.instance.check_location(seen).map_err(Reason::Location)?;
    feasible(operation.target, seen)
}

/// Checks whether `seen` can reach `target`.
pub(super) fn feasible(target: Target, seen: &Instance) -> Result<(), Reason> {
    if seen.state.is_failed() && target != Target::NotRunning {
        return Err(Reason::FailedState(seen.state.to_string()));
    }
    let Target::Running { mode, in_other_mode } = target else { return Ok(()) };
    let is_running = seen.state == State::Running;
    if is_running && (mode.matches(seen) || in_other_mode == InOtherMode::Keep) {
        return Ok(());
    }
    if let GpuMode::WithoutGpu(spec) = mode {
        supports_no_gpu_mode(seen, spec)
            .map_err(|refusal| Reason::Kind(PowerReason::NoGpuMode(refusal)))?;
    }
    if is_running && in_other_mode == InOtherMode::Refuse {
        let to_no_gpu_mode = mode.is_without_gpu();
        return Err(Reason::Kind(PowerReason::RestartNotAllowed { to_no_gpu_mode }));
    }
    Ok(())
}

fn supports_no_gpu_mode(seen: &Instance, spec: Spec) -> Result<(), NoGpuRefusal> {
    if seen.supports_without_gpu_start == Some(false) {
        return Err(NoGpuRefusal::Model);
    }
    if let Some(charge_type) = seen.charge_type.as_deref()
        && PREPAID.contains(&charge_type)
    {
        return Err(NoGpuRefusal::ChargeType(charge_type.to_owned()));
    }
    if seen.is_container() && spec == Spec::B {
        return Err(NoGpuRefusal::ContainerSpec);
    }
    Ok(())
}
