//! From what a call came to, to a response: diagnostics instead of gRPC errors, panics included.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use futures_util::{FutureExt, StreamExt as _};
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tonic::{Response, Status};

use super::{encode, tfplugin5 as wire};
use crate::{
    framework::{Diagnostic, Diagnostics},
    panics,
};

/// A response that has room for diagnostics.
pub(super) trait Reply: Default {
    /// Where they go, in front of what is there already.
    fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic>;
}

/// Awaits `call` and makes a response of whatever comes of it.
///
/// A panic becomes a diagnostic that asks to be reported; the process lives on.
pub(super) async fn answer<R: Reply>(
    rpc: &'static str,
    call: impl Future<Output = Result<R, Diagnostics>> + Send,
) -> Result<Response<R>, Status> {
    let result = watched(rpc, call).await;
    let mut failed = R::default();
    let reply = result.unwrap_or_else(|diagnostics| {
        failed.diagnostics().extend(encode::diagnostics(diagnostics));
        failed
    });
    Ok(Response::new(reply))
}

/// Runs `call` with its beginning and its end in the log, and a panic as a diagnostic.
async fn watched<T>(
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

/// A call whose answer is a stream, in a task of its own. It ends with the stream: a host that is gone must not have anything
/// more asked of the cloud.
pub(super) struct Task(JoinHandle<Diagnostics>);

impl Task {
    /// Begins `call`. A panic becomes a diagnostic.
    pub(super) fn spawn(
        rpc: &'static str,
        call: impl Future<Output = Result<Diagnostics, Diagnostics>> + Send + 'static,
    ) -> Self {
        Self(tokio::spawn(async move {
            watched(rpc, call).await.unwrap_or_else(|diagnostics| diagnostics)
        }))
    }

    /// The last event of the stream, made of what there is to tell when the call has ended; or none.
    pub(super) fn last<E>(
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
    let place = panics::take_place().map(|place| format!(" at {place}")).unwrap_or_default();
    let text = panics::fixed_text(panic)
        .unwrap_or("the reason is not repeated here, since there may be values in it");
    Diagnostic::bug(format!("{} {rpc}{place}: {text}.", panics::REPORT)).into()
}

macro_rules! replies {
    ($($message:ty),* $(,)?) => {
        $(impl Reply for $message {
            fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic> {
                &mut self.diagnostics
            }
        })*
    };
}

replies!(
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
