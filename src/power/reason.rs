//! Reasons for the failure of a power operation.

use crate::operation;

/// Reason of a failure, common or [`PowerReason`].
pub(crate) type Reason = operation::Reason<PowerReason>;

/// Failure of a power operation.
pub(crate) type Failure = operation::Failure<PowerReason>;

/// Reason of a failure that only power operations have.
#[derive(Debug)]
pub(crate) enum PowerReason {
    /// The instance runs in the other GPU mode and may not be stopped to change it.
    RestartNotAllowed {
        to_no_gpu_mode: bool,
    },
    /// The instance is stopped, and a reboot requires a running one.
    NotRunning,
    NoGpuMode(NoGpuRefusal),
    /// The instance was started in no-GPU mode and got a GPU, which is billed.
    GpuAllocated {
        stopped_again: bool,
    },
    /// The instance was started with GPU and runs without.
    GpuMissing,
}

/// Reason why an instance cannot start in no-GPU mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoGpuRefusal {
    /// Its GPU model does not support the mode.
    Model,
    /// It has this charge type, which is prepaid; the mode requires pay-as-you-go.
    ChargeType(String),
    /// It is a container, which supports spec `A` only.
    ContainerSpec,
}
