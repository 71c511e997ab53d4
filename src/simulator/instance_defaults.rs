//! Default API fields of an instance.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Project of instances and calls that name no project.
pub(super) const DEFAULT_PROJECT: &str = "org-demo";

/// Returns the fields of a stopped pay-as-you-go instance with one GPU, created a day ago.
pub(super) fn defaults(id: &str, now: Timestamp) -> Map<String, Value> {
    let created = now.as_second() - 24 * 60 * 60;
    let parts = [identity(id), machine(), billing(created), access()];
    parts
        .into_iter()
        .filter_map(|part| if let Value::Object(fields) = part { Some(fields) } else { None })
        .flatten()
        .collect()
}

fn identity(id: &str) -> Value {
    json!({
        "UHostId": id,
        "Name": format!("训练 {id}"),
        "Tag": "Default",
        "Remark": "",
        "Region": "cn-wlcb",
        "Zone": "cn-wlcb-01",
        "ProjectId": DEFAULT_PROJECT,
        "State": "Stopped",
        "InstanceType": if id.starts_with("cpod-") { "Container" } else { "UHost" },
    })
}

fn machine() -> Value {
    json!({
        "MachineType": "G",
        "CpuPlatform": "Amd/Epyc2",
        "CpuArch": "x86_64",
        "OsName": "Ubuntu 22.04 64位",
        "OsType": "Linux",
        "CPU": 16,
        "Memory": 65536,
        "GPU": 1,
        "GpuType": "4090",
        "GraphicsMemory": {"Value": 24, "Rate": 5},
        "SupportWithoutGpuStart": true,
        "CompShareImageId": "compshareImage-demo",
        "CompShareImageName": "PyTorch 2.6",
        "CompShareImageType": "System",
        "TotalDiskSpace": 60,
        "DiskSet": [{
            "DiskId": "bsi-demo", "DiskType": "CLOUD_SSD", "IsBoot": "True", "Type": "Boot",
            "Size": 60, "Drive": "/dev/vda", "Encrypted": "false",
        }],
    })
}

fn billing(created: i64) -> Value {
    json!({
        "ChargeType": "Postpay",
        "IsSpot": false,
        "AutoRenew": "No",
        "IsExpire": "No",
        "InstancePrice": 1.98,
        "CompShareImagePrice": 0,
        "CreateTime": created,
        "StartTime": created,
        "StopTime": created,
        "SchedulerStopTime": 0,
        "ReleaseTime": 0,
        "ExpireTime": 0,
        "UpdateTime": created.to_string(),
    })
}

/// Network addresses and login. The addresses are from the ranges reserved for documentation; the
/// password is `demo-password`.
fn access() -> Value {
    json!({
        "IPSet": [
            {
                "IP": "10.60.0.2", "Type": "Private", "IPMode": "IPv4", "Default": "true",
                "Mac": "52:54:00:00:00:02", "VPCId": "uvnet-demo", "SubnetId": "subnet-demo",
            },
            {
                "IP": "203.0.113.2", "Type": "Bgp", "IPMode": "IPv4", "IPId": "eip-demo",
                "Bandwidth": 100, "Weight": 50,
            },
        ],
        "Softwares": [{"Name": "JupyterLab", "URL": "http://203.0.113.2:8888"}],
        "Password": "ZGVtby1wYXNzd29yZA==",
        "SshLoginCommand": "ssh -p 23 root@203.0.113.2",
    })
}

/// Derives a missing region or zone from the other one, for example zone `cn-sh2-01` from region
/// `cn-sh2`.
pub(super) fn complete_location(given: &mut Map<String, Value>) {
    let of = |field: &str| given.get(field).and_then(Value::as_str).map(str::to_owned);
    match (of("Region"), of("Zone")) {
        (Some(region), None) => {
            given.insert("Zone".to_owned(), json!(format!("{region}-01")));
        }
        (None, Some(zone)) => {
            let region = zone.rsplit_once('-').map_or(zone.as_str(), |(region, _)| region);
            given.insert("Region".to_owned(), json!(region));
        }
        _ => {}
    }
}

/// Time of deletion of a stopped pay-as-you-go instance: 12:00 in Beijing on the seventh day.
pub(super) fn release_time(stopped: i64) -> i64 {
    const HOUR: i64 = 60 * 60;
    const DAY: i64 = 24 * HOUR;
    let midnight = (stopped + 8 * HOUR).div_euclid(DAY) * DAY - 8 * HOUR;
    midnight + 7 * DAY + 12 * HOUR
}
