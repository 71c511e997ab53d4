//! Plans of `compshare_instance_power`: planned values, and the check against the instance.
//!
//! Terraform plans again during an apply and requires the same values, even if the API then reports
//! others. Planned values therefore depend on configuration and prior state only. A describe leads
//! to errors and warnings.

use jiff::SignedDuration;

use super::{
    model::{InstancePowerModel, RUNNING, STOPPED},
    operation::{location, operation, target},
    state::observed,
};
use crate::{
    compshare::Class,
    framework::{Attr, Change, Context, Diagnostic, Diagnostics},
    power::{self, Operation, PowerReason, Reason},
    provider::{
        instance::reported::{ChangingFacts, SshLogin},
        message,
        session::Session,
        timeouts::DEFAULT_TIMEOUT,
    },
};

/// Time before a deletion by CompShare from which on plans warn of it.
const DELETION_NOTICE: SignedDuration = SignedDuration::from_hours(48);

type PowerChange<'a> = Change<'a, InstancePowerModel>;

/// Completes `planned`, and warns of a plan that cannot succeed or has unwanted effects.
///
/// # Errors
/// The configuration is at fault.
pub(super) async fn plan(
    context: &Context<Session>,
    change: &PowerChange<'_>,
    planned: &mut InstancePowerModel,
) -> Result<(), Diagnostics> {
    let session = context.session()?;
    planned.id = planned.instance_id.clone();
    planned.without_gpu = planned_mode(change, planned);
    if change.prior.is_none() {
        planned.project_id = session.project_or(&change.config.project_id);
    }
    let starts_or_stops = change.prior.is_none_or(|prior| changes_power(prior, planned));
    if starts_or_stops {
        forget_changing_facts(planned);
    }
    let Some(id) = planned.instance_id.text() else { return Ok(()) };
    let runs = planned.state.text() == Some(RUNNING);
    if let Some(conflict) = session.planned().manage(id, runs, change.is_replacement) {
        session.warn(context, id, message::conflict(id, conflict));
    }
    let observed = match change.prior {
        Some(prior) if !starts_or_stops => Some(prior.clone()),
        _ => preflight(context, change, planned).await?.or_else(|| change.prior.cloned()),
    };
    for warning in observed.iter().flat_map(|observed| warnings(id, change, observed, planned)) {
        session.warn(context, id, warning);
    }
    Ok(())
}

/// Returns true if the change from `prior` to `planned` starts or stops the instance.
pub(super) fn changes_power(prior: &InstancePowerModel, planned: &InstancePowerModel) -> bool {
    let mode_changes =
        planned.state.text() == Some(RUNNING) && planned.without_gpu != prior.without_gpu;
    planned.state != prior.state || mode_changes
}

/// Returns the planned `without_gpu`. If it is not configured, a start makes it unknown, and the
/// mode of a running instance is kept unless a restart is allowed.
fn planned_mode(change: &PowerChange<'_>, planned: &InstancePowerModel) -> Attr<bool> {
    if !change.config.without_gpu.is_null() {
        return change.config.without_gpu;
    }
    let before = change.prior.map_or(Attr::Known(false), |prior| prior.without_gpu);
    let ran_before = change.prior.is_some_and(|prior| prior.state.text() == Some(RUNNING));
    let Some(state) = planned.state.text() else { return Attr::Unknown };
    if state != RUNNING || ran_before && before == Attr::Known(false) {
        return before;
    }
    match planned.allow_stopping_for_update {
        Attr::Known(true) => Attr::Known(false),
        Attr::Null | Attr::Known(false) if ran_before => before,
        _ => Attr::Unknown,
    }
}

/// Marks the facts that a start or stop changes as unknown.
fn forget_changing_facts(planned: &mut InstancePowerModel) {
    let is_stopped = planned.state.text() == Some(STOPPED);
    let reported = &mut planned.reported;
    reported.gpu_count = if is_stopped { Attr::Known(0) } else { Attr::Unknown };
    reported.changing = ChangingFacts::unknown(reported.changing.is_spot);
    planned.ssh = if is_stopped { SshLogin::default() } else { SshLogin::unknown() };
}

