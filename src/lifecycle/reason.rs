//! Reasons for the failure of a lifecycle operation.

use crate::operation;

/// Reason of a failure, common or [`LifecycleReason`].
pub(crate) type Reason = operation::Reason<LifecycleReason>;

/// Failure of a lifecycle operation.
pub(crate) type Failure = operation::Failure<LifecycleReason>;

/// Reason of a failure that only lifecycle operations have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LifecycleReason {
    /// The instance is running and may not be stopped to resize it.
    StopNotAllowed,
    /// The instance has its no-GPU size, in which the API does not resize it.
    NoGpuSize,
    /// The instance does not report its system disk.
    NoBootDisk,
}
