//! Describe of one instance by reads that change nothing.

use std::sync::Arc;

use crate::{
    compshare::Instance,
    framework::{Context, Diagnostics},
    operation::InstanceRef,
    provider::{message, session::Session},
};

/// Describes an instance.
///
/// # Errors
/// The instance does not exist, it is in another location than expected, or it could not be
/// described.
pub(crate) async fn describe(
    context: &Context<Session>,
    instance: &InstanceRef,
) -> Result<Arc<Instance>, Diagnostics> {
    let operations = &context.session()?.clients(&context.stop).await?.operations;
    let InstanceRef { id, scope, .. } = instance;
    let described = context
        .or_interrupted(operations.describe(id, scope), || message::interrupted("Reading Instance"))
        .await?
        .map_err(|error| message::read(instance, &error))?
        .ok_or_else(|| message::instance_not_found(instance))?;
    instance
        .check_location(&described)
        .map_err(|mismatch| message::instance_elsewhere(instance, &mismatch))?;
    Ok(described)
}