/// Describes the instance, and returns the observed state. Returns `None` if the plan is not
/// checked; the apply then reports the failure.
async fn preflight(
    context: &Context<Session>,
    change: &PowerChange<'_>,
    planned: &InstancePowerModel,
) -> Result<Option<InstancePowerModel>, Diagnostics> {
    let session = context.session()?;
    let is_unknown = planned.state.is_unknown() || change.config.without_gpu.is_unknown();
    if is_unknown || session.config_is_unknown() {
        return Ok(None);
    }
    let location = location(change.config);
    let operation = operation(session, planned, location, target(planned), DEFAULT_TIMEOUT);
    let id = &operation.instance.id;
    let operations = &session.clients(&context.stop).await?.operations;
    let described = tokio::select! {
        described = power::describe(operations, &operation) => described,
        () = context.stop.cancelled() => return Ok(None),
        () = tokio::time::sleep(session.request_timeout()) => {
            session.warn(context, "", message::plan_not_checked(None));
            return Ok(None);
        }
    };
    match described {
        Ok(Some(instance)) => {
            if let Err(reason) = power::preflight(&operation, &instance) {
                refuse_or_warn(context, &operation, &reason)?;
            }
            Ok(Some(observed(planned, &instance)))
        }
        Ok(None) if change.prior.is_some() || session.planned().was_removed(id) => {
            session.warn(context, id, message::no_longer_exists(id));
            Ok(None)
        }
        Ok(None) => Err(message::refused_plan(&operation, &Reason::NotFound)),
        Err(error)
            if error.class() == Some(Class::Credentials) || error.ret_code() == Some(292) =>
        {
            Err(message::read(&operation.instance, &error))
        }
        Err(error) => {
            session.warn(context, "", message::plan_not_checked(Some(&error)));
            Ok(None)
        }
    }
}

/// Fails if the configuration is at fault. Otherwise the state of the instance is, and it must not
/// hold up the rest of the configuration.
fn refuse_or_warn(
    context: &Context<Session>,
    operation: &Operation,
    reason: &Reason,
) -> Result<(), Diagnostics> {
    let is_configured = matches!(
        reason,
        Reason::Location(_)
            | Reason::Kind(PowerReason::RestartNotAllowed { .. } | PowerReason::NoGpuMode(_))
    );
    if is_configured {
        return Err(message::refused_plan(operation, reason));
    }
    let warning = message::failing_apply(operation, reason);
    context.session()?.warn(context, &operation.instance.id, warning);
    Ok(())
}

/// Returns the warnings about the effect of a plan on an instance that was `observed`.
fn warnings(
    id: &str,
    change: &PowerChange<'_>,
    observed: &InstancePowerModel,
    planned: &InstancePowerModel,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let runs = planned.state.text() == Some(RUNNING);
    if let Some(at) = observed.reported.changing.deletion_within(DELETION_NOTICE) {
        warnings.push(message::deleted_soon(id, at, runs));
    }
    let becomes_stopped = planned.state.text() == Some(STOPPED)
        && change.prior.is_none_or(|prior| prior.state.text() != Some(STOPPED));
    if becomes_stopped && observed.reported.charge_type.text() == Some("Postpay") {
        warnings.push(message::deleted_if_kept_stopped(id));
    }
    let keeps_mode =
        change.config.without_gpu.is_null() && !planned.allow_stopping_for_update.is_true();
    let is_running = observed.state.text() == Some(RUNNING);
    if runs && is_running && keeps_mode && observed.without_gpu.is_true() {
        warnings.push(message::runs_without_gpu(id));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Attr<bool> = Attr::Known(true);
    const NO: Attr<bool> = Attr::Known(false);

    fn model(state: &str, without_gpu: Attr<bool>, allowed: Attr<bool>) -> InstancePowerModel {
        let state = if state == "?" { Attr::Unknown } else { state.into() };
        let allow_stopping_for_update = allowed;
        InstancePowerModel { state, without_gpu, allow_stopping_for_update, ..Default::default() }
    }

    #[test]
    fn mode_is_planned_from_configuration_and_prior_state() {
        use Attr::{Null, Unknown};
        // Prior state and mode; configured state, mode and permission; planned mode.
        for (prior, config, expected) in [
            (None, ("Running", Null, Null), Unknown),
            (None, ("Running", Null, YES), NO),
            (None, ("Running", YES, Null), YES),
            (None, ("Stopped", Null, Null), NO),
            (None, ("?", Null, YES), Unknown),
            (Some(("Running", NO)), ("Running", Null, Null), NO),
            (Some(("Running", NO)), ("Running", Null, Unknown), NO),
            (Some(("Running", YES)), ("Running", Null, Null), YES),
            (Some(("Running", YES)), ("Running", Null, YES), NO),
            (Some(("Running", YES)), ("Running", Null, Unknown), Unknown),
            (Some(("Running", YES)), ("Running", NO, Null), NO),
            (Some(("Running", YES)), ("Stopped", Null, YES), YES),
            (Some(("Running", YES)), ("?", Null, Null), Unknown),
            (Some(("Stopped", YES)), ("Running", Null, Null), Unknown),
            (Some(("Stopped", YES)), ("Running", Null, YES), NO),
            (Some(("Stopped", NO)), ("Running", Unknown, Null), Unknown),
            // With `ignore_changes`, the reported state is the desired one.
            (Some(("Starting", YES)), ("Starting", Null, YES), YES),
        ] {
            let before = prior.map(|(state, mode)| model(state, mode, Null));
            let (state, mode, allowed) = config;
            let config = model(state, mode, allowed);
            let change = Change { config: &config, prior: before.as_ref(), is_replacement: false };
            assert_eq!(planned_mode(&change, &config), expected, "{prior:?} {state} {mode:?}");
        }
    }
}
