//! RPCs about actions.

use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::codegen::BoxStream;

use super::{answer::Task, encode, resource::told, server::Server, tfplugin5 as wire};
use crate::framework::{Diagnostics, Progress, Provider};

use wire::invoke_action::{Event, event};

pub(super) fn validate<P: Provider>(
    server: &Server<P>,
    request: wire::validate_action_config::Request,
) -> Result<wire::validate_action_config::Response, Diagnostics> {
    let (action, ty) = server.action(&request.type_name)?;
    let diagnostics = encode::validated(action, request.config, ty)?;
    Ok(wire::validate_action_config::Response { diagnostics })
}

/// What an action will find is not known before it is its turn, so there is nothing to look at and only the configuration to
/// check.
pub(super) fn plan<P: Provider>(
    server: &Server<P>,
    request: wire::plan_action::Request,
) -> Result<wire::plan_action::Response, Diagnostics> {
    let (action, ty) = server.action(&request.action_type)?;
    let diagnostics = encode::validated(action, request.config, ty)?;
    Ok(wire::plan_action::Response { diagnostics, deferred: None })
}

/// Progress as it comes, then what came of it.
pub(super) fn invoke<P: Provider>(
    server: Server<P>,
    request: wire::invoke_action::Request,
) -> BoxStream<Event> {
    let (messages, told) = mpsc::unbounded_channel();
    let progress = Progress::new(messages);
    let task = Task::spawn("InvokeAction", async move { run(&server, request, progress).await });
    let progress = UnboundedReceiverStream::new(told).map(|message| {
        Ok(Event { r#type: Some(event::Type::Progress(event::Progress { message })) })
    });
    let completed = task.last(|diagnostics| {
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
    let config = encode::value(request.config, ty)?;
    let context = server.context();
    let (_, diagnostics) = told(action.invoke(&context, config, &progress).await, context);
    Ok(diagnostics)
}
