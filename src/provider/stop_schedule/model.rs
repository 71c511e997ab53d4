//! Configuration, plan and state of `compshare_instance_stop_schedule`.

use std::collections::BTreeMap;

use super::time::{check_stop_after, check_stop_at};
use crate::{
    framework::{Attr, Rule, model},
    provider::instance::identity::InstanceIdentity,
};

/// The stop is ahead, and CompShare reports it.
pub(super) const SCHEDULED: &str = "scheduled";
/// The stop has passed, or is too near to be scheduled again.
pub(super) const EXPIRED: &str = "expired";
/// The stop is ahead, and CompShare does not report it.
pub(super) const MISSING: &str = "missing";

model! {
    /// Configuration, plan and state of the scheduled stop of one instance.
    pub(crate) struct StopScheduleModel {
        /// ID of the instance, for example `uhost-1a2b3c4d` or `cpod-1a2b3c4d`. An instance has at
        /// most one scheduled stop. Changing this forces a new resource.
        pub(crate) instance_id: Attr<String> = required().replaces().rule(Rule::Code),

        /// Time of the stop in RFC 3339 format, for example `2026-01-31T18:00:00+08:00`, at least 5
        /// minutes ahead when it is set. Exactly one of `stop_at` and `stop_after` must be set. With
        /// `stop_after`, contains the time that was computed from it.
        pub(crate) stop_at: Attr<String> = optional_computed().rule(Rule::Check(check_stop_at)),

        /// Duration after which the instance is stopped, for example `"8h"` or `"1h30m"`, at least
        /// `"5m"`, counted from the apply that sets it. Exactly one of `stop_at` and `stop_after`
        /// must be set.
        pub(crate) stop_after: Attr<String> = optional().rule(Rule::Check(check_stop_after)),

        /// Values whose change sets the stop again, for example
        /// `{ started = compshare_instance_power.training.started_at }`. Defaults to none.
        pub(crate) triggers: Attr<BTreeMap<String, Attr<String>>> = optional(),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project. Changing this forces a new resource.
        pub(crate) project_id: Attr<String> = optional_computed().replaces().rule(Rule::Code),

        /// Operation timeouts, for example `"90s"` or `"1h30m"`. They include the wait for other
        /// operations on the instance.
        pub(crate) timeouts: Attr<Timeouts> = nested_block(),

        /// Same as `instance_id`.
        pub(crate) id: Attr<String> = computed().never_null(),

        /// Scheduled stop that CompShare reports, in RFC 3339 format. Null if none is ahead.
        pub(crate) scheduled_stop_at: Attr<String> = computed(),

        /// `scheduled`: CompShare will stop the instance at `stop_at`. `expired`: the time has
        /// passed, or is less than 5 minutes ahead and the stop is not scheduled any more; it is not
        /// set again until `stop_at`, `stop_after` or `triggers` change. `missing`: the stop was
        /// canceled or changed outside of Terraform; the next apply sets it again.
        pub(crate) status: Attr<String> = computed().never_null(),

        /// Region of the instance, for example `cn-wlcb`.
        pub(crate) region: Attr<String> = computed(),

        /// Zone of the instance, for example `cn-wlcb-01`.
        pub(crate) zone: Attr<String> = computed(),
    }
}

model! {
    /// Timeouts of operations, as durations.
    pub(crate) struct Timeouts {
        /// Timeout for scheduling the stop when the resource is created. Defaults to `"20m"`.
        pub(crate) create: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for scheduling the stop when the resource is updated. Defaults to `"20m"`.
        pub(crate) update: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for canceling the stop when the resource is destroyed. Defaults to `"20m"`.
        pub(crate) delete: Attr<String> = optional().rule(Rule::Duration),
    }
}

impl From<&StopScheduleModel> for InstanceIdentity {
    fn from(model: &StopScheduleModel) -> Self {
        Self { instance_id: model.instance_id.clone(), project_id: model.project_id.clone() }
    }
}
