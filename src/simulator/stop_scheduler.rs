//! UpdateCompShareStopScheduler and DeleteCompShareStopScheduler.
//!
//! The schedule is the field `SchedulerStopTime` of the instance, which also carries it out.

use serde_json::{Value, json};

use super::{
    account::Account, fault::Effect, form::Form, pending_faults::Kind, refusal::Refusal,
    request::Request,
};

/// Shortest time until a scheduled stop, in seconds.
const SHORTEST_NOTICE: i64 = 5 * 60;

pub(super) fn update_stop_scheduler(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    form.required("Zone")?;
    check_has_project(form)?;
    let id = form.required("UHostId")?;
    let is_strict = !account.options.any_instance_scheduled;
    let instance = account.unlocked_instance(id, form)?;
    let stop_time = form.number("SchedulerStopTime")?;
    let stop_time = stop_time.ok_or_else(|| Refusal::missing("SchedulerStopTime"))?;
    let stop_time = i64::try_from(stop_time).unwrap_or(i64::MAX);
    if stop_time < request.now.as_second() + SHORTEST_NOTICE {
        return Err(Refusal::unavailable("SchedulerStopTime"));
    }
    if is_strict && instance.is_spot() {
        return Err(Refusal::spot_not_scheduled());
    }
    if is_strict && !matches!(instance.state(), "Running" | "Initializing") {
        return Err(Refusal::power_state(instance.state()));
    }
    schedule(account, request, stop_time)
}

/// Cancels a schedule, if there is one, in any state.
pub(super) fn delete_stop_scheduler(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    check_has_project(form)?;
    let id = form.required("UHostId")?;
    if !account.instances.get(id).is_some_and(|instance| instance.is_in_scope(form)) {
        return Err(Refusal::not_found(id));
    }
    schedule(account, request, 0)
}

/// These two actions have no default project.
fn check_has_project(form: &Form) -> Result<(), Refusal> {
    match form.get("ProjectId") {
        Some(_) => Ok(()),
        None => Err(Refusal::unavailable("ProjectID")),
    }
}

fn schedule(
    account: &mut Account,
    request: &Request<'_>,
    stop_time: i64,
) -> Result<Value, Refusal> {
    let id = request.form.required("UHostId")?;
    let stale_reads = account.faults.strike(Kind::Staleness, request);
    if let Some(instance) = account.instances.get_mut(id) {
        if let Some(Effect::StaleReads { lag }) = stale_reads {
            instance.delay_reads(lag, request.now);
        }
        instance.schedule_stop(stop_time);
    }
    Ok(json!({"UHostId": id}))
}
