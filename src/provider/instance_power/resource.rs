//! The resource `compshare_instance_power`: the power state of an instance.

use std::time::Duration;

use super::{
    model::{InstancePowerModel, RUNNING, STOPPED, Timeouts},
    operation::{location, operation, target},
    plan::{changes_power, plan},
    state::{after_apply, imported_state, observed, resting},
};
use crate::{
    compshare::State,
    framework::{
        Attr, Change, Context, Definition, Diagnostics, Failure, ImportBy, Model as _, Resource,
    },
    operation::Location,
    power::{Operation, Target},
    provider::{
        instance::identity::InstanceIdentity,
        message,
        session::Session,
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

/// Name of the resource and of its list resource.
pub(super) const TYPE_NAME: &str = "compshare_instance_power";

#[derive(Debug)]
pub(crate) struct InstancePower;

impl Definition for InstancePower {
    type Model = InstancePowerModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn description(&self) -> &'static str {
        "Manages the power state of an existing CompShare instance: starts or stops it, and \
         corrects drift on the next apply. The instance itself is not created or deleted. No start \
         or stop request is sent if the instance is already in the desired state."
    }

    fn validate(&self, config: &InstancePowerModel) -> Diagnostics {
        message::spec_without_mode(&config.without_gpu, &config.without_gpu_spec)
    }
}

impl Resource for InstancePower {
    type Identity = InstanceIdentity;

    async fn plan(
        &self,
        context: &Context<Session>,
        change: Change<'_, InstancePowerModel>,
        planned: &mut InstancePowerModel,
    ) -> Result<(), Diagnostics> {
        plan(context, &change, planned).await
    }

    async fn plan_destroy(
        &self,
        context: &Context<Session>,
        prior: &InstancePowerModel,
    ) -> Result<(), Diagnostics> {
        let id = prior.instance_id.text().unwrap_or_default();
        if prior.state.text() == Some(STOPPED) {
            return Ok(());
        }
        if !prior.stop_on_destroy.is_true() {
            context.warn(message::keeps_running(id));
            return Ok(());
        }
        let session = context.session()?;
        if session.kept_running().contains(id) {
            return Ok(());
        }
        if let Some(conflict) = session.planned().stop(id) {
            session.warn(context, id, message::conflict(id, conflict));
        }
        Ok(())
    }

    async fn create(
        &self,
        context: &Context<Session>,
        plan: InstancePowerModel,
    ) -> Result<InstancePowerModel, Failure<InstancePowerModel>> {
        let timeout = timeout(&plan, "timeouts.create", |timeouts| &timeouts.create)?;
        // The location in the plan of a create can only come from the configuration.
        let location = location(&plan);
        let session = context.session()?;
        let operation = operation(session, &plan, location, target(&plan), timeout);
        let success = session
            .clients(&context.stop)
            .await?
            .operations
            .run(&operation, &context.stop)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
        Ok(after_apply(plan, success.instance.as_deref()))
    }

    async fn read(
        &self,
        context: &Context<Session>,
        state: InstancePowerModel,
    ) -> Result<Option<InstancePowerModel>, Diagnostics> {
        let session = context.session()?;
        let id = state.instance_id.text().unwrap_or_default();
        let scope = session.scope(location(&state), &state.project_id);
        let operations = &session.clients(&context.stop).await?.operations;
        let instance = context
            .or_interrupted(operations.describe(id, &scope), || message::interrupted_read(id))
            .await?
            .map_err(|error| message::refresh(id, &error))?;
        if instance.is_none() {
            session.planned().remove(id);
        }
        Ok(instance.map(|instance| observed(&state, &instance)))
    }

    async fn update(
        &self,
        context: &Context<Session>,
        prior: InstancePowerModel,
        plan: InstancePowerModel,
    ) -> Result<InstancePowerModel, Failure<InstancePowerModel>> {
        if !changes_power(&prior, &plan) {
            let mut state = plan;
            if state.state.text() == Some(RUNNING) {
                let id = state.instance_id.text().unwrap_or_default();
                context.session()?.kept_running().add(id);
            }
            state.fill_unknown(&prior);
            return Ok(state);
        }
        let timeout = timeout(&plan, "timeouts.update", |timeouts| &timeouts.update)?;
        let location = Location::default();
        let session = context.session()?;
        let operation = operation(session, &plan, location, target(&plan), timeout);
        let operations = &session.clients(&context.stop).await?.operations;
        let run = operations.run(&operation, &context.stop);
        let success = run.await.map_err(|failure| Failure {
            diagnostics: message::operation(&operation, &failure),
            state: failure.log.last_seen.map(|seen| Box::new(observed(&prior, &seen))),
        })?;
        Ok(after_apply(plan, success.instance.as_deref()))
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        state: InstancePowerModel,
    ) -> Result<(), Diagnostics> {
        if !state.stop_on_destroy.is_true() {
            return Ok(());
        }
        let timeout = timeout(&state, "timeouts.delete", |timeouts| &timeouts.delete)?;
        let (location, target) = (Location::default(), Target::NotRunning);
        let session = context.session()?;
        let operation = Operation {
            known_state: state.state.known().cloned().map(State::from),
            ..operation(session, &state, location, target, timeout)
        };
        let success = session
            .clients(&context.stop)
            .await?
            .operations
            .run(&operation, &context.stop)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
        if let Some(caveat) = success.caveat {
            context.warn(message::caveat(&operation.instance.id, caveat));
        }
        Ok(())
    }

    fn import(
        &self,
        context: &Context<Session>,
        by: ImportBy<InstanceIdentity>,
    ) -> Result<InstancePowerModel, Diagnostics> {
        let identity = InstanceIdentity::imported(TYPE_NAME, by)?;
        Ok(imported_state(context.session()?, identity))
    }

    fn generated_config(&self, state: InstancePowerModel) -> InstancePowerModel {
        let reported = State::from(state.state.into_known().unwrap_or_default());
        InstancePowerModel {
            instance_id: state.instance_id,
            project_id: state.project_id,
            state: resting(&reported).into(),
            without_gpu: Some(true).filter(|_| state.without_gpu.is_true()).into(),
            ..InstancePowerModel::default()
        }
    }
}

/// The timeout that `pick` selects; `name` is its name in the configuration.
fn timeout(
    model: &InstancePowerModel,
    name: &str,
    pick: fn(&Timeouts) -> &Attr<String>,
) -> Result<Duration, Diagnostics> {
    let attr = model.timeouts.known().map_or(&Attr::Null, pick);
    Ok(duration(attr, name, DEFAULT_TIMEOUT)?)
}
