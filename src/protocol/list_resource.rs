//! RPCs about list resources.

use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::codegen::BoxStream;

use super::{
    decode, encode,
    respond::{self, Task, split_diagnostics},
    server::Server,
    tfplugin5 as wire,
};
use crate::{
    cty::Type,
    framework::{Diagnostics, ListEvent, ListRequest, Provider},
};

use wire::{attribute_path::step::Selector, list_resource::Event};

/// Objects that may wait for the host before the next page is requested from the API.
const BUFFER: usize = 100;

pub(super) fn validate<P: Provider>(
    server: &Server<P>,
    request: wire::validate_list_resource_config::Request,
) -> Result<wire::validate_list_resource_config::Response, Diagnostics> {
    let mut response: wire::validate_list_resource_config::Response =
        respond::validate(server.list_resource(&request.type_name), request.config)?;
    response.diagnostics = in_config(response.diagnostics);
    Ok(response)
}

/// Streams the objects, then the diagnostics of the list as a whole, if there are any.
pub(super) fn list<P: Provider>(
    server: Server<P>,
    request: wire::list_resource::Request,
) -> BoxStream<Event> {
    let (events, listed) = mpsc::channel(BUFFER);
    let task = Task::spawn("ListResource", async move { run(&server, request, events).await });
    let last = task.last_event(|diagnostic| {
        let nothing = diagnostic.is_empty();
        (!nothing).then(|| Event { diagnostic: in_config(diagnostic), ..Event::default() })
    });
    Box::pin(ReceiverStream::new(listed).map(Ok).chain(last))
}

/// Moves the paths of diagnostics below `config`: core resolves them from the whole `list` block,
/// where the block `config` has the schema of this list.
fn in_config(mut diagnostics: Vec<wire::Diagnostic>) -> Vec<wire::Diagnostic> {
    for path in diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.attribute.as_mut()) {
        let selector = Some(Selector::AttributeName("config".to_owned()));
        path.steps.insert(0, wire::attribute_path::Step { selector });
    }
    diagnostics
}

/// Runs the list within the task that catches panics.
async fn run<P: Provider>(
    server: &Server<P>,
    request: wire::list_resource::Request,
    events: mpsc::Sender<Event>,
) -> Result<Diagnostics, Diagnostics> {
    let (list, ty) = server.list_resource(&request.type_name)?;
    let types = Types::of(server, &request.type_name)?;
    let request = ListRequest {
        config: decode::value(request.config, ty)?,
        include_object: request.include_resource_object,
        limit: usize::try_from(request.limit).unwrap_or(0),
    };
    let context = server.context();
    let (found, listed) = mpsc::channel(1);
    let (result, ()) =
        tokio::join!(list.list(&context, request, found), encode_all(&types, listed, events));
    let (_, diagnostics) = split_diagnostics(result, context);
    Ok(diagnostics)
}

/// Ends with the list, or when the host closes the stream. Dropping `listed` then ends the list.
async fn encode_all(
    types: &Types,
    mut listed: mpsc::Receiver<ListEvent>,
    events: mpsc::Sender<Event>,
) {
    while let Some(one) = listed.recv().await {
        if events.send(types.event(&one)).await.is_err() {
            return;
        }
    }
}

/// Types of the listed objects, which are those of the managed resource with the same name.
struct Types {
    identity: Type,
    object: Type,
}

impl Types {
    fn of<P: Provider>(server: &Server<P>, type_name: &str) -> Result<Self, Diagnostics> {
        let (resource, object) = server.resource(type_name)?;
        Ok(Self { identity: resource.identity_schema().ty(), object: object.clone() })
    }

    fn event(&self, listed: &ListEvent) -> Event {
        self.try_event(listed).unwrap_or_else(|diagnostics| Event {
            diagnostic: encode::diagnostics(diagnostics),
            ..Event::default()
        })
    }

    fn try_event(&self, listed: &ListEvent) -> Result<Event, Diagnostics> {
        Ok(Event {
            display_name: listed.display_name.clone(),
            identity: encode::identity(&listed.identity, &self.identity)?,
            resource_object: encode::optional(listed.object.as_ref(), &self.object)?,
            diagnostic: Vec::new(),
        })
    }
}
