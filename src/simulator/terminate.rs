//! TerminateCompShareInstance.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    account::Account,
    describe_disks::detached_disks,
    fault::Effect,
    pending_faults::Kind,
    refusal::Refusal,
    request::Request,
    transition::{Durations, Outcome, Transition},
};

pub(super) fn terminate_instance(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    form.required("Zone")?;
    let release_disks = form.flag("ReleaseUDisk")?;
    let running_spot = account.options.running_spot_terminates;
    let id = form.required("UHostId")?;
    let instance = account.unlocked_instance(id, form)?;
    match instance.state() {
        "Stopped" | "Interrupted" | "Install Fail" => {}
        "Running" if running_spot && instance.is_spot() => {}
        "Stopping" => return Err(Refusal::power_state("Stopping")),
        state => return Err(Refusal::not_stopped(state)),
    }
    // Without a state of its own: the instance is reported as before until it is gone.
    let lag = match account.faults.strike(Kind::Staleness, request) {
        Some(Effect::StaleReads { lag }) => lag,
        _ => Duration::ZERO,
    };
    let durations = Durations {
        transition: account.options.terminate_time + lag,
        lock: account.options.lock_ttl,
    };
    let transition = Transition::new(&[], Outcome::Gone, durations, request.now);
    if let Some(instance) = account.instances.get_mut(id) {
        instance.begin(transition, request.now);
        if !release_disks {
            account.detached_disks.extend(detached_disks(instance));
        }
    }
    account.settle(request.now);
    Ok(json!({"UHostId": id, "InRecycle": "No"}))
}
