//! List resources: the existing objects that a managed resource could manage.

use std::{future::Future, marker::PhantomData, ops::ControlFlow};

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::{
    attr::Convert as _,
    context::Context,
    definition::{Definition, Erased, ErasedDefinition, to_model},
    diagnostics::Diagnostics,
    resource::Resource,
};
use crate::cty::Value;

/// The list of the objects of one managed resource type, which has the same name. Its model is the
/// `config` block.
pub trait ListResource: Definition {
    /// The managed resource of the listed objects.
    type Resource: Resource<Session = Self::Session>;

    /// Sends the objects to `results`, each as soon as it is known. Ends after the last object, or
    /// when [`push`](Results::push) returns `Break`.
    fn list(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        results: &mut Results<Self::Resource>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

#[derive(Debug, Clone)]
pub struct Listed<R: Resource> {
    /// Name for people.
    pub display_name: String,
    /// State that a read would return. The identity is made from it.
    pub object: R::Model,
}

/// Receiver of the objects of a [`ListResource`].
#[derive(Debug)]
pub struct Results<R> {
    events: Sender<ListEvent>,
    include_object: bool,
    /// Number of objects until the limit of the request.
    left: usize,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Results<R> {
    /// Sends one object. `Break` if the limit is reached or the host has closed the stream.
    pub async fn push(&mut self, listed: Listed<R>) -> ControlFlow<()> {
        let Some(left) = self.left.checked_sub(1) else { return ControlFlow::Break(()) };
        let event = ListEvent {
            display_name: listed.display_name,
            identity: R::Identity::from(&listed.object).into_value(),
            object: self.include_object.then(|| listed.object.into_value()),
        };
        // Fails if the host has closed the stream.
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
    pub display_name: String,
    pub identity: Value,
    /// Value of the resource's type; only if the request includes objects.
    pub object: Option<Value>,
}

#[derive(Debug)]
pub struct ListRequest {
    /// The `config` block.
    pub config: Value,
    pub include_object: bool,
    /// Maximum number of objects.
    pub limit: usize,
}

/// [`ListResource`] without its associated types. Implemented for each of them.
#[async_trait]
pub trait ErasedListResource<S>: ErasedDefinition {
    async fn list(
        &self,
        context: &Context<S>,
        request: ListRequest,
        events: Sender<ListEvent>,
    ) -> Result<(), Diagnostics>;
}

#[async_trait]
impl<L: ListResource> ErasedListResource<L::Session> for Erased<L> {
    async fn list(
        &self,
        context: &Context<L::Session>,
        request: ListRequest,
        events: Sender<ListEvent>,
    ) -> Result<(), Diagnostics> {
        let ListRequest { config, include_object, limit } = request;
        let mut results = Results { events, include_object, left: limit, resource: PhantomData };
        if limit == 0 {
            return Ok(());
        }
        self.definition.list(context, to_model(&config)?, &mut results).await
    }
}
