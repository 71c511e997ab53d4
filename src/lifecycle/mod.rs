//! Create, resize and delete of an instance.
//!
//! A create (`create`) has no instance to describe before its call, so it is a sequence of its
//! own: one call, and after a lost response a search for the marker of this create in the remarks of
//! all instances. What follows is a kind of [`operation`](crate::operation): wait for the new
//! instance, resize it, or delete it. The decision (`decide`) is a pure function.
//!
//! The rules that cost money or data if they are broken:
//! - A create is sent once. It is sent again only if it was certainly refused.
//! - No instance is created while another one that Terraform created has its name: an interrupted
//!   run may have left it behind (`creates`).
//! - An instance is stopped for a resize only if that is allowed, and started again only if this
//!   operation has stopped it.
//! - The absence of an instance counts as its deletion only if a second describe confirms it.
//!
//! This module contains no diagnostics, no terms of Terraform, no forms and no JSON.

mod create;
mod creates;
mod decide;
mod kind;
mod marker;
mod operation;
mod reason;

pub(crate) use self::{
    create::{CreateFailure, create},
    creates::{Creates, Reservation},
    marker::{marked, user_text},
    operation::{Operation, Target},
    reason::{Failure, LifecycleReason, Reason},
};
