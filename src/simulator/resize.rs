//! ResizeCompShareInstance.

use serde_json::{Map, Value, json};

use super::{
    account::Account,
    catalog,
    create::{legal_size, required_number},
    fault::Effect,
    form::Form,
    instance::Instance,
    pending_faults::Kind,
    refusal::Refusal,
    request::Request,
    transition::{Durations, Outcome, Transition},
    without_gpu::{Spec, spec},
};

/// A change of CPU, memory and GPUs, or of a disk.
enum Change {
    /// Size without GPU, or `None` and the fields of the full size.
    Size(Option<Spec>, Map<String, Value>),
    Disk(Map<String, Value>),
}

pub(super) fn resize_instance(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    form.required("Zone")?;
    if form.contains("WithoutGpu") {
        return Err(Refusal::unavailable("WithoutGpu"));
    }
    let (id, instance) = account.unlocked_instance(form)?;
    if instance.state() != "Stopped" {
        return Err(Refusal::not_stopped(instance.state()));
    }
    let change = change(form, instance)?;
    if matches!(change, Change::Size(None, _))
        && account.faults.strike(Kind::Capacity, request).is_some()
    {
        return Err(Refusal::sold_out());
    }
    let fault = account.faults.strike(Kind::Outcome, request);
    let stale_reads = account.faults.strike(Kind::Staleness, request);
    let durations =
        Durations { transition: account.options.resize_time, lock: account.options.lock_ttl };
    let stopped = Outcome::State("Stopped");
    let transition = Transition::new(&["Resizing"], stopped, durations, request.now);
    if let Some(instance) = account.instances.get_mut(&id) {
        if let Some(Effect::StaleReads { lag }) = stale_reads {
            instance.delay_reads(lag, request.now);
        }
        if fault == Some(Effect::RollBack) {
            instance.begin(transition, request.now);
        } else {
            match change {
                Change::Size(spec, fields) => instance.change_size(spec, fields),
                Change::Disk(fields) => instance.change(fields),
            }
            instance.begin(transition.with_fault(fault.as_ref()), request.now);
        }
    }
    Ok(json!({"UHostId": id}))
}

fn change(form: &Form, instance: &Instance) -> Result<Change, Refusal> {
    let size = ["Gpu", "Cpu", "Memory"];
    let disk = form.get("DiskId");
    let spec = spec(form)?;
    let has_size = size.iter().any(|parameter| form.contains(parameter));
    if usize::from(disk.is_some()) + usize::from(spec.is_some()) + usize::from(has_size) > 1 {
        return Err(Refusal::conflict());
    }
    if let Some(disk) = disk {
        let size = required_number(form, "DiskSpace")?;
        return Ok(Change::Disk(instance.with_larger_disk(disk, size)?));
    }
    if spec.is_some() {
        if !instance.supports_no_gpu_mode() || instance.text("ChargeType") != "Postpay" {
            return Err(Refusal::without_gpu_unsupported());
        }
        return Ok(Change::Size(spec, Map::new()));
    }
    let [gpu, cpu, memory] = size.map(|parameter| required_number(form, parameter));
    let gpu_type = catalog::find(instance.text("Zone"), instance.text("GpuType"))
        .ok_or_else(Refusal::illegal_size)?;
    let size = legal_size(gpu_type, gpu?, cpu?, memory?)?;
    let fields = [("GPU", size.gpu), ("CPU", size.cpu), ("Memory", size.memory_gb * 1024)];
    let fields = fields.map(|(field, value)| (field.to_owned(), json!(value)));
    Ok(Change::Size(None, Map::from_iter(fields)))
}
