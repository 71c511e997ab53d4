//! The only place where failures become messages.
//!
//! The title is "Unable to …: reason", without IDs. The detail has a paragraph each about the
//! failure, its effect on the bill or on the Terraform state, and one remedy, and then the facts:
//! instance with its observed states, API calls with `RetCode` and message, request ID. No fact is
//! repeated.

mod configuration;
mod error;
mod facts;
mod instance;
mod instance_plan;
mod keepalive;
mod lifecycle;
mod offer;
mod operation;
mod plan;
mod read;
mod stop_schedule;
mod text;
mod unsuitable;

pub(crate) use configuration::{
    credentials, default_project, import_id, import_identity, instance_selection, invalid_base_url,
    spec_without_mode, unknown_arguments,
};
pub(crate) use error::call;
pub(crate) use instance::{
    NewInstance, create_failed, left_behind, left_behind_unseen, name_in_use, not_created, rename,
    timed_out_before_create,
};
pub(crate) use instance_plan::{
    Purchase, billed, deletion_protected, gpu_type_not_sold, imported_replacement, price_too_high,
    price_unknown, replacement, size_not_sold, unchangeable,
};
pub(crate) use keepalive::keepalive;
pub(crate) use lifecycle::{lifecycle, resize_needs_stop};
pub(crate) use offer::{
    call_in, illegal_size, no_image, unchecked, unknown_gpu_type, unknown_place, unknown_size,
};
pub(crate) use operation::{caveat, operation};
pub(crate) use plan::{
    conflict, deleted_if_kept_stopped, deleted_soon, failing_apply, keeps_running,
    no_longer_exists, plan_not_checked, refused_plan, runs_without_gpu,
};
pub(crate) use read::{
    ambiguous_name, interrupted, interrupted_read, list, password, read, refresh, unknown_name,
};
pub(crate) use stop_schedule::{
    cancel_not_observed, schedule, spot_schedule, stop_time_selection, stop_too_soon,
};
pub(crate) use unsuitable::{instance_elsewhere, instance_not_found};
