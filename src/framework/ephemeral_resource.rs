//! Ephemeral resources: values for one run that enter neither state nor plan.

use std::future::Future;

use futures_util::future::BoxFuture;

use super::{
    Context, Convert as _, Definition, Diagnostics, ErasedDefinition,
    definition::{Erased, typed, wholly_known},
};
use crate::cty::Value;

/// One ephemeral resource, as its author writes it.
///
/// There is nothing here to renew or to close: an opened one is a value and no more.
pub trait EphemeralResource: Definition {
    /// The value for this run, for a configuration that is wholly known. What is configured comes back as it was.
    ///
    /// Hosts open it while planning, and again while applying.
    ///
    /// # Errors
    /// There is no such value.
    fn open(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// As a server holds it, without its types.
    fn boxed(self) -> Box<dyn ErasedEphemeralResource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// [`EphemeralResource`] without its types. Implemented for every one.
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
            let opened = self.definition.open(context, typed(&config)?).await?;
            wholly_known(opened.into_value(), "opening")
        })
    }
}
