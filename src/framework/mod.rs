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
mod diagnostics;
mod duration;
mod ephemeral_resource;
mod identity;
mod list_resource;
mod model;
mod offered;
mod plan;
mod provider;
mod resource;
mod schema;

pub use action::{Action, AnyAction, Progress};
pub use attr::{Attr, Convert, Sensitive, unexpected};
pub use context::Context;
pub use data_source::{AnyDataSource, DataSource};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use duration::{DurationError, parse_duration};
pub use ephemeral_resource::{AnyEphemeralResource, EphemeralResource};
pub use identity::{IdentityAttribute, IdentitySchema};
pub use list_resource::{AnyListResource, ListEvent, ListRequest, ListResource, Listed, Results};
pub use model::{Model, attribute_name, model};
pub use offered::{AnyOffered, Offered};
pub use plan::{Planned, planned_state};
pub use provider::{Host, Provider};
pub use resource::{
    AnyResource, Applied, Change, Failure, ImportBy, Object, PlanRequest, PlanResponse, Resource,
    ToApply,
};
pub use schema::{Attribute, Block, Mode, NestedBlock, Replacement, Rule, Schema};
