//! Actions: what is done when it is asked for, and leaves no state.

use std::future::Future;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    Context, Definition, Diagnostics, ErasedDefinition,
    definition::{Erased, typed},
};
use crate::cty::Value;

/// One action, as its author writes it. It may be invoked any number of times.
pub trait Action: Definition {
    /// Does it, telling the practitioner how it goes.
    ///
    /// # Errors
    /// It was not done, or not wholly.
    fn invoke(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        progress: &Progress,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// As a server holds it, without its types.
    fn boxed(self) -> Box<dyn ErasedAction<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// What the practitioner sees of an action while it goes on.
#[derive(Debug, Clone)]
pub struct Progress(UnboundedSender<String>);

impl Progress {
    /// To whoever shows it.
    pub const fn new(messages: UnboundedSender<String>) -> Self {
        Self(messages)
    }

    /// Shows `message`: one sentence, without a period where it only names a state of affairs.
    pub fn tell(&self, message: impl Into<String>) {
        // An error here says that nobody is looking any more, which is no reason to stop.
        let _ = self.0.send(message.into());
    }
}

/// [`Action`] without its types. Implemented for every one.
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
        Box::pin(async move { self.definition.invoke(context, typed(&config)?, progress).await })
    }
}
