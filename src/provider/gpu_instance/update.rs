//! Update of an instance: its name, its size and its system disk.

use std::time::Duration;

use super::{
    model::GpuInstanceModel,
    offer::{self, NoOffer},
    plan::{changes_size, extends_disk, unchangeable},
    state::{after_apply, instance_ref, observed},
};
use crate::{
    compshare::{RenameInstance, Size},
    framework::{Context, Diagnostics, Failure, Model as _},
    lifecycle::{Operation, Target},
    operation::InstanceRef,
    provider::{message, session::Session},
};

/// Changes the instance from `prior` to `plan`.
///
/// # Errors
/// A change failed; the failure has the state of the changes before it.
pub(super) async fn update(
    context: &Context<Session>,
    prior: GpuInstanceModel,
    plan: GpuInstanceModel,
    timeout: Duration,
) -> Result<GpuInstanceModel, Failure<GpuInstanceModel>> {
    unchangeable(&prior, &plan)?;
    let session = context.session()?;
    let instance = instance_ref(session, &prior);
    session.creates().manage(&instance.id);
    if plan.name != prior.name {
        rename(context, &instance, &plan).await?;
    }
    let renamed = GpuInstanceModel { name: plan.name.clone(), ..prior.clone() };
    let resizes = changes_size(&prior, &plan);
    if !resizes && !extends_disk(&prior, &plan) {
        let mut state = plan;
        state.fill_unknown(&prior);
        return Ok(state);
    }
    let failed = |diagnostics| Failure { diagnostics, state: Some(Box::new(renamed.clone())) };
    let size = if resizes { Some(size(context, &plan).await.map_err(failed)?) } else { None };
    let disk = plan.boot_disk_gb.known().filter(|_| extends_disk(&prior, &plan));
    let operation = Operation {
        instance,
        target: Target::Resized {
            size,
            boot_disk_gb: disk.and_then(|gb| u32::try_from(*gb).ok()),
            may_stop: plan.allow_stopping_for_update.is_true(),
        },
        known_state: None,
        wait_for_capacity: plan.wait_for_capacity.is_true(),
        timeout,
    };
    let operations = &session.clients(&context.stop).await.map_err(failed)?.operations;
    match operations.run(&operation, &context.stop).await {
        Ok(success) => Ok(after_apply(plan, success.instance.as_deref())),
        Err(failure) => {
            let seen = failure.log.last_seen.as_deref();
            let state = seen.map_or_else(|| renamed.clone(), |seen| observed(&renamed, seen));
            let diagnostics = message::lifecycle(&operation, &failure);
            Err(Failure { diagnostics, state: Some(Box::new(state)) })
        }
    }
}

async fn size(context: &Context<Session>, plan: &GpuInstanceModel) -> Result<Size, Diagnostics> {
    offer::size(context, plan).await.map_err(|reason| match reason {
        NoOffer::Failed(error) => message::call("Choose Size", &error),
        NoOffer::Refused(diagnostics) => diagnostics,
    })
}

async fn rename(
    context: &Context<Session>,
    instance: &InstanceRef,
    plan: &GpuInstanceModel,
) -> Result<(), Diagnostics> {
    let client = context.session()?.clients(&context.stop).await?.client.client();
    let rename = RenameInstance {
        instance_id: instance.id.clone(),
        scope: instance.scope.clone(),
        name: plan.name.text().unwrap_or_default().to_owned(),
    };
    let interrupted = || message::interrupted("Renaming Instance");
    let renamed = context.or_interrupted(client.call(&rename), interrupted).await?;
    renamed.map(drop).map_err(|error| message::rename(&instance.id, &error))
}
