//! Actions.

use serde_json::Value as Json;
use terraform_provider_compshare::protocol::tfplugin5::{self as wire, invoke_action::event};
use tokio_stream::StreamExt as _;

use super::{
    connection::RPC_TIMEOUT,
    diagnostic::{Diagnostic, Errors},
    schema::Block,
    terraform::Terraform,
    value::encode,
};

/// Result of an invocation.
#[derive(Debug)]
pub(crate) struct Invoked {
    /// Progress messages, in order.
    pub(crate) progress: Vec<String>,
    pub(crate) outcome: Result<Vec<Diagnostic>, Errors>,
}

impl Terraform {
    /// ValidateActionConfig.
    pub(crate) async fn validate_action(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.schemas.actions[name];
        let request = wire::validate_action_config::Request {
            type_name: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
        };
        let response = self.client().validate_action_config(request).await.unwrap();
        self.read_diagnostics(&response.into_inner().diagnostics, block)
    }

    /// PlanAction.
    pub(crate) async fn plan_action(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.schemas.actions[name];
        let request = wire::plan_action::Request {
            action_type: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
            client_capabilities: self.capabilities(),
        };
        let response = self.client().plan_action(request).await.unwrap().into_inner();
        assert!(
            response.deferred.is_none(),
            "Terraform 1.16 reports a deferred action as an error"
        );
        self.read_diagnostics(&response.diagnostics, block)
    }

    /// Validates, plans and invokes an action.
    pub(crate) async fn invoke(&self, name: &str, config: &Json) -> Invoked {
        let checked = match self.validate_action(name, config).await {
            Ok(_) => self.plan_action(name, config).await,
            errors => errors,
        };
        if let Err(errors) = checked {
            return Invoked { progress: Vec::new(), outcome: Err(errors) };
        }
        let request = self.invocation(name, config);
        let invoked = self.read_events(request, &self.schemas.actions[name]);
        tokio::time::timeout(RPC_TIMEOUT, invoked).await.expect("the action timed out")
    }

    /// The InvokeAction request.
    pub(crate) fn invocation(&self, name: &str, config: &Json) -> wire::invoke_action::Request {
        let block = &self.schemas.actions[name];
        wire::invoke_action::Request {
            action_type: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
            client_capabilities: self.capabilities(),
        }
    }

    /// Reads the events: any number of progress messages, then one completion. Core crashes on any
    /// other sequence.
    async fn read_events(&self, request: wire::invoke_action::Request, block: &Block) -> Invoked {
        let mut events = self.client().invoke_action(request).await.unwrap().into_inner();
        let mut progress = Vec::new();
        loop {
            let event =
                events.next().await.expect("the stream ended before the completion").unwrap();
            match event.r#type.expect("an event with content") {
                event::Type::Progress(event::Progress { message }) => {
                    self.assert_no_secrets(&message);
                    progress.push(message);
                }
                event::Type::Completed(event::Completed { diagnostics }) => {
                    assert!(events.next().await.is_none(), "an event after the completion");
                    return Invoked {
                        progress,
                        outcome: self.read_diagnostics(&diagnostics, block),
                    };
                }
            }
        }
    }
}

impl Invoked {
    /// Progress messages of an action that must have succeeded without a warning.
    #[track_caller]
    pub(crate) fn succeed(self) -> Vec<String> {
        assert_eq!(self.outcome.unwrap(), [], "warnings");
        self.progress
    }

    /// Errors of an action that must have failed.
    #[track_caller]
    pub(crate) fn fail(self) -> Errors {
        self.outcome.unwrap_err()
    }
}
