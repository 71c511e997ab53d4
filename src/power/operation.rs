//! Specification of a power operation.

use std::time::Duration;

use crate::{
    compshare::{Instance, PowerAction, Spec, State},
    operation::InstanceRef,
};

/// Names of the actions in the API.
pub(crate) const START: &str = PowerAction::Start { without_gpu: None }.name();
pub(crate) const STOP: &str = PowerAction::Stop { force: false }.name();
pub(crate) const REBOOT: &str = PowerAction::Reboot.name();

/// Specification of one power operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) instance: InstanceRef,
    pub(crate) target: Target,
    /// State of the instance that the object has stored. A destroy must not end because of one
    /// outdated describe: Terraform would never see the instance again.
    pub(crate) known_state: Option<State>,
    /// Force each stop. Stops of spot instances are always forced.
    pub(crate) force_stop: bool,
    /// Resend the start while the zone is sold out.
    pub(crate) wait_for_capacity: bool,
    /// Keep the instance running if another object that manages it is destroyed in the same run.
    pub(crate) keep_running: bool,
    pub(crate) timeout: Duration,
}

impl Operation {
    /// An operation without options.
    pub(crate) const fn new(instance: InstanceRef, target: Target, timeout: Duration) -> Self {
        Self {
            instance,
            target,
            known_state: None,
            force_stop: false,
            wait_for_capacity: false,
            keep_running: false,
            timeout,
        }
    }
}

/// Result that an operation is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Running. A start by this operation is in `mode`.
    Running {
        mode: GpuMode,
        in_other_mode: InOtherMode,
    },
    Stopped,
    /// Running, without any call of this operation.
    Awaited,
    /// Running after a reboot by this operation.
    Rebooted,
    /// Not running. An instance that has failed or does not exist is not running either.
    NotRunning,
}

/// Reaction to an instance that is found running in the other GPU mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InOtherMode {
    /// It is as required: no mode is configured.
    Keep,
    /// It is an error: the mode is configured, and a restart is not allowed.
    Refuse,
    /// It is stopped and started again.
    Restart,
}

/// GPU mode of a running instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GpuMode {
    WithGpu,
    /// No-GPU mode, with the CPU and memory of this spec.
    WithoutGpu(Spec),
}

impl GpuMode {
    /// Returns true if the running instance `seen` is in this mode. An unreported mode matches: it
    /// is no reason for an action.
    pub(super) fn matches(self, seen: &Instance) -> bool {
        seen.runs_without_gpu().is_none_or(|without_gpu| without_gpu == self.is_without_gpu())
    }

    pub(super) const fn is_without_gpu(self) -> bool {
        matches!(self, Self::WithoutGpu(_))
    }
}
