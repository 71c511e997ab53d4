//! Operations on one instance: the part that all kinds of operation share.
//!
//! An operation is a loop: describe the instance, decide on one step, take it, wait. A kind of
//! operation implements `Kind`: it supplies the decision, a pure function of the last describe and
//! of the `OperationLog`, and the API call. This module supplies the rest: the loop and its timeout
//! (`run`), one lock per instance (`locks`), the pauses (`pace`), the reaction to failed calls
//! (`run`, `decision`), the log, describes that confirm the absence of an instance
//! (`describer`), and the places in which a recent describe replaces another one (`sightings`,
//! `read_ahead`).
//!
//! Two rules hold for every kind:
//!
//! - A call that may have been carried out is not resent before the instance has been described,
//!   and then only if its state has not changed for a while.
//! - Nothing follows from one describe that contradicts earlier ones, or from one without the
//!   instance. A second one must agree.
//!
//! This module knows neither Terraform nor any particular kind of operation.

mod decision;
mod describer;
mod instance_ref;
mod kept_running;
mod kind;
mod locks;
mod log;
mod operations;
mod outcome;
mod pace;
mod read_ahead;
mod run;
mod sightings;

pub use self::pace::Pace;
pub(crate) use self::{
    decision::{Situation, Step},
    instance_ref::{InstanceRef, Location, LocationMismatch},
    kept_running::KeptRunning,
    kind::Kind,
    log::{CallOutcome, CallStatus, Event, LoggedCall, OperationLog},
    operations::Operations,
    outcome::{Caveat, Failure, Reason, Success},
};
