//! Actions: operations on demand, without state.

use std::future::Future;

use async_trait::async_trait;
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
    fn invoke(
        &self,
        context: &Context<Self::Session>,
        config: Self::Model,
        progress: &Progress,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

/// Progress messages of an action, which the host shows.
#[derive(Debug, Clone)]
pub struct Progress(UnboundedSender<String>);

impl Progress {
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
#[async_trait]
pub trait ErasedAction<S>: ErasedDefinition {
    async fn invoke(
        &self,
        context: &Context<S>,
        config: Value,
        progress: &Progress,
    ) -> Result<(), Diagnostics>;
}

#[async_trait]
impl<A: Action> ErasedAction<A::Session> for Erased<A> {
    async fn invoke(
        &self,
        context: &Context<A::Session>,
        config: Value,
        progress: &Progress,
    ) -> Result<(), Diagnostics> {
        self.definition.invoke(context, to_model(&config)?, progress).await
    }
}
