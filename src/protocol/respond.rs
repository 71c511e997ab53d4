//! Responses of RPCs: errors and panics become diagnostics instead of gRPC errors.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use futures_util::{FutureExt, StreamExt as _};
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tonic::{Response, Status};

use super::{decode, encode, server::Found, tfplugin5 as wire};
use crate::{
    framework::{Context, Diagnostic, Diagnostics, ErasedDefinition},
    panics,
};

/// Response message with a field for diagnostics.
pub(super) trait Message: Default {
    fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic>;
}

/// Awaits `call` and makes a response of its result.
///
/// A panic becomes a diagnostic with the request to report the bug; the process continues.
pub(super) async fn respond<M: Message>(
    rpc: &'static str,
    call: impl Future<Output = Result<M, Diagnostics>> + Send,
) -> Result<Response<M>, Status> {
    let message = logged(rpc, call).await.unwrap_or_else(|diagnostics| {
        let mut failed = M::default();
        failed.diagnostics().extend(encode::diagnostics(diagnostics));
        failed
    });
    Ok(Response::new(message))
}

/// Validates a configuration, in the same way for each kind of definition.
pub(super) fn validate<T: ErasedDefinition + ?Sized, M: Message>(
    found: Found<'_, T>,
    config: Option<wire::DynamicValue>,
) -> Result<M, Diagnostics> {
    let (definition, ty) = found?;
    let diagnostics = definition.validate(&decode::value(config, ty)?);
    let mut response = M::default();
    *response.diagnostics() = encode::diagnostics(diagnostics);
    Ok(response)
}

/// Splits the outcome of a call into its value and all diagnostics: the warnings first, then the
/// errors.
pub(super) fn split_diagnostics<T, S>(
    result: Result<T, Diagnostics>,
    context: Context<S>,
) -> (Option<T>, Diagnostics) {
    let mut diagnostics = context.into_warnings();
    match result {
        Ok(value) => (Some(value), diagnostics),
        Err(errors) => {
            diagnostics.extend(errors);
            (None, diagnostics)
        }
    }
}

/// Runs `call`, logs its start and end, and converts a panic into a diagnostic.
async fn logged<T>(
    rpc: &'static str,
    call: impl Future<Output = Result<T, Diagnostics>> + Send,
) -> Result<T, Diagnostics> {
    let began = tokio::time::Instant::now();
    tracing::debug!(tf_rpc = rpc, "request received");
    let result = AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panicked(rpc, panic.as_ref())));
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(tf_rpc = rpc, tf_req_duration_ms = milliseconds, "response sent");
    result
}

/// Task of an RPC whose response is a stream. It is aborted when the stream is dropped, so that no
/// request is sent for a host that is gone.
pub(super) struct Task(JoinHandle<Diagnostics>);

impl Task {
    pub(super) fn spawn(
        rpc: &'static str,
        call: impl Future<Output = Result<Diagnostics, Diagnostics>> + Send + 'static,
    ) -> Self {
        Self(tokio::spawn(async move {
            logged(rpc, call).await.unwrap_or_else(|diagnostics| diagnostics)
        }))
    }

    /// Returns a stream with the last event of the response: `event` makes it, or none, of the
    /// diagnostics of the finished call.
    pub(super) fn last_event<E>(
        mut self,
        event: impl FnOnce(Vec<wire::Diagnostic>) -> Option<E>,
    ) -> impl Stream<Item = Result<E, Status>> {
        let event = async move {
            match (&mut self.0).await {
                Ok(diagnostics) => event(encode::diagnostics(diagnostics)).map(Ok),
                Err(_) => Some(Err(Status::unavailable("the provider is shutting down"))),
            }
        };
        futures_util::stream::once(event).filter_map(std::future::ready)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn panicked(rpc: &str, panic: &(dyn Any + Send)) -> Diagnostics {
    let at = panics::take_location().map(|location| format!(" at {location}")).unwrap_or_default();
    let text = panics::fixed_text(panic)
        .unwrap_or("the panic message is withheld, since it may contain secrets");
    Diagnostic::bug(format!("{} {rpc}{at}: {text}.", panics::REPORT)).into()
}

macro_rules! messages {
    ($($message:ty),* $(,)?) => {
        $(impl Message for $message {
            fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic> {
                &mut self.diagnostics
            }
        })*
    };
}

messages!(
    wire::apply_resource_change::Response,
    wire::close_ephemeral_resource::Response,
    wire::configure::Response,
    wire::generate_resource_config::Response,
    wire::get_functions::Response,
    wire::get_metadata::Response,
    wire::get_provider_schema::Response,
    wire::get_resource_identity_schemas::Response,
    wire::import_resource_state::Response,
    wire::move_resource_state::Response,
    wire::open_ephemeral_resource::Response,
    wire::plan_action::Response,
    wire::plan_resource_change::Response,
    wire::prepare_provider_config::Response,
    wire::read_data_source::Response,
    wire::read_resource::Response,
    wire::renew_ephemeral_resource::Response,
    wire::upgrade_resource_identity::Response,
    wire::upgrade_resource_state::Response,
    wire::validate_action_config::Response,
    wire::validate_data_source_config::Response,
    wire::validate_ephemeral_resource_config::Response,
    wire::validate_list_resource_config::Response,
    wire::validate_resource_type_config::Response,
);
