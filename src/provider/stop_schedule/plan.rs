//! Plans of `compshare_instance_stop_schedule`.
//!
//! Terraform plans again during an apply and requires the same values. Planned values therefore
//! depend on configuration and prior state only, in which the last refresh has stored the `status`.
//! The clock leads to errors only.

use super::{
    model::{MISSING, SCHEDULED, StopScheduleModel},
    time,
};
use crate::{
    framework::{Attr, Change, Diagnostics},
    provider::{instance::reported::rfc3339, message},
};

/// Completes `planned`.
///
/// # Errors
/// The planned time is too near.
pub(super) fn plan(
    change: &Change<'_, StopScheduleModel>,
    planned: &mut StopScheduleModel,
) -> Result<(), Diagnostics> {
    planned.id = planned.instance_id.clone();
    let changes = changes(change.prior, change.config);
    let is_computed = change.config.stop_at.is_null();
    if is_computed && changes != Attr::Known(false) {
        planned.stop_at = Attr::Unknown;
    }
    let is_missing = change.prior.is_some_and(|prior| prior.status.text() == Some(MISSING));
    match changes {
        _ if is_missing => {}
        Attr::Known(true) => {}
        Attr::Known(false) => return Ok(()),
        Attr::Null | Attr::Unknown => {
            planned.status = Attr::Unknown;
            planned.scheduled_stop_at = Attr::Unknown;
            return Ok(());
        }
    }
    planned.status = SCHEDULED.into();
    planned.scheduled_stop_at = Attr::Unknown;
    let Some(at) = planned.stop_at.text().and_then(time::parse) else { return Ok(()) };
    planned.scheduled_stop_at = rfc3339(at).into();
    require_notice(planned, at)
}

/// Returns an error if the stop of `planned` at the time `at` cannot be scheduled any more.
pub(super) fn require_notice(planned: &StopScheduleModel, at: i64) -> Result<(), Diagnostics> {
    if time::can_be_scheduled(at, time::now()) {
        return Ok(());
    }
    Err(message::stop_too_soon(
        planned.instance_id.text().unwrap_or_default(),
        planned.stop_at.text().unwrap_or_default(),
        planned.stop_after.is_null(),
    ))
}

/// Returns true if the apply of `planned` sets the stop.
pub(super) fn is_set(prior: &StopScheduleModel, planned: &StopScheduleModel) -> bool {
    prior.status.text() == Some(MISSING) || changes(Some(prior), planned) != Attr::Known(false)
}

/// Returns true if the time or the triggers change; unknown if that is not known until apply.
/// `config` is the configuration or, in an apply, the plan.
fn changes(prior: Option<&StopScheduleModel>, config: &StopScheduleModel) -> Attr<bool> {
    let Some(prior) = prior else { return Attr::Known(true) };
    let instant = |stop_at: &Attr<String>| stop_at.text().and_then(time::parse);
    let changes = [
        if_known(&config.stop_at, |_| instant(&config.stop_at) != instant(&prior.stop_at)),
        if_known(&config.stop_after, |_| config.stop_after != prior.stop_after),
        triggers_change(prior, config),
    ];
    if changes.contains(&Attr::Known(true)) {
        return Attr::Known(true);
    }
    if changes.contains(&Attr::Unknown) { Attr::Unknown } else { Attr::Known(false) }
}

/// Returns whether a known value `changes`. A null value changes nothing.
fn if_known<T>(value: &Attr<T>, changes: impl Fn(&T) -> bool) -> Attr<bool> {
    match value {
        Attr::Null => Attr::Known(false),
        Attr::Unknown => Attr::Unknown,
        Attr::Known(value) => Attr::Known(changes(value)),
    }
}

/// Compares the triggers. An unknown element may turn out to be equal.
fn triggers_change(prior: &StopScheduleModel, config: &StopScheduleModel) -> Attr<bool> {
    let (Attr::Known(before), Attr::Known(after)) = (&prior.triggers, &config.triggers) else {
        let is_unknown = config.triggers.is_unknown();
        let differ = prior.triggers != config.triggers;
        return if is_unknown { Attr::Unknown } else { Attr::Known(differ) };
    };
    let differs = |(name, value)| before.get(name).is_none_or(|before| before != value);
    let is_known = |(_, value): &(&String, &Attr<String>)| !value.is_unknown();
    if before.len() != after.len() || after.iter().filter(is_known).any(differs) {
        return Attr::Known(true);
    }
    if after.values().any(Attr::is_unknown) { Attr::Unknown } else { Attr::Known(false) }
}
