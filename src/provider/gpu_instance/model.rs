//! Configuration, plan and state of `compshare_instance`.

use crate::{
    cty::Number,
    framework::{Attr, Rule, model},
    provider::instance::{
        identity::InstanceIdentity,
        reported::{ChangingFacts, SshLogin},
    },
};

pub(super) const POSTPAY: &str = "Postpay";
pub(super) const SPOT: &str = "Spot";

/// Size and type of the system disk of a new instance.
pub(super) const BOOT_DISK_GB: i64 = 100;
pub(super) const BOOT_DISK_TYPE: &str = "CLOUD_SSD";

const CHARGE_TYPES: &[&str] = &[POSTPAY, SPOT, "Dynamic", "Day", "Month"];

model! {
    /// Configuration, plan and state of one instance.
    pub(crate) struct GpuInstanceModel {
        /// Zone of the instance, for example `cn-wlcb-01`. Changing this forces a new resource.
        pub(crate) zone: Attr<String> = required().replaces().rule(Rule::Code),

        /// GPU model, for example `4090`. Changing this forces a new resource.
        pub(crate) gpu_type: Attr<String> = required().replaces().rule(Rule::Code),

        /// ID of the image, for example `compshareImage-12rjyhwynazd`. Changing this forces a new
        /// resource.
        pub(crate) image_id: Attr<String> = required().replaces().rule(Rule::Code),

        /// Name of the instance: at most 63 letters, digits and characters of `_.,:-`. Must be
        /// unique among the instances that Terraform has created in the project, so that an
        /// instance which an interrupted apply has left behind is found.
        pub(crate) name: Attr<String> = required().rule(Rule::NotEmpty),

        /// Number of GPUs, between `1` and `64`. Defaults to `1` for a new instance. Changing this, `cpu` or `memory_gb`
        /// resizes the instance, which must be stopped for it.
        pub(crate) gpu_count: Attr<i64> = optional_computed().rule(Rule::Between(1, 64)),

        /// Number of CPU cores, between `1` and `4096`. Defaults to the smallest size that is sold
        /// with `gpu_count` GPUs.
        pub(crate) cpu: Attr<i64> = optional_computed().rule(Rule::Between(1, 4096)),

        /// Memory in GB, between `1` and `65536`. Defaults to the smallest size that is sold with
        /// `gpu_count` GPUs.
        pub(crate) memory_gb: Attr<i64> = optional_computed().rule(Rule::Between(1, 65_536)),

        /// Billing method: `Postpay` (pay-as-you-go), `Spot`, `Dynamic` (prepaid by the hour), or
        /// `Day` or `Month` (prepaid). Defaults to `Postpay`. A prepaid instance is bought for one
        /// unit. Changing this forces a new resource.
        pub(crate) charge_type: Attr<String> =
            optional_computed().replaces().rule(Rule::OneOf(CHARGE_TYPES)),

        /// Highest price in CNY per unit of `charge_type`: an hour, a day or a month. If the price
        /// of a new instance is higher or unknown, the instance is not created. Defaults to no
        /// limit.
        pub(crate) max_price_cny: Attr<Number> = optional(),

        /// Size of the system disk in GB, between `1` and `65536`. Defaults to `100` for a new instance. Raising this
        /// extends the disk, for which the instance must be stopped; lowering this forces a new
        /// resource.
        pub(crate) boot_disk_gb: Attr<i64> =
            optional_computed().replaces_if_lowered().rule(Rule::Between(1, 65_536)),

        /// Type of the system disk. Defaults to `CLOUD_SSD` for a new instance. Cannot be changed.
        pub(crate) boot_disk_type: Attr<String> = optional_computed().rule(Rule::Code),

        /// ID of the firewall. Defaults to a new firewall with the ports of the image. Cannot be
        /// changed, and is not reported by the API.
        pub(crate) firewall_id: Attr<String> = optional().rule(Rule::Code),

        /// Remark of the instance. Defaults to no remark. Cannot be changed: the API has no request
        /// for it. The provider appends a marker, which attributes omit.
        pub(crate) remark: Attr<String> = optional_computed().rule(Rule::NotEmpty),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project. Cannot be changed.
        pub(crate) project_id: Attr<String> = optional_computed().rule(Rule::Code),

        /// Refuse to destroy or replace the instance. Defaults to `false`.
        pub(crate) deletion_protection: Attr<bool> = optional(),

        /// Delete data disks with the instance. Defaults to `false`: they are detached, and
        /// continue to be billed.
        pub(crate) release_data_disks: Attr<bool> = optional(),

        /// Allow Terraform to stop a running instance for a resize, and to start it again. All
        /// processes on it are terminated. Defaults to `false`: the plan refuses such a change.
        pub(crate) allow_stopping_for_update: Attr<bool> = optional(),

        /// Retry while the zone is sold out, about every 30 seconds until the timeout. Defaults to
        /// `false`: the apply fails immediately.
        pub(crate) wait_for_capacity: Attr<bool> = optional(),

        /// Operation timeouts, for example `"90s"` or `"1h30m"`. When a timeout expires, the
        /// provider stops waiting; requests that were already accepted are not canceled.
        pub(crate) timeouts: Attr<InstanceTimeouts> = nested_block(),

        /// ID of the instance, for example `uhost-1a2b3c4d`.
        pub(crate) id: Attr<String> = computed().never_null(),

        /// Region of the instance, for example `cn-wlcb`.
        pub(crate) region: Attr<String> = computed(),

        /// Power state reported by the API: `Running`, `Stopped`, and so on. Use
        /// `compshare_instance_power` to start and stop the instance.
        pub(crate) state: Attr<String> = computed(),

        pub(crate) changing: ChangingFacts = flattened(),
        pub(crate) ssh: SshLogin = flattened(),
    }
}

model! {
    /// Timeouts of operations, as durations.
    pub(crate) struct InstanceTimeouts {
        /// Timeout for creating the instance, until it is running. Defaults to `"20m"`.
        pub(crate) create: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for resizing the instance. Defaults to `"20m"`.
        pub(crate) update: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for deleting the instance. Defaults to `"20m"`.
        pub(crate) delete: Attr<String> = optional().rule(Rule::Duration),
    }
}

impl From<&GpuInstanceModel> for InstanceIdentity {
    fn from(model: &GpuInstanceModel) -> Self {
        Self { instance_id: model.id.clone(), project_id: model.project_id.clone() }
    }
}
