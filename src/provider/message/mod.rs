//! The only place where failures become messages.
//!
//! A message has a title with the reason, a first sentence about the failure, the effect on the
//! bill or on the Terraform state, one remedy, and then the facts: instance with its observed
//! states, API calls with `RetCode` and message, request ID. No fact is repeated. Titles contain no
//! IDs.

mod configuration;
mod error;
mod facts;
mod operation;
mod plan;
mod read;
mod text;
mod unsuitable;

pub(crate) use configuration::{
    credentials, import_id, import_identity, instance_selection, invalid_base_url,
    spec_without_mode, unknown_arguments,
};
pub(crate) use error::call;
pub(crate) use operation::{caveat, keeps_running, operation, refused_plan};
pub(crate) use plan::{
    conflict, deleted_if_kept_stopped, deleted_soon, failing_apply, no_longer_exists,
    plan_not_checked, runs_without_gpu,
};
pub(crate) use read::{
    ambiguous_name, instance_call, interrupted, interrupted_read, list, password, read,
    unknown_name,
};
pub(crate) use unsuitable::{instance_elsewhere, instance_not_found};
