//! What resources, data sources, ephemeral resources, list resources and actions have in common: a name, a schema, and a
//! typed form of what a practitioner writes.

use std::sync::OnceLock;

use super::{Diagnostic, Diagnostics, Model, Schema};
use crate::cty::{self, Value};

/// One thing that a provider offers, as its author writes it. A trait of its kind says what it does.
pub trait Definition: Send + Sync + 'static {
    /// What a practitioner writes, and what comes of it, in one typed form.
    type Model: Model;
    /// What a configured provider hands over.
    type Session: Send + Sync + 'static;

    /// The type's name, beginning with the provider's.
    fn type_name(&self) -> &'static str;

    /// The schema. Asked once.
    fn schema(&self) -> Schema;

    /// Checks a configuration beyond its schema's rules. Values may be unknown and the provider unconfigured.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }
}

/// [`Definition`] without its types, so that a server can hold many. Implemented for every one.
pub trait ErasedDefinition: Send + Sync {
    /// As [`Definition::type_name`].
    fn type_name(&self) -> &'static str;

    /// As [`Definition::schema`], made on first use.
    fn schema(&self) -> &Schema;

    /// Checks a configuration, by the schema's rules and by the author's.
    fn validate(&self, config: &Value) -> Diagnostics;
}

/// Something offered, with what is made of it on first use and kept.
#[derive(Debug)]
pub(super) struct Erased<T> {
    pub(super) definition: T,
    schema: OnceLock<Schema>,
}

impl<T> Erased<T> {
    pub(super) const fn new(definition: T) -> Self {
        Self { definition, schema: OnceLock::new() }
    }
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
            // A rule that is broken says more than the type that does not fit for the same reason.
            Err(_) if diagnostics.has_errors() => {}
            Err(error) => diagnostics.push(mismatch(&error)),
        }
        diagnostics
    }
}

/// A value in its typed form; null is `None`.
pub(super) fn optional<M: Model>(value: &Value) -> Result<Option<M>, Diagnostics> {
    if value.is_null() { Ok(None) } else { typed(value).map(Some) }
}

/// A value in its typed form.
pub(super) fn typed<M: Model>(value: &Value) -> Result<M, Diagnostics> {
    M::from_value(value).map_err(|error| mismatch(&error).into())
}

fn mismatch(error: &cty::Error) -> Diagnostic {
    Diagnostic::bug(format!("A value does not fit the schema: {error}.")).at(error.path.clone())
}

/// A value that a host keeps, which must leave nothing unknown: core would save nulls and blame the provider without saying
/// where.
pub(super) fn wholly_known(value: Value, after: &str) -> Result<Value, Diagnostics> {
    if value.is_wholly_known() {
        return Ok(value);
    }
    Err(Diagnostic::bug(format!("A value was still unknown after the {after}.")).into())
}
