//! DescribeAvailableCompShareInstanceTypes.

use serde_json::{Value, json};

use super::{
    account::Account,
    catalog::{self, GpuType, Status},
    form::Form,
    refusal::Refusal,
    response::list,
    zones,
};

pub(super) fn describe_instance_types(account: &Account, form: &Form) -> Result<Value, Refusal> {
    let region = form.required("Region")?;
    let names = form.list("MachineTypes")?;
    // The real API has no rows for `spot`, although it rents spot instances.
    let is_listed = match form.get("InstanceType") {
        None | Some("uhost") => true,
        Some("spot") => false,
        Some(_) => return Err(Refusal::unavailable("InstanceType")),
    };
    let zones = zones::in_region(Some(region))
        .filter(|zone| form.get("Zone").is_none_or(|wanted| zone.name == wanted));
    let rows = zones.flat_map(|zone| {
        let sold = catalog::gpu_types().filter(|gpu_type| gpu_type.is_sold_in(zone.name));
        let selected = sold.filter(|gpu_type| {
            is_listed && (names.is_empty() || names.iter().any(|name| name == gpu_type.name))
        });
        let sdk_names = account.options.sdk_field_names;
        selected.map(|gpu_type| row(gpu_type, zone.name, sdk_names)).collect::<Vec<_>>()
    });
    Ok(json!({"AvailableInstanceTypes": list(rows)}))
}

fn row(gpu_type: &GpuType, zone: &str, sdk_names: bool) -> Value {
    let mut row = json!({
        "Name": gpu_type.name,
        "Zone": zone,
        "Description": format!("NVIDIA {}", gpu_type.name),
        "CpuPlatforms": cpu_platforms(gpu_type),
        "Disks": [{
            "Name": "cloudDisk",
            "BootDisk": [{
                "Name": gpu_type.disk_type, "InstantResize": true, "MaximalSize": 1000,
                "Features": ["SNAPSHOT"],
            }],
            "DataDisk": [{
                "Name": gpu_type.disk_type, "MinimalSize": 10, "MaximalSize": 1500,
                "Features": ["SNAPSHOT"],
            }],
        }],
        "MachineSizes": machine_sizes(gpu_type),
        "GraphicsMemory": {"Value": gpu_type.graphics_memory_gb, "Rate": 3},
        "Performance": {"Value": gpu_type.teraflops, "Rate": 3},
        "MachineClass": "GPU",
        "ParentType": "G",
        "InstanceType": "uhost",
    });
    match gpu_type.status {
        Some(Status::Normal) => row["Status"] = json!("Normal"),
        Some(Status::SoldOut) if sdk_names => row["Status"] = json!("Soldout"),
        Some(Status::SoldOut) => row["Status"] = json!("SoldOut"),
        None => {}
    }
    row
}

/// Returns the platforms by vendor. A vendor without a platform is absent.
fn cpu_platforms(gpu_type: &GpuType) -> Value {
    let mut vendors = json!({});
    for vendor in ["Intel", "Amd"] {
        let platforms = gpu_type.cpu_platforms.iter();
        let platforms: Vec<_> = platforms.filter(|name| name.starts_with(vendor)).collect();
        if !platforms.is_empty() {
            vendors[vendor] = json!(platforms);
        }
    }
    vendors
}

/// Returns the legal sizes, grouped by the number of GPUs.
fn machine_sizes(gpu_type: &GpuType) -> Vec<Value> {
    let same_gpu = gpu_type.sizes.chunk_by(|one, next| one.gpu == next.gpu);
    let groups = same_gpu.map(|group| {
        let collection: Vec<Value> = group
            .iter()
            .map(|sizes| {
                json!({
                    "Cpu": sizes.cpu, "Memory": sizes.memory_gb,
                    "MinimalCpuPlatform": gpu_type.cpu_platforms,
                })
            })
            .collect();
        json!({"Gpu": group[0].gpu, "Collection": collection})
    });
    groups.collect()
}
