//! Attributes of an instance in the data sources: everything useful that the API reports, and
//! nothing secret. Login details and the URLs of web applications, which may contain a token,
//! belong to `compshare_instance_login`.

use super::reported::{ReportedFacts, decimal, rfc3339};
use crate::{
    compshare::{self, Instance},
    cty::Number,
    framework::{Attr, Model as _, Rule, model},
    lifecycle::user_text,
};

model! {
    /// One instance: the data source `compshare_instance`, whose first attributes select the
    /// instance, and an element of `compshare_instances`.
    pub(crate) struct InstanceFacts {
        /// ID of the instance, for example `uhost-1a2b3c4d` or `cpod-1a2b3c4d`. Exactly one of
        /// `instance_id` and `name` must be set.
        pub(crate) instance_id: Attr<String> = optional_computed().rule(Rule::Code),

        /// Name of the instance. Exactly one instance must have this name. Exactly one of
        /// `instance_id` and `name` must be set.
        pub(crate) name: Attr<String> = optional_computed().rule(Rule::NotEmpty),

        /// Power state reported by the API: `Running`, `Stopped`, `Starting`, `Stopping`, and so
        /// on. Null if unknown.
        pub(crate) state: Attr<String> = computed(),

        /// Region of the instance, for example `cn-wlcb`. Defaults to the provider's `region`,
        /// otherwise to any region. If set, only instances in this region are considered; an
        /// `instance_id` in another region is an error.
        pub(crate) region: Attr<String> = optional_computed().rule(Rule::Code),

        /// Zone of the instance, for example `cn-wlcb-01`. Defaults to any zone. If set, only
        /// instances in this zone are considered; an `instance_id` in another zone is an error.
        pub(crate) zone: Attr<String> = optional_computed().rule(Rule::Code),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project.
        pub(crate) project_id: Attr<String> = optional_computed().rule(Rule::Code),

        /// Tag (business group) of the instance.
        pub(crate) tag: Attr<String> = computed(),

        /// User-defined remark.
        pub(crate) remark: Attr<String> = computed(),

        /// Type of the instance: `UHost` (virtual machine) or `Container`.
        pub(crate) instance_type: Attr<String> = computed(),

        /// Machine class reported by the API.
        pub(crate) machine_type: Attr<String> = computed(),

        pub(crate) reported: ReportedFacts = flattened(),

        /// Memory of each GPU in GB.
        pub(crate) gpu_memory_gb: Attr<i64> = computed(),

        /// Number of CPU cores.
        pub(crate) cpu_cores: Attr<i64> = computed(),

        /// CPU generation.
        pub(crate) cpu_platform: Attr<String> = computed(),

        /// CPU architecture, for example `x86_64`.
        pub(crate) cpu_arch: Attr<String> = computed(),

        /// Memory in MB.
        pub(crate) memory_mb: Attr<i64> = computed(),

        /// Name of the operating system.
        pub(crate) os_name: Attr<String> = computed(),

        /// Type of the operating system, for example `Linux`.
        pub(crate) os_type: Attr<String> = computed(),

        /// `true` if the instance is running in no-GPU mode. Null unless `state` is `Running`.
        pub(crate) without_gpu: Attr<bool> = computed(),

        /// Machine size last used in no-GPU mode: `A` (2 cores, 4 GiB) or `B` (8 cores, 16 GiB).
        /// Null if not reported.
        pub(crate) without_gpu_spec: Attr<String> = computed(),

        /// `true` if the instance can be started in no-GPU mode.
        pub(crate) supports_without_gpu: Attr<bool> = computed(),

        /// Price of the image in CNY, charged in addition to `price_cny`.
        pub(crate) image_price_cny: Attr<Number> = computed(),

        /// Creation time. Like all times here in RFC 3339 format, for example
        /// `2026-01-31T01:00:00Z`.
        pub(crate) created_at: Attr<String> = computed(),

        /// Time of the last stop.
        pub(crate) stopped_at: Attr<String> = computed(),

        /// Expiration time of the prepaid period. Null if the instance is not prepaid.
        pub(crate) expires_at: Attr<String> = computed(),

        /// IP addresses, each with its `ip`, its `address_type` (`Private`, `Bgp`, or
        /// `Internation`), and its `bandwidth_mbps` in Mbit/s.
        pub(crate) addresses: Attr<Vec<Address>> = computed(),

        /// Disks, each with its `disk_id`, its `disk_type` (for example `CLOUD_SSD`), its `size_gb`
        /// in GB, and `is_boot`, which is `true` for the boot disk.
        pub(crate) disks: Attr<Vec<Disk>> = computed(),

        /// Names of the web applications that the image includes, for example JupyterLab.
        pub(crate) software: Attr<Vec<String>> = computed(),
    }
}

