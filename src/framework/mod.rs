//! What a provider author writes against: providers, resources, their schemas, typed models and diagnostics.
//!
//! The layer below ([`crate::protocol`]) turns the wire into these types and back; the layer above
//! ([`crate::provider`]) says what there is and what it does. Everything here is about Terraform's rules and nothing else.
//!
//! Never in here: gRPC or generated types, HTTP, a clock, the environment.

mod attr;
mod context;
mod diagnostics;
mod duration;
mod model;
mod plan;
mod provider;
mod resource;
mod schema;

pub use attr::{Attr, Convert, Sensitive, unexpected};
pub use context::Context;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use duration::{DurationError, parse_duration};
pub use model::{Model, model};
pub use plan::{Planned, planned_state};
pub use provider::{Host, Provider};
pub use resource::{
    AnyResource, Applied, Change, Failure, PlanRequest, PlanResponse, Resource, ToApply,
};
pub use schema::{Attribute, Block, Mode, NestedBlock, Replacement, Rule, Schema};
