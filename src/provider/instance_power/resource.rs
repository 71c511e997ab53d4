//! The resource `compshare_instance_power`: the power state of an instance.

use std::time::Duration;

use super::{
    model::{InstancePowerModel, RUNNING, STOPPED, Timeouts},
    state::{after_apply, imported_state, observed},
};
use crate::{
    compshare::Class,
    framework::{
        Attr, Change, Context, Definition, Diagnostics, Failure, ImportBy, Model as _, Resource,
    },
    operation::{InstanceRef, Location},
    power::{self, Operation, Target},
    provider::{
        gpu_mode::running,
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
        planned.id = planned.instance_id.clone();
        match change.prior {
            Some(prior) if !changes_power(prior, planned) => return Ok(()),
            Some(_) => {}
            None => {
                planned.project_id = context.session()?.project_or(&change.config.project_id);
            }
        }
        planned.gpu_count = Attr::Unknown;
        planned.started_at = Attr::Unknown;
        preflight(context, &change, planned).await
    }

    async fn plan_destroy(
        &self,
        context: &Context<Session>,
        prior: &InstancePowerModel,
    ) -> Result<(), Diagnostics> {
        if !prior.stop_on_destroy.is_true() && prior.state.text() != Some(STOPPED) {
            context.warn(message::keeps_running(prior.instance_id.text().unwrap_or_default()));
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
        let instance = session
            .clients(&context.stop)
            .await?
            .operations
            .run(&operation, &context.stop)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
        Ok(after_apply(plan, instance.as_deref()))
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
            .map_err(|error| message::read(id, &error))?;
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
            state.fill_unknown(&prior);
            return Ok(state);
        }
        let timeout = timeout(&plan, "timeouts.update", |timeouts| &timeouts.update)?;
        let location = Location::default();
        let session = context.session()?;
        let operation = operation(session, &plan, location, target(&plan), timeout);
        let operations = &session.clients(&context.stop).await?.operations;
        let run = operations.run(&operation, &context.stop);
        let instance = run.await.map_err(|failure| Failure {
            diagnostics: message::operation(&operation, &failure),
            state: failure.log.last_seen.map(|seen| Box::new(observed(&prior, &seen))),
        })?;
        Ok(after_apply(plan, instance.as_deref()))
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
        let operation = operation(session, &state, location, target, timeout);
        session
            .clients(&context.stop)
            .await?
            .operations
            .run(&operation, &context.stop)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
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
        let desired = match state.state.text() {
            Some(RUNNING | "Starting" | "Rebooting") => RUNNING.into(),
            Some(STOPPED | "Stopping") => STOPPED.into(),
            _ => Attr::Null,
        };
        InstancePowerModel {
            instance_id: state.instance_id,
            project_id: state.project_id,
            state: desired,
            without_gpu: Some(true).filter(|_| state.without_gpu.is_true()).into(),
            ..InstancePowerModel::default()
        }
    }
}

/// Returns `true` if the change from `prior` to `planned` starts or stops the instance.
fn changes_power(prior: &InstancePowerModel, planned: &InstancePowerModel) -> bool {
    let mode_changes =
        planned.state.text() == Some(RUNNING) && planned.without_gpu != prior.without_gpu;
    planned.state != prior.state || mode_changes
}

/// Describes the instance and refuses a plan that cannot succeed. The plan is not changed. If the
/// describe fails, the plan is not checked: the apply reports the failure.
async fn preflight(
    context: &Context<Session>,
    change: &Change<'_, InstancePowerModel>,
    planned: &InstancePowerModel,
) -> Result<(), Diagnostics> {
    let session = context.session()?;
    let Some(id) = planned.instance_id.text() else { return Ok(()) };
    if planned.state.is_unknown() || planned.without_gpu.is_unknown() || session.config_is_unknown()
    {
        return Ok(());
    }
    let operations = &session.clients(&context.stop).await?.operations;
    let location = location(change.config);
    let operation = operation(session, planned, location, target(planned), DEFAULT_TIMEOUT);
    let described = tokio::select! {
        described = operations.describe_recent(id, &operation.instance.scope) => described,
        () = context.stop.cancelled() => return Ok(()),
        () = tokio::time::sleep(session.request_timeout()) => return Ok(()),
    };
    match described {
        Ok(Some(instance)) => power::preflight(&operation, &instance)
            .map_err(|reason| message::refused_plan(&operation, &reason)),
        Ok(None) if change.prior.is_none() => {
            Err(message::refused_plan(&operation, &power::Reason::NotFound))
        }
        Err(error) if error.class() == Some(Class::Credentials) => Err(message::read(id, &error)),
        Ok(None) | Err(_) => Ok(()),
    }
}

/// The operation on the instance of `model`, which is expected in `location`. A stop before a
/// destroy is not limited to the provider's region.
fn operation(
    session: &Session,
    model: &InstancePowerModel,
    location: Location,
    target: Target,
    timeout: Duration,
) -> Operation {
    let region_limit = session.region().filter(|_| target != Target::NotRunning);
    Operation {
        instance: InstanceRef {
            id: model.instance_id.text().unwrap_or_default().to_owned(),
            scope: session.scope(self::location(model), &model.project_id),
            region_limit: region_limit.map(str::to_owned),
            location,
        },
        target,
        force_stop: model.force_stop.is_true(),
        wait_for_capacity: model.wait_for_capacity.is_true(),
        timeout,
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

fn location(model: &InstancePowerModel) -> Location {
    Location { region: model.region.known().cloned(), zone: model.zone.known().cloned() }
}

fn target(model: &InstancePowerModel) -> Target {
    if model.state.text() == Some(STOPPED) {
        return Target::Stopped;
    }
    running(&model.without_gpu, &model.without_gpu_spec, &model.allow_stopping_for_update)
}
