//! Data sources: objects that are read and not managed.

use std::future::Future;

use async_trait::async_trait;

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
    fn read(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}

/// [`DataSource`] without its associated types. Implemented for each of them.
#[async_trait]
pub trait ErasedDataSource<S>: ErasedDefinition {
    async fn read(&self, context: &Context<S>, config: Value) -> Result<Value, Diagnostics>;
}

#[async_trait]
impl<D: DataSource> ErasedDataSource<D::Session> for Erased<D> {
    async fn read(
        &self,
        context: &Context<D::Session>,
        config: Value,
    ) -> Result<Value, Diagnostics> {
        let read = self.definition.read(context, to_model(&config)?).await?;
        wholly_known(read.into_value(), "read")
    }
}