// The protocol has no place for descriptions of the attributes of list elements: the description of
// the list has them.

model! {
    /// An IP address of an instance.
    pub(crate) struct Address {
        pub(crate) ip: Attr<String> = computed(),
        pub(crate) address_type: Attr<String> = computed(),
        pub(crate) bandwidth_mbps: Attr<i64> = computed(),
    }
}

model! {
    /// A disk of an instance.
    pub(crate) struct Disk {
        pub(crate) disk_id: Attr<String> = computed(),
        pub(crate) disk_type: Attr<String> = computed(),
        pub(crate) is_boot: Attr<bool> = computed(),
        pub(crate) size_gb: Attr<i64> = computed(),
    }
}

impl InstanceFacts {
    /// The attributes of an instance of the project `project_id`, which the API does not report.
    pub(crate) fn new(instance: &Instance, project_id: &Attr<String>) -> Self {
        let text = |fact: &Option<String>| Attr::from(fact.clone());
        let time = |seconds: Option<i64>| Attr::from(seconds.and_then(rfc3339));
        let mut reported = ReportedFacts::of(instance);
        reported.fill_unknown(&ReportedFacts::default());
        Self {
            instance_id: instance.id.as_str().into(),
            name: text(&instance.name),
            state: instance.state_word().map(str::to_owned).into(),
            region: text(&instance.region),
            zone: text(&instance.zone),
            project_id: project_id.clone(),
            tag: text(&instance.tag),
            remark: instance.remark.as_deref().and_then(user_text).map(str::to_owned).into(),
            instance_type: text(&instance.instance_type),
            machine_type: text(&instance.machine_type),
            reported,
            gpu_memory_gb: instance.graphics_memory_gb.map(i64::from).into(),
            cpu_cores: instance.cpu.map(i64::from).into(),
            cpu_platform: text(&instance.cpu_platform),
            cpu_arch: text(&instance.cpu_arch),
            memory_mb: whole(instance.memory_mb),
            os_name: text(&instance.os_name),
            os_type: text(&instance.os_type),
            without_gpu: instance.runs_without_gpu().into(),
            without_gpu_spec: instance.without_gpu_spec.map(|spec| spec.as_str().to_owned()).into(),
            supports_without_gpu: instance.supports_without_gpu_start.into(),
            image_price_cny: instance.image_price.and_then(decimal).into(),
            created_at: time(instance.create_time),
            stopped_at: time(instance.stop_time),
            expires_at: time(instance.expire_time),
            addresses: Attr::Known(instance.addresses.iter().map(Address::from).collect()),
            disks: Attr::Known(instance.disks.iter().map(Disk::from).collect()),
            software: Attr::Known(
                instance.softwares.iter().filter_map(|software| software.name.clone()).collect(),
            ),
        }
    }
}

impl From<&compshare::Address> for Address {
    fn from(address: &compshare::Address) -> Self {
        Self {
            ip: address.ip.clone().into(),
            address_type: address.kind.clone().into(),
            bandwidth_mbps: whole(address.bandwidth_mbps),
        }
    }
}

impl From<&compshare::Disk> for Disk {
    fn from(disk: &compshare::Disk) -> Self {
        Self {
            disk_id: disk.id.clone().into(),
            disk_type: disk.kind.clone().into(),
            is_boot: disk.is_boot.into(),
            size_gb: whole(disk.size_gb),
        }
    }
}

/// A number beyond any machine counts as not reported.
fn whole(number: Option<u64>) -> Attr<i64> {
    number.and_then(|number| i64::try_from(number).ok()).into()
}
