//! Why an operation failed. Words for people are made elsewhere.

use std::time::Duration;

use super::{LocationMismatch, OperationLog};
use crate::compshare;

/// A failed operation: why, and what it did and saw.
#[derive(Debug)]
pub struct Failure {
    /// Why it failed.
    pub reason: Reason,
    /// What it did and saw.
    pub log: Box<OperationLog>,
}

/// Which of the calls that change an instance's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// StartCompShareInstance.
    Start,
    /// StopCompShareInstance.
    Stop,
    /// RebootCompShareInstance.
    Reboot,
}

/// Why an instance cannot be started without its GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoGpuRefusal {
    /// Its GPU model does not support it.
    Model,
    /// It is paid in advance, in this way; only pay-as-you-go instances can.
    ChargeType(String),
    /// It is a container, and those take only spec `A`.
    ContainerSpec,
}

/// Why an operation failed.
#[derive(Debug)]
pub enum Reason {
    /// A call failed for good, or the cloud could not be reached.
    Call(compshare::Error),
    /// The instance does not exist for these keys, in this project.
    NotFound,
    /// The instance is in another location than expected.
    Location(LocationMismatch),
    /// It was there, and is gone.
    Vanished,
    /// It is in a state that it does not leave by itself, such as `Install Fail`.
    FailedState(String),
    /// It runs in the other GPU mode, and may not be stopped to change that.
    RestartNotAllowed {
        /// Whether it is to run without its GPU.
        without_gpu: bool,
    },
    /// It does not run, and only what runs can be rebooted.
    NotRunning,
    /// It cannot be started without its GPU.
    NoGpu(NoGpuRefusal),
    /// The call was accepted, and nothing came of it.
    NoEffect(Verb),
    /// The call was sent several times, no answer to it arrived, and nothing came of it.
    ResponseLost(Verb),
    /// It went on its way and came back to where it was.
    FellBack(Verb),
    /// It was to start without a GPU and got one, which is billed.
    GpuAllocated {
        /// Whether it was stopped again.
        stopped_again: bool,
    },
    /// It was to start with its GPU and runs without.
    GpuMissing,
    /// The time was over.
    TimedOut(Duration),
    /// The host was interrupted.
    Interrupted,
}
