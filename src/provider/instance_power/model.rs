//! Configuration, plan and state of `compshare_instance_power`.

use crate::{
    framework::{Attr, Rule, model},
    provider::instance::{
        identity::InstanceIdentity,
        reported::{ReportedFacts, SshLogin},
    },
};

pub(super) const RUNNING: &str = "Running";
pub(super) const STOPPED: &str = "Stopped";

model! {
    /// Configuration, plan and state of the power of one instance.
    pub(crate) struct InstancePowerModel {
        /// ID of the instance, for example `uhost-1a2b3c4d` or `cpod-1a2b3c4d`. Changing this
        /// forces a new resource; the previous instance is stopped only if `stop_on_destroy` is
        /// set.
        pub(crate) instance_id: Attr<String> = required().replaces().rule(Rule::Code),

        /// Desired power state: `Running` or `Stopped`. Defaults to `Running`. After a refresh,
        /// contains the state that the API reports, so that drift is visible.
        pub(crate) state: Attr<String> =
            optional_computed().default(RUNNING).rule(Rule::OneOf(&[RUNNING, STOPPED])),

        /// Region of the instance, for example `cn-wlcb`. Defaults to the region in which the
        /// instance is found. If the instance is in another region, the error states the correct
        /// one. Changing this forces a new resource.
        pub(crate) region: Attr<String> = optional_computed().replaces().rule(Rule::Code),

        /// Zone of the instance, for example `cn-wlcb-01`. Defaults to the zone in which the
        /// instance is found. If the instance is in another zone, the error states the correct one.
        /// Changing this forces a new resource.
        pub(crate) zone: Attr<String> = optional_computed().replaces().rule(Rule::Code),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project. Changing this forces a new resource.
        pub(crate) project_id: Attr<String> = optional_computed().replaces().rule(Rule::Code),

        /// Run the instance in no-GPU mode, which is cheaper, for example to prepare data. Defaults
        /// to `false` when Terraform starts the instance; a running instance keeps its mode by
        /// default. Supported only for pay-as-you-go instances of certain GPU models, one per
        /// account at a time. If CompShare allocates a GPU nevertheless, the apply fails. Changing
        /// this on a running instance requires `allow_stopping_for_update`.
        pub(crate) without_gpu: Attr<bool> = optional_computed(),

        /// Machine size in no-GPU mode: `A` (2 cores, 4 GiB) or `B` (8 cores, 16 GiB; not available
        /// for containers). Defaults to `A`. Requires `without_gpu = true`. A change takes effect
        /// at the next start.
        pub(crate) without_gpu_spec: Attr<String> = optional().rule(Rule::OneOf(&["A", "B"])),

        /// Allow Terraform to stop and restart a running instance whose mode differs from
        /// `without_gpu`, which then defaults to `false`. All processes on it are terminated.
        /// Defaults to `false`: the plan refuses such a change.
        pub(crate) allow_stopping_for_update: Attr<bool> = optional(),

        /// Stop the instance when the resource is destroyed or replaced. Defaults to `false`: the
        /// instance is left unchanged, and is still billed if it is running. Apply this setting
        /// before the destroy.
        pub(crate) stop_on_destroy: Attr<bool> = optional(),

        /// Force stops, if CompShare refuses them otherwise. Spot instances are always stopped by
        /// force. Defaults to `false`.
        pub(crate) force_stop: Attr<bool> = optional(),

        /// Retry while the zone is sold out, about every 30 seconds until the timeout. Defaults to
        /// `false`: the apply fails immediately.
        pub(crate) wait_for_capacity: Attr<bool> = optional(),

        /// Operation timeouts, for example `"90s"` or `"1h30m"`. When a timeout expires, the
        /// provider stops waiting; requests that were already accepted are not canceled.
        pub(crate) timeouts: Attr<Timeouts> = nested_block(),

        /// Same as `instance_id`.
        pub(crate) id: Attr<String> = computed().never_null(),

        /// Name of the instance.
        pub(crate) name: Attr<String> = computed(),

        pub(crate) reported: ReportedFacts = flattened(),
        pub(crate) ssh: SshLogin = flattened(),
    }
}

model! {
    /// Timeouts of operations, as durations.
    pub(crate) struct Timeouts {
        /// Timeout for starting or stopping the instance when the resource is created. Defaults to
        /// `"20m"`.
        pub(crate) create: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for starting or stopping the instance when the resource is updated. Defaults to
        /// `"20m"`.
        pub(crate) update: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for stopping the instance when the resource is destroyed with `stop_on_destroy`.
        /// Defaults to `"20m"`.
        pub(crate) delete: Attr<String> = optional().rule(Rule::Duration),
    }
}

impl From<&InstancePowerModel> for InstanceIdentity {
    fn from(model: &InstancePowerModel) -> Self {
        Self { instance_id: model.instance_id.clone(), project_id: model.project_id.clone() }
    }
}
