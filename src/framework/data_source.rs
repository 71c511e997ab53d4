//! Data sources: what is read and not managed.

use std::future::Future;

use futures_util::future::BoxFuture;

use super::{
    Context, Convert as _, Definition, Diagnostics, ErasedDefinition,
    definition::{Erased, typed, wholly_known},
};
use crate::cty::Value;

/// One data source, as its author writes it.
pub trait DataSource: Definition {
    /// What there is, for a configuration that is wholly known. What is configured comes back as it was.
    ///
    /// # Errors
    /// It could not be found out, or does not exist.
    fn read(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// As a server holds it, without its types.
    fn boxed(self) -> Box<dyn ErasedDataSource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// [`DataSource`] without its types. Implemented for every one.
pub trait ErasedDataSource<S>: ErasedDefinition {
    /// As [`DataSource::read`].
    ///
    /// # Errors
    /// As [`DataSource::read`].
    fn read<'a>(
        &'a self,
        context: &'a Context<S>,
        config: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>>;
}

impl<D: DataSource> ErasedDataSource<D::Session> for Erased<D> {
    fn read<'a>(
        &'a self,
        context: &'a Context<D::Session>,
        config: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>> {
        Box::pin(async move {
            let read = self.definition.read(context, typed(&config)?).await?;
            wholly_known(read.into_value(), "read")
        })
    }
}
