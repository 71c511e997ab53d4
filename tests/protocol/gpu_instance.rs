//! The resource `compshare_instance`: created once, deleted completely, and never replaced because
//! of an observation.

mod create;
mod delete;
mod fleet;
mod list;
pub(super) mod messages;
mod once;
mod plan;
mod setup;
mod update;
