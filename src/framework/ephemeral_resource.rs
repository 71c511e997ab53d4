//! Ephemeral resources: values for one run that are stored in neither state nor plan.

use std::future::Future;

use futures_util::future::BoxFuture;

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
    ///
    /// # Errors
    /// The values could not be read.
    fn open(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Erases the types.
    fn boxed(self) -> Box<dyn ErasedEphemeralResource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// [`EphemeralResource`] without its associated types. Implemented for each of them.
pub trait ErasedEphemeralResource<S>: ErasedDefinition {
    /// As [`EphemeralResource::open`].
    ///
    /// # Errors
    /// As [`EphemeralResource::open`].
    fn open<'a>(
        &'a self,
        context: &'a Context<S>,
        config: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>>;
}

impl<E: EphemeralResource> ErasedEphemeralResource<E::Session> for Erased<E> {
    fn open<'a>(
        &'a self,
        context: &'a Context<E::Session>,
        config: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>> {
        Box::pin(async move {
            let opened = self.definition.open(context, to_model(&config)?).await?;
            wholly_known(opened.into_value(), "opening")
        })
    }
}
