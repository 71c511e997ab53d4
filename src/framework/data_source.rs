//! Data sources: objects that are read and not managed.

use std::future::Future;

use futures_util::future::BoxFuture;

use super::{
    attr::Convert as _,
    context::Context,
    definition::{Definition, Erased, ErasedDefinition, to_model, wholly_known},
    diagnostics::Diagnostics,
};
use crate::cty::Value;

/// One data source.
pub trait DataSource: Definition {
    /// Reads the object for a wholly known configuration. Configured attributes are returned
    /// unchanged.
    ///
    /// # Errors
    /// The object does not exist or could not be read.
    fn read(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Erases the types.
    fn boxed(self) -> Box<dyn ErasedDataSource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// [`DataSource`] without its associated types. Implemented for each of them.
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
            let read = self.definition.read(context, to_model(&config)?).await?;
            wholly_known(read.into_value(), "read")
        })
    }
}
