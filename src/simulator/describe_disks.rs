//! DescribeCompshareDisk, which the API documentation lacks: the fields are those that the vendor's
//! program prints.

use serde_json::{Value, json};

use super::{
    account::Account, form::Form, instance::Instance, instance_defaults::DEFAULT_PROJECT,
    response::list,
};

/// Returns the disks of instances, and those that terminated instances have left.
pub(super) fn describe_disks(account: &Account, form: &Form) -> Value {
    let host = form.get("HostId");
    let attached = account
        .instances
        .iter()
        .filter(|(id, _)| host.is_none_or(|host| *id == host))
        .filter(|(_, instance)| instance.is_in_scope(form) && instance.is_visible())
        .flat_map(|(_, instance)| instance.disks().map(|disk| row(instance, disk, true)));
    let in_scope = |disk: &&Value| {
        let zone = disk["Zone"].as_str().unwrap_or_default();
        form.get("Region").is_none_or(|region| zone.starts_with(region))
            && form.get("ProjectId").is_none_or(|project| project == DEFAULT_PROJECT)
    };
    let detached = account.detached_disks.iter().filter(|_| host.is_none()).filter(in_scope);
    json!({"DiskSet": list(attached.chain(detached.cloned()))})
}

/// Returns the data disks of an instance as they remain after it.
pub(super) fn detached_disks(instance: &Instance) -> impl Iterator<Item = Value> {
    let data_disks = instance.disks().filter(|disk| disk["IsBoot"] != "True");
    data_disks.map(|disk| row(instance, disk, false))
}

fn row(instance: &Instance, disk: &Value, is_attached: bool) -> Value {
    json!({
        "ResourceId": disk["DiskId"],
        "Name": disk["Name"],
        "Configuration": disk["Size"],
        "DiskType": disk["DiskType"],
        "Status": if is_attached { "InUse" } else { "Available" },
        "MountInstance": if is_attached { instance.text("UHostId") } else { "" },
        "MountPoint": if is_attached { disk["Drive"].clone() } else { json!("") },
        "Zone": instance.text("Zone"),
        "ChargeType": instance.text("ChargeType"),
        "Source": "UDisk",
        "ExpiredTime": 0,
    })
}
