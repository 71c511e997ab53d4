//! StartCompShareInstance, StopCompShareInstance and RebootCompShareInstance.

use serde_json::{Value, json};

use super::{
    account::Account,
    fault::Effect,
    instance::Instance,
    pending_faults::Kind,
    refusal::Refusal,
    request::{PowerOperation, Request},
    transition::{Durations, Outcome, Transition},
    without_gpu::{Spec, requested_spec},
};

pub(super) fn operate(
    account: &mut Account,
    operation: PowerOperation,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    form.required("Zone")?;
    let id = form.required("UHostId")?;
    let instance = account.instances.get(id).filter(|instance| instance.is_in_scope(form));
    let Some(instance) = instance else { return Err(Refusal::not_found(id)) };
    if instance.is_locked() {
        return Err(Refusal::locked());
    }
    let states = states(instance.state(), operation)?;
    if operation == PowerOperation::Stop && instance.is_spot() && !form.flag("Force")? {
        return Err(Refusal::missing("Force"));
    }
    let size = match operation {
        PowerOperation::Start => Some(accept_start(account, id, request)?),
        PowerOperation::Stop | PowerOperation::Reboot => None,
    };
    let transition = transition(account, operation, states, request);
    let stale_reads = account.faults.strike(Kind::Staleness, request);
    if let Some(instance) = account.instances.get_mut(id) {
        if let Some(Effect::StaleReads { lag }) = stale_reads {
            instance.delay_reads(lag, request.now);
        }
        if let Some(spec) = size {
            instance.resize_for_start(spec);
        }
        instance.begin(transition, request.now);
    }
    Ok(json!({"UHostId": id}))
}

/// States of an instance during and after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct States {
    transitional: &'static [&'static str],
    target: &'static str,
}

/// The state machine.
fn states(state: &str, operation: PowerOperation) -> Result<States, Refusal> {
    match (state, operation) {
        // A reclaimed spot instance is interrupted.
        ("Stopped" | "Interrupted", PowerOperation::Start) => {
            Ok(States { transitional: &["Starting"], target: "Running" })
        }
        // A stop during a start is not documented, but is how users free an instance that does not
        // finish its start.
        ("Running" | "Starting" | "Initializing", PowerOperation::Stop) => {
            Ok(States { transitional: &["Stopping"], target: "Stopped" })
        }
        ("Running", PowerOperation::Reboot) => {
            Ok(States { transitional: &["Rebooting"], target: "Running" })
        }
        ("Starting", PowerOperation::Start) => Err(Refusal::starting()),
        ("Running", PowerOperation::Start) => Err(Refusal::not_stopped(state)),
        (_, PowerOperation::Start | PowerOperation::Stop | PowerOperation::Reboot) => {
            Err(Refusal::power_state(state))
        }
    }
}

/// Checks capacity and no-GPU mode. Returns the size without GPU; `None` if the instance gets a
/// GPU.
fn accept_start(
    account: &mut Account,
    id: &str,
    request: &Request<'_>,
) -> Result<Option<Spec>, Refusal> {
    let Some(spec) = requested_spec(account.options.without_gpu, request.form)? else {
        let is_refused = account.faults.strike(Kind::Capacity, request).is_some();
        let instance = &account.instances[id];
        if !is_refused && instance.gpus() <= account.free_gpus(instance, request.now) {
            return Ok(None);
        }
        let is_restore = instance.is_without_gpu();
        return Err(if is_restore { Refusal::out_of_resources() } else { Refusal::sold_out() });
    };
    let instance = &account.instances[id];
    if spec == Spec::B && instance.is_container() {
        return Err(Refusal::unavailable("WithoutGpuSpec"));
    }
    if !instance.supports_no_gpu_mode() || instance.text("ChargeType") != "Postpay" {
        return Err(Refusal::without_gpu_unsupported());
    }
    let takes_quota = |other: &Instance| other.is_without_gpu() && other.has_machine();
    if account.instances.values().any(takes_quota) {
        return Err(Refusal::without_gpu_taken());
    }
    let gpu_allocated = account.faults.strike(Kind::GpuMode, request).is_some();
    Ok((!gpu_allocated).then_some(spec))
}

/// Returns the transition of an accepted operation.
fn transition(
    account: &mut Account,
    operation: PowerOperation,
    states: States,
    request: &Request<'_>,
) -> Transition {
    let fault = match operation {
        PowerOperation::Start => account.faults.strike(Kind::Outcome, request),
        PowerOperation::Stop | PowerOperation::Reboot => None,
    };
    let duration = match operation {
        PowerOperation::Start | PowerOperation::Reboot => account.options.start_time,
        PowerOperation::Stop => account.options.stop_time,
    };
    let durations = Durations { transition: duration, lock: account.options.lock_ttl };
    let outcome = Outcome::State(states.target);
    Transition::new(states.transitional, outcome, durations, request.now).with_fault(fault.as_ref())
}
