//! Actions: operations on demand, without state.

use std::future::Future;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    context::Context,
    definition::{Definition, Erased, ErasedDefinition, to_model},
    diagnostics::Diagnostics,
};
use crate::cty::Value;

/// One action. It may be invoked any number of times.
pub trait Action: Definition {
    /// Runs the action and reports its progress.
    ///
    /// # Errors
    /// The action failed, wholly or in part.
    fn invoke(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        progress: &Progress,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// Erases the types.
    fn boxed(self) -> Box<dyn ErasedAction<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// Progress messages of an action, which the host shows.
#[derive(Debug, Clone)]
pub struct Progress(UnboundedSender<String>);

impl Progress {
    /// Sends messages to the receiver of `messages`.
    pub const fn new(messages: UnboundedSender<String>) -> Self {
        Self(messages)
    }

    /// Sends one sentence, without a final period.
    pub fn send(&self, message: impl Into<String>) {
        // The host may have stopped reading. The action continues nevertheless.
        let _ = self.0.send(message.into());
    }
}

/// [`Action`] without its associated types. Implemented for each of them.
pub trait ErasedAction<S>: ErasedDefinition {
    /// As [`Action::invoke`].
    ///
    /// # Errors
    /// As [`Action::invoke`].
    fn invoke<'a>(
        &'a self,
        context: &'a Context<S>,
        config: Value,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<(), Diagnostics>>;
}

impl<A: Action> ErasedAction<A::Session> for Erased<A> {
    fn invoke<'a>(
        &'a self,
        context: &'a Context<A::Session>,
        config: Value,
        progress: &'a Progress,
    ) -> BoxFuture<'a, Result<(), Diagnostics>> {
        Box::pin(async move { self.definition.invoke(context, to_model(&config)?, progress).await })
    }
}
