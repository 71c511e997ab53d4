//! What a provider author writes against: providers and the kinds of things they offer, schemas, typed models, diagnostics.
//!
//! The layer below ([`crate::protocol`]) turns the wire into these types and back; the layer above
//! ([`crate::provider`]) says what there is and what it does. Everything here is about Terraform's rules and nothing else.
//!
//! Never in here: gRPC or generated types, HTTP, a clock, the environment.

mod action;
mod attr;
mod context;
mod data_source;
mod definition;
mod diagnostics;
mod duration;
mod ephemeral_resource;
mod identity;
mod list_resource;
mod model;
mod plan;
mod provider;
mod resource;
mod schema;

pub use action::{Action, ErasedAction, Progress};
pub use attr::{Attr, Convert, Sensitive, unexpected};
pub use context::Context;
pub use data_source::{DataSource, ErasedDataSource};
pub use definition::{Definition, ErasedDefinition};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use duration::{DurationError, parse_duration};
pub use ephemeral_resource::{EphemeralResource, ErasedEphemeralResource};
pub use identity::{IdentityAttribute, IdentitySchema};
pub use list_resource::{
    ErasedListResource, ListEvent, ListRequest, ListResource, Listed, Results,
};
pub use model::{Model, attribute_name, model};
pub use plan::{Planned, planned_state};
pub use provider::{Host, Provider};
pub use resource::{
    Applied, Change, ErasedResource, Failure, ImportBy, Object, PlanRequest, PlanResponse,
    Resource, ToApply,
};
pub use schema::{Attribute, Block, Mode, NestedBlock, Replacement, Rule, Schema};
