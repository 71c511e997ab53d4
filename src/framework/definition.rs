//! The common part of resources, data sources, ephemeral resources, list resources and actions:
//! name, schema and model.

use std::sync::OnceLock;

use super::{
    diagnostics::{Diagnostic, Diagnostics},
    model::Model,
    schema::Schema,
};
use crate::cty::{self, Value};

/// Name, schema and validation of a resource, data source, ephemeral resource, list resource or
/// action. The trait of its kind adds the behavior.
pub trait Definition: Send + Sync + 'static {
    /// The attributes of configuration and result.
    type Model: Model;
    type Session: Send + Sync + 'static;

    /// The type name, beginning with the provider's name.
    fn type_name(&self) -> &'static str;

    /// Description in Markdown, shown at the top of the documentation page.
    fn description(&self) -> &'static str;

    /// The schema, as the model declares it. To be overridden by a resource that raises its
    /// version.
    fn schema(&self) -> Schema {
        Schema::new(self.description(), Self::Model::block())
    }

    /// Checks a configuration beyond the rules of its schema. Values may be unknown and the
    /// provider unconfigured.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Erases the types.
    fn boxed(self) -> Box<Erased<Self>>
    where
        Self: Sized,
    {
        Box::new(Erased { definition: self, schema: OnceLock::new() })
    }
}

/// [`Definition`] without its associated types, so that a server can hold different ones.
/// Implemented for each of them.
pub trait ErasedDefinition: Send + Sync {
    fn type_name(&self) -> &'static str;

    fn schema(&self) -> &Schema;

    /// Checks a configuration by the rules of the schema and by [`Definition::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
}

/// A definition with its schema, which is built on first use.
#[derive(Debug)]
pub struct Erased<T> {
    pub(super) definition: T,
    schema: OnceLock<Schema>,
}

impl<T: Definition> ErasedDefinition for Erased<T> {
    fn type_name(&self) -> &'static str {
        self.definition.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.definition.schema())
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = self.schema().block.validate(config);
        match T::Model::from_value(config) {
            Ok(config) => diagnostics.extend(self.definition.validate(&config)),
            // A broken rule explains more than the type mismatch that it causes.
            Err(_) if diagnostics.has_errors() => {}
            Err(error) => diagnostics.push(mismatch(&error)),
        }
        diagnostics
    }
}

/// Converts a value to its model; null is `None`.
pub(super) fn to_optional_model<M: Model>(value: &Value) -> Result<Option<M>, Diagnostics> {
    if value.is_null() { Ok(None) } else { to_model(value).map(Some) }
}

pub(super) fn to_model<M: Model>(value: &Value) -> Result<M, Diagnostics> {
    M::from_value(value).map_err(|error| mismatch(&error).into())
}

fn mismatch(error: &cty::Error) -> Diagnostic {
    Diagnostic::bug(format!("A value does not fit the schema: {error}.")).at(error.path.clone())
}

/// Refuses a value with unknown parts before a host stores it: core would save them as null and
/// report an inconsistency without naming the attribute.
pub(super) fn wholly_known(value: Value, after: &str) -> Result<Value, Diagnostics> {
    if value.is_wholly_known() {
        return Ok(value);
    }
    Err(Diagnostic::bug(format!("A value was still unknown after the {after}.")).into())
}
