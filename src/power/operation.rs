//! Specification of a power operation.

use std::time::Duration;

use crate::{
    compshare::{PowerAction, Spec},
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
    /// Force each stop, which spot instances require.
    pub(crate) force_stop: bool,
    /// Resend the start while the zone is sold out.
    pub(crate) wait_for_capacity: bool,
    pub(crate) timeout: Duration,
}

/// Result that an operation is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Running {
        mode: GpuMode,
        /// Allows a stop and a start of an instance that runs in the other GPU mode.
        may_restart: bool,
    },
    Stopped,
    /// Running, without any call of this operation.
    Awaited,
    /// Running after a reboot by this operation.
    Rebooted,
    /// Not running. An instance that has failed or does not exist is not running either.
    NotRunning,
}

/// GPU mode of a running instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GpuMode {
    WithGpu,
    /// No-GPU mode, with the CPU and memory of this spec.
    WithoutGpu(Spec),
}

impl GpuMode {
    /// Returns true if a running instance with `gpus` is in this mode. An unreported number
    /// matches: it is no reason for an action.
    pub(super) const fn matches(self, gpus: Option<u32>) -> bool {
        match (self, gpus) {
            (_, None) => true,
            (Self::WithGpu, Some(count)) => count > 0,
            (Self::WithoutGpu(_), Some(count)) => count == 0,
        }
    }

    pub(super) const fn is_without_gpu(self) -> bool {
        matches!(self, Self::WithoutGpu(_))
    }
}
