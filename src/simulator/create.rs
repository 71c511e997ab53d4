//! CreateCompShareInstance.

use serde_json::{Map, Value, json};

use super::{
    account::Account,
    catalog::{self, GpuType, Size},
    charge_type::ChargeType,
    clock::later,
    disks::{self, Disk},
    fault::Effect,
    form::Form,
    images::{self, Image},
    instance::Instance,
    instance_defaults::DEFAULT_PROJECT,
    page::MAX_PAGE,
    pending_faults::Kind,
    price::instance_price,
    refusal::Refusal,
    rename::check_name,
    request::Request,
    transition::{Durations, Outcome, Transition},
    zones,
};

/// States of a new instance until it runs.
const PHASES: &[&str] = &["Initializing", "Install", "Starting"];

pub(super) fn create_instances(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    let zone = form.required("Zone")?;
    let gpu_type = gpu_type(form, zone)?;
    let size = size(form, gpu_type)?;
    let fields = fields(account, request, gpu_type, size)?;
    let count = count(form)?;
    let quota = account.options.instance_quota;
    if quota.is_some_and(|quota| account.instances.len() + count > quota) {
        return Err(Refusal::instance_quota());
    }
    let is_refused = account.faults.strike(Kind::Capacity, request).is_some();
    let free = account.capacities.free_gpus(zone, gpu_type.name, request.now);
    if is_refused || size.gpu * count > free {
        return Err(Refusal::out_of_resources());
    }
    let ids = add_instances(account, request, &fields, count);
    Ok(json!({"UHostIds": ids, "Warning": null}))
}

/// Adds `count` instances with the same fields. Returns their IDs.
fn add_instances(
    account: &mut Account,
    request: &Request<'_>,
    fields: &Map<String, Value>,
    count: usize,
) -> Vec<String> {
    let fault = account.faults.strike(Kind::Outcome, request);
    let hidden = match account.faults.strike(Kind::Staleness, request) {
        Some(Effect::StaleReads { lag }) => lag,
        _ => account.options.create_hidden,
    };
    let durations =
        Durations { transition: account.options.create_time, lock: account.options.lock_ttl };
    let transition = Transition::new(PHASES, Outcome::State("Running"), durations, request.now)
        .with_fault(fault.as_ref());
    let mut ids = Vec::new();
    for _ in 0..count {
        let mut fields = fields.clone();
        add_identity(&mut fields, account.next_instance_number());
        let restored = account.options.size_restored_on_stop;
        // The fields are valid.
        let Ok((id, mut instance)) = Instance::new(fields, request.now, restored) else { continue };
        instance.begin(transition, request.now);
        instance.hide(hidden, request.now);
        account.instances.insert(id.clone(), instance);
        ids.push(id);
    }
    ids
}

/// Returns the fields that the new instances have in common.
fn fields(
    account: &mut Account,
    request: &Request<'_>,
    gpu_type: &GpuType,
    size: Size,
) -> Result<Map<String, Value>, Refusal> {
    let form = request.form;
    let zone = form.required("Zone")?;
    let disks = disks(form, zone)?;
    let name = form.get("Name").unwrap_or("host");
    check_name(name)?;
    let charge_type = charge_type(form, gpu_type)?;
    let cpu_platform = cpu_platform(form, gpu_type)?;
    let image = image(account, request, gpu_type)?;
    let boot = disks.iter().find(|disk| disk.is_boot);
    if boot.is_none_or(|disk| disk.size_gb < image.smallest_disk()) {
        return Err(Refusal::disk_smaller_than_image());
    }
    let machine = [
        ("Region", json!(form.required("Region")?)),
        ("Zone", json!(zone)),
        ("ProjectId", json!(form.get("ProjectId").unwrap_or(DEFAULT_PROJECT))),
        ("Name", json!(name)),
        ("Remark", json!(form.get("Remark").unwrap_or_default())),
        ("State", json!(PHASES[0])),
        ("InstanceType", json!(if image.is_container() { "Container" } else { "UHost" })),
        ("CpuPlatform", json!(cpu_platform)),
        ("GpuType", json!(gpu_type.name)),
        ("GraphicsMemory", json!({"Value": gpu_type.graphics_memory_gb, "Rate": 5})),
        ("GPU", json!(size.gpu)),
        ("CPU", json!(size.cpu)),
        ("Memory", json!(size.memory_gb * 1024)),
        ("InstancePrice", json!(instance_price(gpu_type, size.gpu, charge_type))),
    ];
    let fields = machine
        .into_iter()
        .chain(image_fields(&image, size))
        .chain(disk_fields(&disks))
        .chain(charge_fields(charge_type, request)?);
    Ok(fields.map(|(field, value)| (field.to_owned(), value)).collect())
}

