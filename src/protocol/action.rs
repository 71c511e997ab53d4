//! RPCs about actions.

use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::codegen::BoxStream;

use super::{
    decode,
    respond::{Task, split_diagnostics},
    server::Server,
    tfplugin5 as wire,
};
use crate::framework::{Diagnostics, Progress, Provider};

use wire::invoke_action::{Event, event};

/// Streams the progress of an action, then its completion.
pub(super) fn invoke<P: Provider>(
    server: Server<P>,
    request: wire::invoke_action::Request,
) -> BoxStream<Event> {
    let (sender, messages) = mpsc::unbounded_channel();
    let progress = Progress::new(sender);
    let task = Task::spawn("InvokeAction", async move { run(&server, request, progress).await });
    let progress = UnboundedReceiverStream::new(messages).map(|message| {
        Ok(Event { r#type: Some(event::Type::Progress(event::Progress { message })) })
    });
    let completed = task.last_event(|diagnostics| {
        let completed = event::Completed { diagnostics };
        Some(Event { r#type: Some(event::Type::Completed(completed)) })
    });
    Box::pin(progress.chain(completed))
}

async fn run<P: Provider>(
    server: &Server<P>,
    request: wire::invoke_action::Request,
    progress: Progress,
) -> Result<Diagnostics, Diagnostics> {
    let (action, ty) = server.action(&request.action_type)?;
    let config = decode::value(request.config, ty)?;
    let context = server.context();
    let (_, diagnostics) =
        split_diagnostics(action.invoke(&context, config, &progress).await, context);
    Ok(diagnostics)
}
