//! The resource `compshare_instance`: an instance from its create to its delete.

use std::time::Duration;

use super::{
    create::create,
    model::{GpuInstanceModel, InstanceTimeouts},
    plan::{plan, plan_replacement},
    state::{imported_state, instance_ref, observed, scope},
    update::update,
};
use crate::{
    compshare::State,
    framework::{
        Attr, Change, Context, Definition, Diagnostics, Failure, ForcedReplacement, ImportBy,
        Resource,
    },
    lifecycle::{Operation, Target},
    provider::{
        instance::identity::InstanceIdentity,
        message,
        session::Session,
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

/// Name of the resource and of its list resource.
pub(super) const TYPE_NAME: &str = "compshare_instance";

#[derive(Debug)]
pub(crate) struct GpuInstance;

impl Definition for GpuInstance {
    type Model = GpuInstanceModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn description(&self) -> &'static str {
        "Creates, changes and deletes a CompShare instance. A new instance runs, and is billed until \
         it is stopped or deleted. Use `compshare_instance_power` to start and stop it: this \
         resource only does so for a resize and before the delete."
    }
}

impl Resource for GpuInstance {
    type Identity = InstanceIdentity;

    async fn plan(
        &self,
        context: &Context<Session>,
        change: Change<'_, GpuInstanceModel>,
        planned: &mut GpuInstanceModel,
    ) -> Result<(), Diagnostics> {
        plan(context, &change, planned).await
    }

    async fn plan_replacement(
        &self,
        context: &Context<Session>,
        replacement: ForcedReplacement<'_, GpuInstanceModel>,
    ) -> Result<(), Diagnostics> {
        plan_replacement(context, &replacement)
    }

    async fn plan_destroy(
        &self,
        _context: &Context<Session>,
        prior: &GpuInstanceModel,
    ) -> Result<(), Diagnostics> {
        unprotected(prior)
    }

    async fn create(
        &self,
        context: &Context<Session>,
        plan: GpuInstanceModel,
    ) -> Result<GpuInstanceModel, Failure<GpuInstanceModel>> {
        let timeout = timeout(&plan, "timeouts.create", |timeouts| &timeouts.create)?;
        create(context, plan, timeout).await
    }

    async fn read(
        &self,
        context: &Context<Session>,
        state: GpuInstanceModel,
    ) -> Result<Option<GpuInstanceModel>, Diagnostics> {
        let session = context.session()?;
        let id = state.id.text().unwrap_or_default();
        session.creates().manage(id);
        let scope = scope(session, &state);
        let operations = &session.clients(&context.stop).await?.operations;
        // An import has no zone yet.
        let is_new = state.state.is_null() && !state.zone.is_null();
        let describe = async || match is_new {
            true => operations.describe_new(id, &scope).await,
            false => operations.describe(id, &scope).await,
        };
        let instance = context
            .or_interrupted(describe(), || message::interrupted_read(id))
            .await?
            .map_err(|error| message::refresh(id, &error))?;
        Ok(instance.map(|instance| observed(&state, &instance)))
    }

    async fn update(
        &self,
        context: &Context<Session>,
        prior: GpuInstanceModel,
        plan: GpuInstanceModel,
    ) -> Result<GpuInstanceModel, Failure<GpuInstanceModel>> {
        let timeout = timeout(&plan, "timeouts.update", |timeouts| &timeouts.update)?;
        update(context, prior, plan, timeout).await
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        state: GpuInstanceModel,
    ) -> Result<(), Diagnostics> {
        // Terraform plans no destroy of a tainted object.
        unprotected(&state)?;
        let timeout = timeout(&state, "timeouts.delete", |timeouts| &timeouts.delete)?;
        let session = context.session()?;
        session.creates().manage(state.id.text().unwrap_or_default());
        let release_data_disks = state.release_data_disks.is_true();
        let operation = Operation {
            instance: instance_ref(session, &state),
            target: Target::Deleted { release_data_disks },
            known_state: state.state.known().cloned().map(State::from),
            wait_for_capacity: false,
            timeout,
        };
        let operations = &session.clients(&context.stop).await?.operations;
        let run = operations.run(&operation, &context.stop);
        run.await.map_err(|failure| message::lifecycle(&operation, &failure))?;
        Ok(())
    }

    fn import(
        &self,
        context: &Context<Session>,
        by: ImportBy<InstanceIdentity>,
    ) -> Result<GpuInstanceModel, Diagnostics> {
        let identity = InstanceIdentity::imported(TYPE_NAME, by)?;
        Ok(imported_state(context.session()?, identity))
    }

    fn generated_config(&self, state: GpuInstanceModel) -> GpuInstanceModel {
        GpuInstanceModel {
            zone: state.zone,
            gpu_type: state.gpu_type,
            image_id: state.image_id,
            name: state.name,
            gpu_count: state.gpu_count,
            cpu: state.cpu,
            memory_gb: state.memory_gb,
            charge_type: state.charge_type,
            boot_disk_gb: state.boot_disk_gb,
            project_id: state.project_id,
            ..GpuInstanceModel::default()
        }
    }
}

fn unprotected(state: &GpuInstanceModel) -> Result<(), Diagnostics> {
    if state.deletion_protection.is_true() {
        return Err(message::deletion_protected(state.id.text().unwrap_or_default(), "Delete"));
    }
    Ok(())
}

/// The timeout that `pick` selects; `name` is its name in the configuration.
fn timeout(
    model: &GpuInstanceModel,
    name: &str,
    pick: fn(&InstanceTimeouts) -> &Attr<String>,
) -> Result<Duration, Diagnostics> {
    let attr = model.timeouts.known().map_or(&Attr::Null, pick);
    Ok(duration(attr, name, DEFAULT_TIMEOUT)?)
}