/// Adds the fields that differ between the instances of one create.
fn add_identity(fields: &mut Map<String, Value>, number: u64) {
    let is_pod = fields.get("Zone").and_then(Value::as_str).is_some_and(zones::is_pod);
    let prefix = if is_pod { "cpod" } else { "uhost" };
    let host = number % 250 + 3;
    let address = format!("203.0.113.{host}");
    let own = json!({
        "UHostId": format!("{prefix}-new{number:06}"),
        "IPSet": [
            {"IP": format!("10.60.0.{host}"), "Type": "Private", "IPMode": "IPv4", "Default": "true"},
            {"IP": address, "Type": "Bgp", "IPMode": "IPv4", "Bandwidth": 100, "Weight": 50},
        ],
        "Softwares": [{"Name": "JupyterLab", "URL": format!("http://{address}:8888")}],
        "SshLoginCommand": format!("ssh -p 23 root@{address}"),
    });
    if let Value::Object(own) = own {
        fields.extend(own);
    }
    let disks = fields.get_mut("DiskSet").and_then(Value::as_array_mut).into_iter().flatten();
    for (index, disk) in disks.enumerate() {
        let kind = if disk["IsBoot"] == "True" { "bsi" } else { "bsm" };
        disk["DiskId"] = json!(format!("{kind}-new{number:06}-{index}"));
    }
}

fn count(form: &Form) -> Result<usize, Refusal> {
    let count = form.number("MaxCount")?.unwrap_or(1);
    if !(1..=MAX_PAGE).contains(&count) {
        return Err(Refusal::out_of_range("MaxCount"));
    }
    Ok(count)
}

fn gpu_type(form: &Form, zone: &str) -> Result<&'static GpuType, Refusal> {
    if form.get("MachineType").is_some_and(|machine_type| machine_type != "G") {
        return Err(Refusal::unavailable("MachineType"));
    }
    let name = form.required("GpuType")?;
    catalog::find(zone, name).ok_or_else(|| Refusal::unavailable("GpuType"))
}

fn size(form: &Form, gpu_type: &GpuType) -> Result<Size, Refusal> {
    let [gpu, cpu, memory] = ["GPU", "CPU", "Memory"].map(|name| required_number(form, name));
    legal_size(gpu_type, gpu?, cpu?, memory?)
}

pub(super) fn required_number(form: &Form, parameter: &str) -> Result<usize, Refusal> {
    form.number(parameter)?.ok_or_else(|| Refusal::missing(parameter))
}

/// Returns the size if it is legal; `memory` is in MB.
pub(super) fn legal_size(
    gpu_type: &GpuType,
    gpu: usize,
    cpu: usize,
    memory: usize,
) -> Result<Size, Refusal> {
    let size = Size { gpu, cpu, memory_gb: memory / 1024 };
    if !memory.is_multiple_of(1024) || !gpu_type.has_size(size) {
        return Err(Refusal::illegal_size());
    }
    Ok(size)
}

/// Returns the disks, of which one is the boot disk. A pod has no other.
fn disks(form: &Form, zone: &str) -> Result<Vec<Disk>, Refusal> {
    let disks = disks::parse(form)?;
    if disks.is_empty() {
        return Err(Refusal::missing("Disks"));
    }
    let boot_disks = disks.iter().filter(|disk| disk.is_boot).count();
    if boot_disks != 1 || disks.len() > 1 && zones::is_pod(zone) {
        return Err(Refusal::unavailable("Disks"));
    }
    let legal = |disk: &Disk| if disk.is_boot { 20..=1000 } else { 10..=1500 };
    if disks.iter().any(|disk| !legal(disk).contains(&disk.size_gb)) {
        return Err(Refusal::disk_size());
    }
    Ok(disks)
}

