//! Power operations: start, stop, restart and reboot of an instance.
//!
//! A power operation is a kind of [`operation`](crate::operation): it describes the instance,
//! decides on one step, takes it, and describes again. The decision (`decide`) is a pure function
//! of the last describe and of the log of this operation.
//!
//! The rules that cost money if they are broken:
//! - A start is sent once. It is sent again only if it was certainly refused, or if its response
//!   was lost and the instance has been reported `Stopped` for a while since.
//! - A start in no-GPU mode that gets a GPU is an error. It is undone if this operation found the
//!   instance stopped.
//! - A reboot is sent once, and again only if it was certainly refused.
//! - Nothing follows from one describe that contradicts earlier ones, that shows the other GPU mode,
//!   or that does not find the instance. A second one must agree.
//!
//! This module contains no diagnostics, no terms of Terraform, no forms and no JSON.

mod decide;
mod kind;
mod operation;
mod preflight;
mod reason;

pub(crate) use self::{
    decide::undoes_start,
    operation::{GpuMode, InOtherMode, Operation, REBOOT, START, STOP, Target},
    preflight::{describe, preflight},
    reason::{Failure, NoGpuRefusal, PowerReason, Reason},
};
