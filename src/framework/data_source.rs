//! Data sources: what is read and not managed.

use std::future::Future;

use futures_util::future::BoxFuture;

use super::{
    AnyOffered, Context, Convert as _, Diagnostics, Offered,
    offered::{Typed, typed, wholly_known},
};
use crate::cty::Value;

/// One data source, as its author writes it.
pub trait DataSource: Offered {
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
    fn boxed(self) -> Box<dyn AnyDataSource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Typed::new(self))
    }
}

/// [`DataSource`] without its types. Implemented for every one.
pub trait AnyDataSource<S>: AnyOffered {
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

impl<D: DataSource> AnyDataSource<D::Session> for Typed<D> {
    fn read<'a>(
        &'a self,
        context: &'a Context<D::Session>,
        config: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>> {
        Box::pin(async move {
            let read = self.offered.read(context, typed(&config)?).await?;
            wholly_known(read.into_value(), "read")
        })
    }
}
