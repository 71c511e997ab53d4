//! Ephemeral resources: values for one run that are stored in neither state nor plan.

use std::future::Future;

use async_trait::async_trait;

use super::{
    attr::Convert as _,
    context::Context,
    definition::{Definition, Erased, ErasedDefinition, to_model, wholly_known},
    diagnostics::Diagnostics,
};
use crate::cty::Value;

/// One ephemeral resource. It is only opened: nothing has to be renewed or closed.
pub trait EphemeralResource: Definition {
    /// Returns the values for a wholly known configuration. Configured attributes are returned
    /// unchanged.
    ///
    /// Hosts open an ephemeral resource during the plan, and again during the apply.
    fn open(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}

/// [`EphemeralResource`] without its associated types. Implemented for each of them.
#[async_trait]
pub trait ErasedEphemeralResource<S>: ErasedDefinition {
    async fn open(&self, context: &Context<S>, config: Value) -> Result<Value, Diagnostics>;
}

#[async_trait]
impl<E: EphemeralResource> ErasedEphemeralResource<E::Session> for Erased<E> {
    async fn open(
        &self,
        context: &Context<E::Session>,
        config: Value,
    ) -> Result<Value, Diagnostics> {
        let opened = self.definition.open(context, to_model(&config)?).await?;
        wholly_known(opened.into_value(), "opening")
    }
}
