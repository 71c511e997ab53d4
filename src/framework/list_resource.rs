//! List resources: the existing objects that a managed resource could stand for.

use std::{future::Future, marker::PhantomData, ops::ControlFlow};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::Sender;

use super::{
    Context, Convert as _, Definition, Diagnostics, ErasedDefinition, Resource,
    definition::{Erased, typed},
};
use crate::cty::Value;

/// The list of one managed resource type's objects, as its author writes it. It has the name of that type; its model is what
/// a practitioner writes in `config`.
pub trait ListResource: Definition {
    /// The managed resource whose objects are listed.
    type Resource: Resource<Session = Self::Session>;

    /// Puts out the objects, each as soon as it is known, until there are no more or nobody wants any.
    ///
    /// # Errors
    /// The list is not complete.
    fn list(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        results: &mut Results<Self::Resource>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// As a server holds it, without its types.
    fn boxed(self) -> Box<dyn ErasedListResource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// One object of a list.
#[derive(Debug, Clone)]
pub struct Listed<R: Resource> {
    /// What people know it by.
    pub display_name: String,
    /// Which object it is.
    pub identity: R::Identity,
    /// How a state of it would look.
    pub object: R::Model,
}

/// Where a [`ListResource`] puts its objects.
#[derive(Debug)]
pub struct Results<R> {
    events: Sender<ListEvent>,
    include_object: bool,
    /// How many more are wanted.
    left: usize,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Results<R> {
    /// Puts out one object. `Break`: there is no use for another one.
    pub async fn push(&mut self, listed: Listed<R>) -> ControlFlow<()> {
        let Some(left) = self.left.checked_sub(1) else { return ControlFlow::Break(()) };
        let event = ListEvent {
            display_name: listed.display_name,
            identity: listed.identity.into_value(),
            object: self.include_object.then(|| listed.object.into_value()),
        };
        // It fails when the host has gone away.
        if self.events.send(event).await.is_err() {
            return ControlFlow::Break(());
        }
        self.left = left;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// [`Listed`] without its types.
#[derive(Debug)]
pub struct ListEvent {
    /// As [`Listed::display_name`].
    pub display_name: String,
    /// Of the type of the resource's identity schema.
    pub identity: Value,
    /// Of the type of the resource's schema; only if it was asked for.
    pub object: Option<Value>,
}

/// What is to be listed.
#[derive(Debug)]
pub struct ListRequest {
    /// What the practitioner wrote in `config`.
    pub config: Value,
    /// Whether each object is wanted as a whole, and not only its identity.
    pub include_object: bool,
    /// How many are wanted at most.
    pub limit: usize,
}

/// [`ListResource`] without its types. Implemented for every one.
pub trait ErasedListResource<S>: ErasedDefinition {
    /// As [`ListResource::list`].
    ///
    /// # Errors
    /// As [`ListResource::list`].
    fn list<'a>(
        &'a self,
        context: &'a Context<S>,
        request: ListRequest,
        events: Sender<ListEvent>,
    ) -> BoxFuture<'a, Result<(), Diagnostics>>;
}

impl<L: ListResource> ErasedListResource<L::Session> for Erased<L> {
    fn list<'a>(
        &'a self,
        context: &'a Context<L::Session>,
        request: ListRequest,
        events: Sender<ListEvent>,
    ) -> BoxFuture<'a, Result<(), Diagnostics>> {
        Box::pin(async move {
            let ListRequest { config, include_object, limit } = request;
            let mut results =
                Results { events, include_object, left: limit, resource: PhantomData };
            if limit == 0 {
                return Ok(());
            }
            self.definition.list(context, typed(&config)?, &mut results).await
        })
    }
}
