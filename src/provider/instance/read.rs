//! One look at an instance, for whoever reads it and changes nothing.

use std::sync::Arc;

use crate::{
    compshare::Instance,
    framework::{Context, Diagnostics},
    power::{self, Operation, Reason, Target},
    provider::{
        message,
        session::{NotReady, Session},
    },
};

/// The instance that `order` is about, if it is where the order says.
///
/// # Errors
/// It is not there, it is elsewhere, or the cloud could not be asked.
pub(crate) async fn look(
    context: &Context<Session>,
    operation: &Operation,
) -> Result<Arc<Instance>, Diagnostics> {
    let power = context.session()?.power().map_err(NotReady::into_diagnostics)?;
    let id = &operation.instance_id;
    let found = tokio::select! {
        found = power.find(id, &operation.scope) => found.map_err(|error| message::look(id, &error))?,
        () = context.stop.cancelled() => return Err(message::interrupted("Read Instance").into()),
    };
    let Some(instance) = found else {
        return Err(message::refused_read(operation, &Reason::NotFound));
    };
    power::preflight(&instance, operation.only_in.as_deref(), &operation.place, Target::AtRest)
        .map_err(|reason| message::refused_read(operation, &reason))?;
    Ok(instance)
}
