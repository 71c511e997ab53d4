//! ResizeCompShareInstance and ResizeCompShareDisk.

use serde_json::{Map, Value, json};

use super::{
    account::Account,
    catalog,
    charge_type::ChargeType,
    create::{legal_size, required_number},
    fault::Effect,
    form::Form,
    instance::Instance,
    pending_faults::Kind,
    price::instance_price,
    refusal::Refusal,
    request::Request,
    transition::{Durations, Outcome, Transition},
    without_gpu::{Spec, spec},
};

/// A change of the size or of a disk.
enum Change {
    WithoutGpu(Spec),
    Size { gpus: usize, fields: Map<String, Value> },
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
    let id = form.required("UHostId")?;
    let change = change(form, stopped_instance(account, id, form)?)?;
    if let Change::Size { gpus, .. } = change {
        let is_refused = account.faults.strike(Kind::Capacity, request).is_some();
        if is_refused || gpus > account.free_gpus(&account.instances[id], request.now) {
            return Err(Refusal::sold_out());
        }
    }
    begin(account, request, id, change);
    Ok(json!({"UHostId": id}))
}

/// Grows a disk of a virtual machine.
pub(super) fn resize_disk(account: &mut Account, request: &Request<'_>) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    form.required("Zone")?;
    let disk = form.required("UDiskId")?;
    let size = required_number(form, "Size")?;
    let attached = |instance: &Instance| instance.disks().any(|other| other["DiskId"] == disk);
    let id = match form.get("UHostId") {
        Some(id) => id.to_owned(),
        None => {
            let owner = account.instances.iter().find(|(_, instance)| attached(instance));
            owner.map(|(id, _)| id.clone()).ok_or_else(|| Refusal::not_found(disk))?
        }
    };
    let instance = stopped_instance(account, &id, form)?;
    if instance.is_container() {
        return Err(Refusal::other_disk_kind());
    }
    let change = Change::Disk(instance.with_larger_disk(disk, size)?);
    begin(account, request, &id, change);
    Ok(json!({"UDiskId": disk}))
}

fn stopped_instance<'a>(
    account: &'a mut Account,
    id: &str,
    form: &Form,
) -> Result<&'a Instance, Refusal> {
    let instance = account.unlocked_instance(id, form)?;
    match instance.state() {
        "Stopped" => Ok(instance),
        state => Err(Refusal::not_stopped(state)),
    }
}

fn begin(account: &mut Account, request: &Request<'_>, id: &str, change: Change) {
    let fault = account.faults.strike(Kind::Outcome, request);
    let stale_reads = account.faults.strike(Kind::Staleness, request);
    let durations =
        Durations { transition: account.options.resize_time, lock: account.options.lock_ttl };
    let stopped = Outcome::State("Stopped");
    let transition = Transition::new(&["Resizing"], stopped, durations, request.now);
    let Some(instance) = account.instances.get_mut(id) else { return };
    if let Some(Effect::StaleReads { lag }) = stale_reads {
        instance.delay_reads(lag, request.now);
    }
    if fault == Some(Effect::RollBack) {
        instance.begin(transition, request.now);
        return;
    }
    match change {
        Change::WithoutGpu(spec) => instance.change_size(Some(spec), Map::new()),
        Change::Size { fields, .. } => instance.change_size(None, fields),
        Change::Disk(fields) => instance.change(fields),
    }
    instance.begin(transition.with_fault(fault.as_ref()), request.now);
}

/// Returns the only change that the request has.
fn change(form: &Form, instance: &Instance) -> Result<Change, Refusal> {
    let size = ["Gpu", "Cpu", "Memory"];
    let has_size = size.iter().any(|parameter| form.contains(parameter));
    match (form.get("DiskId"), spec(form)?) {
        (Some(disk), None) if !has_size => {
            let size = required_number(form, "DiskSpace")?;
            if !instance.is_container() {
                return Err(Refusal::other_disk_kind());
            }
            Ok(Change::Disk(instance.with_larger_disk(disk, size)?))
        }
        (None, Some(spec)) if !has_size => {
            if !instance.supports_no_gpu_mode() || instance.text("ChargeType") != "Postpay" {
                return Err(Refusal::without_gpu_unsupported());
            }
            Ok(Change::WithoutGpu(spec))
        }
        (None, None) => full_size(form, instance),
        _ => Err(Refusal::conflict()),
    }
}

/// Returns the requested size with GPU.
fn full_size(form: &Form, instance: &Instance) -> Result<Change, Refusal> {
    let gpu = required_number(form, "Gpu")?;
    let cpu = required_number(form, "Cpu")?;
    let memory = required_number(form, "Memory")?;
    let gpu_type = catalog::find(instance.text("Zone"), instance.text("GpuType"))
        .ok_or_else(Refusal::illegal_size)?;
    legal_size(gpu_type, gpu, cpu, memory)?;
    let charge_type = if instance.is_spot() { "Spot" } else { instance.text("ChargeType") };
    let charge_type = ChargeType::parse(charge_type)?;
    let fields = [
        ("GPU", json!(gpu)),
        ("CPU", json!(cpu)),
        ("Memory", json!(memory)),
        ("InstancePrice", json!(instance_price(gpu_type, gpu, charge_type))),
    ];
    let fields = fields.into_iter().map(|(field, value)| (field.to_owned(), value));
    Ok(Change::Size { gpus: gpu, fields: fields.collect() })
}
