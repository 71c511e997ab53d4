//! One look at an instance, for whoever reads it and changes nothing.

use super::{Session, message, session::NotReady};
use crate::{
    compshare::Instance,
    framework::{Context, Diagnostics},
    power::{self, Order, Reason, Target},
};

/// The instance that `order` is about, if it is where the order says.
///
/// # Errors
/// It is not there, it is elsewhere, or the cloud could not be asked.
pub(super) async fn look(
    context: &Context<Session>,
    order: &Order,
) -> Result<Instance, Diagnostics> {
    let power = context.session()?.power().map_err(NotReady::into_diagnostics)?;
    let id = &order.instance_id;
    let found = tokio::select! {
        found = power.find(id, &order.scope) => found.map_err(|error| message::look(id, &error))?,
        () = context.stop.cancelled() => return Err(message::interrupted("Read Instance").into()),
    };
    let Some(instance) = found else {
        return Err(message::refused_read(order, &Reason::NotFound));
    };
    power::preflight(&instance, order.only_in.as_deref(), &order.place, Target::AtRest)
        .map_err(|reason| message::refused_read(order, &reason))?;
    Ok(instance)
}
