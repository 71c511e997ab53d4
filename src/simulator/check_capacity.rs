//! CheckCompShareResourceCapacity and DescribeCompShareGpuInventory.

use serde_json::{Map, Value, json};

use super::{
    account::Account, catalog, charge_type::ChargeType, disks, images, refusal::Refusal,
    request::Request, response::list, zones,
};

/// Interval of the real inventory, in seconds.
const INVENTORY_INTERVAL: i64 = 5 * 60;

const PLATFORMS: [&str; 3] = ["Auto", "Intel/Auto", "Amd/Auto"];

/// Returns each size of the GPU type; none if the zone does not sell it.
pub(super) fn check_capacity(account: &Account, request: &Request<'_>) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    let zone = form.required("Zone")?;
    let name = form.required("GpuType")?;
    if form.required("MachineType")? != "G" {
        return Err(Refusal::unavailable("MachineType"));
    }
    let platform = form.required("MinimalCpuPlatform")?;
    if !PLATFORMS.contains(&platform) {
        return Err(Refusal::unavailable("MinimalCpuPlatform"));
    }
    let image = form.required("CompShareImageId")?;
    let charge_type = ChargeType::parse(form.required("ChargeType")?)?;
    if !disks::parse(form)?.iter().any(|disk| disk.is_boot) {
        return Err(Refusal::missing("Disks"));
    }
    let Some(gpu_type) = catalog::find(zone, name) else { return Ok(json!({"Specs": null})) };
    images::usable(&account.images, image, zone, gpu_type)?;
    let vendor = platform.trim_end_matches("Auto");
    let can_rent = (gpu_type.supports_spot || charge_type != ChargeType::Spot)
        && gpu_type.cpu_platforms.iter().any(|name| name.starts_with(vendor));
    let free = account.capacities.free_gpus(zone, name, request.now);
    let specs = gpu_type.legal_sizes().map(|size| {
        json!({
            "Gpu": size.gpu, "Cpu": size.cpu, "Mem": size.memory_gb,
            "ResourceEnough": can_rent && size.gpu <= free,
        })
    });
    Ok(json!({"Specs": list(specs)}))
}

/// Returns the free GPUs of each zone. Pod zones are absent, although they rent GPUs.
pub(super) fn describe_gpu_inventory(
    account: &Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    let region = form.required("Region")?;
    let (mut exclusive, mut spot) = (Map::new(), Map::new());
    let zones = zones::in_region(Some(region)).filter(|zone| !zone.is_pod);
    for zone in zones.filter(|zone| form.get("Zone").is_none_or(|wanted| zone.name == wanted)) {
        let (mut here, mut here_spot) = (Map::new(), Map::new());
        for gpu_type in catalog::gpu_types().filter(|gpu_type| gpu_type.is_sold_in(zone.name)) {
            let free = account.capacities.free_gpus(zone.name, gpu_type.name, request.now);
            here.insert(gpu_type.name.to_owned(), json!(free));
            if gpu_type.supports_spot {
                here_spot.insert(gpu_type.name.to_owned(), json!(free));
            }
        }
        exclusive.insert(zone.id.to_string(), here.into());
        spot.insert(zone.id.to_string(), here_spot.into());
    }
    let without_spot = catalog::gpu_types().filter(|gpu_type| !gpu_type.supports_spot);
    let name = if account.options.sdk_field_names { "GpuInventoryByZone" } else { "GpuInventory" };
    let second = request.now.as_second();
    Ok(json!({
        name: {"Exclusive": exclusive, "Spot": spot},
        "SpotUnsupportedGpuTypes": list(without_spot.map(|gpu_type| json!(gpu_type.name))),
        "UpdateTime": second - second.rem_euclid(INVENTORY_INTERVAL),
    }))
}
