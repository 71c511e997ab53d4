//! UpdateCompShareStopScheduler and DeleteCompShareStopScheduler.
//!
//! The schedule is the field `SchedulerStopTime` of the instance, which also carries it out.

use serde_json::{Value, json};

use super::{
    account::Account, fault::Effect, instance::Instance, pending_faults::Kind, refusal::Refusal,
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
    let is_strict = !account.options.any_instance_scheduled;
    let instance = instance(account, request)?;
    let stop_time = form.number("SchedulerStopTime")?;
    let stop_time = stop_time.ok_or_else(|| Refusal::missing("SchedulerStopTime"))?;
    let stop_time = i64::try_from(stop_time).unwrap_or(i64::MAX);
    if stop_time < request.now.as_second() + SHORTEST_NOTICE {
        return Err(Refusal::unavailable("SchedulerStopTime"));
    }
    if instance.is_locked() {
        return Err(Refusal::locked());
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
    request.form.required("Region")?;
    instance(account, request)?;
    schedule(account, request, 0)
}

fn instance<'a>(account: &'a Account, request: &Request<'_>) -> Result<&'a Instance, Refusal> {
    let form = request.form;
    if form.get("ProjectId").is_none() {
        return Err(Refusal::unavailable("ProjectID"));
    }
    let id = form.required("UHostId")?;
    let instance = account.instances.get(id).filter(|instance| instance.is_in_scope(form));
    instance.ok_or_else(|| Refusal::not_found(id))
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
