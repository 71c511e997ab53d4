//! One look at an instance, for whoever reads it and changes nothing.

use std::sync::Arc;

use crate::{
    compshare::Instance,
    framework::{Context, Diagnostics},
    operation::InstanceRef,
    provider::{
        message,
        session::{NotReady, Session},
    },
};

/// Describes an instance.
///
/// # Errors
///
/// The instance does not exist, it is in another location than expected, or it could not be
/// described.
pub(crate) async fn look(
    context: &Context<Session>,
    instance: &InstanceRef,
) -> Result<Arc<Instance>, Diagnostics> {
    let operations = context.session()?.operations().map_err(NotReady::into_diagnostics)?;
    let InstanceRef { id, scope, .. } = instance;
    let described = tokio::select! {
        described = operations.describe(id, scope) => described.map_err(|error| message::look(id, &error))?,
        () = context.stop.cancelled() => return Err(message::interrupted("Read Instance").into()),
    };
    let described = described.ok_or_else(|| message::instance_not_found(instance))?;
    instance
        .check_location(&described)
        .map_err(|mismatch| message::instance_elsewhere(instance, &mismatch))?;
    Ok(described)
}
