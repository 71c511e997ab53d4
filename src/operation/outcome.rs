//! Outcomes of operations. `provider` turns them into messages.

use std::{sync::Arc, time::Duration};

use super::{instance_ref::LocationMismatch, log::OperationLog};
use crate::compshare::{Error, Instance};

/// Success of an operation.
#[derive(Debug)]
pub(crate) struct Success {
    /// The last describe; `None` if the instance does not exist or was not described.
    pub(crate) instance: Option<Arc<Instance>>,
    /// Reason for a warning.
    pub(crate) caveat: Option<Caveat>,
}

/// Reason for a warning about a successful operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caveat {
    /// The API accepted this action, but its effect was not observed.
    NotObserved(&'static str),
    /// The instance was not stopped: another object of the same run requires it to run.
    LeftRunning,
}

/// Failure of an operation.
#[derive(Debug)]
pub(crate) struct Failure<R> {
    pub(crate) reason: Reason<R>,
    pub(crate) log: Box<OperationLog>,
}

/// Reason of a failure. `R` are the reasons that only one kind of operation has.
#[derive(Debug)]
pub(crate) enum Reason<R> {
    /// A call failed and will not be resent.
    Call(Error),
    /// The instance does not exist for these keys, in this project.
    NotFound,
    /// The instance existed when the operation began, and does not any more.
    Vanished,
    /// The instance is in another location than expected.
    Location(LocationMismatch),
    /// The instance is in a state that it does not leave by itself, such as `Install Fail`.
    FailedState(String),
    /// The API accepted this action, but the state of the instance did not change.
    NoEffect(&'static str),
    /// The response to this action was lost, each time that it was sent, and the state of the
    /// instance did not change.
    ResponseLost(&'static str),
    /// The instance left its state after this action, and returned to it.
    FellBack(&'static str),
    TimedOut(Duration),
    /// Terraform was interrupted.
    Interrupted,
    Kind(R),
}