/// Without the parameter, the API rents for a month.
fn charge_type(form: &Form, gpu_type: &GpuType) -> Result<ChargeType, Refusal> {
    let charge_type = ChargeType::parse(form.get("ChargeType").unwrap_or("Month"))?;
    if charge_type == ChargeType::Spot && !gpu_type.supports_spot {
        return Err(Refusal::charge_type_unsupported());
    }
    Ok(charge_type)
}

/// Returns the CPU platform for `Auto`, `Intel/Auto` or `Amd/Auto`.
fn cpu_platform(form: &Form, gpu_type: &GpuType) -> Result<&'static str, Refusal> {
    let maker = match form.get("MinimalCpuPlatform") {
        None | Some("Auto") => "",
        Some("Intel/Auto") => "Intel/",
        Some("Amd/Auto") => "Amd/",
        Some(_) => return Err(Refusal::unavailable("MinimalCpuPlatform")),
    };
    let platforms = gpu_type.cpu_platforms.iter();
    platforms
        .copied()
        .find(|platform| platform.starts_with(maker))
        .ok_or_else(Refusal::cpu_platform)
}

/// Returns the image, if it can be used with this GPU type in this zone.
fn image(
    account: &mut Account,
    request: &Request<'_>,
    gpu_type: &GpuType,
) -> Result<Image, Refusal> {
    let id = request.form.required("CompShareImageId")?;
    let zone = request.form.required("Zone")?;
    let image = images::usable(&account.images, id, zone, gpu_type)?.clone();
    if image.lists("UnsyncedZones", zone) && !account.sync_image(id, zone, request.now) {
        return Err(Refusal::image_syncing(image.kind()));
    }
    Ok(image)
}

fn image_fields(image: &Image, size: Size) -> [(&'static str, Value); 6] {
    [
        ("CompShareImageId", json!(image.id())),
        ("CompShareImageName", json!(image.text("Name"))),
        ("CompShareImageType", json!(image.kind())),
        ("CompShareImageStatus", json!(image.text("Status"))),
        ("CompShareImageOwnerAlias", json!(image.text("ImageOwnerAlias"))),
        ("CompShareImagePrice", json!(image.price() * size.gpu as f64)),
    ]
}

fn disk_fields(disks: &[Disk]) -> [(&'static str, Value); 2] {
    let set: Vec<Value> = disks
        .iter()
        .enumerate()
        .map(|(index, disk)| {
            let letter = char::from(b'a' + u8::try_from(index).unwrap_or(25));
            json!({
                "DiskType": disk.disk_type,
                "IsBoot": if disk.is_boot { "True" } else { "False" },
                "Type": if disk.is_boot { "Boot" } else { "Data" },
                "Size": disk.size_gb,
                "Drive": format!("/dev/vd{letter}"),
                "Encrypted": "false",
            })
        })
        .collect();
    let total: usize = disks.iter().map(|disk| disk.size_gb).sum();
    [("DiskSet", json!(set)), ("TotalDiskSpace", json!(total))]
}

/// A spot instance reports `Postpay`.
fn charge_fields(
    charge_type: ChargeType,
    request: &Request<'_>,
) -> Result<[(&'static str, Value); 6], Refusal> {
    let now = request.now;
    let quantity = request.form.number("Quantity")?.unwrap_or(1);
    let Some(quantity) = u32::try_from(quantity).ok().filter(|quantity| *quantity > 0) else {
        return Err(Refusal::out_of_range("Quantity"));
    };
    let is_spot = charge_type == ChargeType::Spot;
    let expires = charge_type.unit().map_or(0, |unit| later(now, unit * quantity).as_second());
    Ok([
        ("ChargeType", json!(if is_spot { ChargeType::Postpay } else { charge_type }.name())),
        ("IsSpot", json!(is_spot)),
        ("CreateTime", json!(now.as_second())),
        ("StartTime", json!(0)),
        ("StopTime", json!(0)),
        ("ExpireTime", json!(expires)),
    ])
}
