//! Specification of a lifecycle operation.

use std::time::Duration;

use crate::{
    compshare::{Size, State},
    operation::InstanceRef,
};

/// Specification of one operation on an instance that exists.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) instance: InstanceRef,
    pub(crate) target: Target,
    /// State of the instance that the object has stored, which one outdated describe must not
    /// contradict.
    pub(crate) known_state: Option<State>,
    /// Resend a resize or start while the zone is sold out.
    pub(crate) wait_for_capacity: bool,
    pub(crate) timeout: Duration,
}

/// Result that an operation is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The new instance has been set up.
    Created,
    /// The instance has this size and system disk. If it was found running, it runs again.
    Resized {
        /// `None` leaves the size unchanged.
        size: Option<Size>,
        /// `None` leaves the system disk unchanged.
        boot_disk_gb: Option<u32>,
        /// A running instance may be stopped.
        may_stop: bool,
    },
    /// The instance does not exist.
    Deleted { release_data_disks: bool },
}
