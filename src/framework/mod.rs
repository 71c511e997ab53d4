//! The provider SDK: traits of a provider and its resources, schemas, typed models, diagnostics.
//!
//! [`crate::protocol`], the layer below, converts these types from and to the wire.
//! [`crate::provider`], the layer above, implements the traits. This module contains the rules of
//! Terraform and nothing about a particular provider.
//!
//! A resource consists of a [`Model`], written with [`model!`], which declares its schema, and
//! implementations of [`Definition`] (type name, description) and [`Resource`] (behavior). Data
//! sources, ephemeral resources, list resources and actions are alike. A server holds their erased
//! forms, such as [`ErasedResource`], which work on [`cty::Value`](crate::cty::Value); blanket
//! implementations convert between models and values.
//!
//! This module never contains gRPC or generated types, HTTP, a clock, or the environment.

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
mod rule;
mod schema;

pub use action::{Action, ErasedAction, Progress};
pub use attr::{Attr, Convert, Sensitive, unexpected};
pub use context::Context;
pub use data_source::{DataSource, ErasedDataSource};
pub use definition::{Definition, Erased, ErasedDefinition};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use duration::{DurationError, parse_duration};
pub use ephemeral_resource::{EphemeralResource, ErasedEphemeralResource};
pub use identity::{IdentitySchema, NoIdentity};
pub use list_resource::{
    ErasedListResource, ListEvent, ListRequest, ListResource, Listed, Results,
};
pub use model::{Field, Model, ModelField, attribute_name, model};
pub use plan::unread;
pub use provider::{Host, Provider};
pub use resource::{
    ApplyRequest, ApplyResponse, Change, ErasedResource, Failure, ForcedReplacement, ImportBy,
    Object, PlanRequest, PlanResponse, Resource,
};
pub use rule::Rule;
pub use schema::{Attribute, Block, BlockPart, Mode, NestedBlock, Replacement, Schema};
