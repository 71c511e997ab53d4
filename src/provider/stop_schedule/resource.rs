//! The resource `compshare_instance_stop_schedule`: the scheduled stop of an instance.

use std::{sync::Arc, time::Duration};

use super::{
    model::{MISSING, StopScheduleModel, Timeouts},
    operation::{ScheduleFailure, ScheduleOperation, Target},
    plan::{is_set, plan, require_notice},
    state::{after_apply, imported_state, location, observed},
    time,
};
use crate::{
    compshare::Instance,
    framework::{
        Attr, Change, Context, Definition, Diagnostics, Failure, ImportBy, Model as _, Resource,
    },
    operation::{CallOutcome, InstanceRef, Location},
    provider::{
        instance::identity::InstanceIdentity,
        message,
        session::Session,
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

/// Name of the resource and of its list resource.
pub(super) const TYPE_NAME: &str = "compshare_instance_stop_schedule";

#[derive(Debug)]
pub(crate) struct StopSchedule;

impl Definition for StopSchedule {
    type Model = StopScheduleModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn description(&self) -> &'static str {
        "Schedules one stop of an instance, which CompShare carries out even if Terraform never runs \
         again. Destroying the resource cancels the stop. Once the time has passed, nothing is \
         planned until the time or `triggers` change."
    }

    fn validate(&self, config: &StopScheduleModel) -> Diagnostics {
        message::stop_time_selection(&config.stop_at, &config.stop_after)
    }
}

impl Resource for StopSchedule {
    type Identity = InstanceIdentity;

    async fn plan(
        &self,
        context: &Context<Session>,
        change: Change<'_, StopScheduleModel>,
        planned: &mut StopScheduleModel,
    ) -> Result<(), Diagnostics> {
        if change.prior.is_none() {
            planned.project_id = context.session()?.project_or(&change.config.project_id);
        }
        plan(&change, planned)
    }

    async fn create(
        &self,
        context: &Context<Session>,
        plan: StopScheduleModel,
    ) -> Result<StopScheduleModel, Failure<StopScheduleModel>> {
        let timeout = timeout(&plan, "timeouts.create", |timeouts| &timeouts.create)?;
        set(context, plan, timeout).await
    }

    async fn read(
        &self,
        context: &Context<Session>,
        state: StopScheduleModel,
    ) -> Result<Option<StopScheduleModel>, Diagnostics> {
        let session = context.session()?;
        let id = state.instance_id.text().unwrap_or_default();
        let scope = session.scope(location(&state), &state.project_id);
        let operations = &session.clients(&context.stop).await?.operations;
        let is_missing = |now: &StopScheduleModel| now.status.text() == Some(MISSING);
        let observed = |seen: Option<Arc<Instance>>| observed(&state, seen?.as_ref(), time::now());
        let described = async {
            let seen = observed(operations.describe(id, &scope).await?);
            // A single describe is not enough for a drift.
            if seen.as_ref().is_some_and(is_missing) && !is_missing(&state) {
                return operations.describe_again(id, &scope).await.map(observed);
            }
            Ok(seen)
        };
        context
            .or_interrupted(described, || message::interrupted_read(id))
            .await?
            .map_err(|error| message::refresh(id, &error))
    }

    async fn update(
        &self,
        context: &Context<Session>,
        prior: StopScheduleModel,
        plan: StopScheduleModel,
    ) -> Result<StopScheduleModel, Failure<StopScheduleModel>> {
        if !is_set(&prior, &plan) {
            let mut state = plan;
            state.fill_unknown(&prior);
            return Ok(state);
        }
        let timeout = timeout(&plan, "timeouts.update", |timeouts| &timeouts.update)?;
        set(context, plan, timeout).await
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        state: StopScheduleModel,
    ) -> Result<(), Diagnostics> {
        let timeout = timeout(&state, "timeouts.delete", |timeouts| &timeouts.delete)?;
        let stop_at = state.stop_at.text().and_then(time::parse);
        let Some(at) = stop_at.filter(|at| *at > time::now()) else { return Ok(()) };
        let operation = ScheduleOperation {
            instance: InstanceRef { region_limit: None, ..instance(context.session()?, &state) },
            ..operation(context, &state, Target::Cancel(at), timeout).await?
        };
        let operations = &context.session()?.clients(&context.stop).await?.operations;
        let is_observed = match operations.run(&operation, &context.stop).await {
            Ok(success) => success.caveat.is_none(),
            Err(failure) if is_accepted(&failure) => false,
            Err(failure) => return Err(message::schedule(&operation, &failure)),
        };
        if !is_observed {
            context.warn(message::cancel_not_observed(&operation.instance.id));
        }
        Ok(())
    }

    fn import(
        &self,
        context: &Context<Session>,
        by: ImportBy<InstanceIdentity>,
    ) -> Result<StopScheduleModel, Diagnostics> {
        let identity = InstanceIdentity::imported(TYPE_NAME, by)?;
        Ok(imported_state(context.session()?, identity))
    }

    fn generated_config(&self, state: StopScheduleModel) -> StopScheduleModel {
        StopScheduleModel {
            instance_id: state.instance_id,
            project_id: state.project_id,
            stop_at: state.stop_at,
            ..StopScheduleModel::default()
        }
    }
}

/// Schedules the stop of `plan`, and returns the state.
async fn set(
    context: &Context<Session>,
    plan: StopScheduleModel,
    timeout: Duration,
) -> Result<StopScheduleModel, Failure<StopScheduleModel>> {
    let planned = plan.stop_at.text().and_then(time::parse);
    let computed = || time::after(plan.stop_after.text()?, time::now());
    // The rules have refused other configurations, but not every host validates.
    let selection = || message::stop_time_selection(&Attr::Null, &Attr::Null);
    let at = planned.or_else(computed).ok_or_else(selection)?;
    require_notice(&plan, at)?;
    let operation = operation(context, &plan, Target::Set(at), timeout).await?;
    let operations = &context.session()?.clients(&context.stop).await?.operations;
    let run = operations.run(&operation, &context.stop).await;
    let success = run.map_err(|failure| {
        let diagnostics = message::schedule(&operation, &failure);
        // A destroy then cancels the stop.
        let may_be_set = failure.log.may_have_executed(operation.target.action());
        let seen = failure.log.last_seen.as_deref();
        let state = may_be_set.then(|| Box::new(after_apply(plan.clone(), at, seen, false)));
        Failure { diagnostics, state }
    })?;
    let seen = success.instance.as_deref();
    if seen.is_some_and(|seen| seen.is_spot == Some(true)) {
        context.warn(message::spot_schedule(&operation.instance.id));
    }
    Ok(after_apply(plan, at, seen, true))
}

async fn operation(
    context: &Context<Session>,
    model: &StopScheduleModel,
    target: Target,
    timeout: Duration,
) -> Result<ScheduleOperation, Diagnostics> {
    let session = context.session()?;
    let project_id = session.required_project(context, &model.project_id).await?;
    Ok(ScheduleOperation { instance: instance(session, model), project_id, target, timeout })
}

fn instance(session: &Session, model: &StopScheduleModel) -> InstanceRef {
    let id = model.instance_id.text().unwrap_or_default();
    InstanceRef {
        scope: session.scope(location(model), &model.project_id),
        ..session.instance(id, &model.project_id, Location::default())
    }
}

/// Returns true if the last call was accepted, and only the describe after it failed.
fn is_accepted(failure: &ScheduleFailure) -> bool {
    let last = failure.log.calls.last();
    last.is_some_and(|call| matches!(call.outcome, CallOutcome::Accepted))
}

/// The timeout that `pick` selects; `name` is its name in the configuration.
fn timeout(
    model: &StopScheduleModel,
    name: &str,
    pick: fn(&Timeouts) -> &Attr<String>,
) -> Result<Duration, Diagnostics> {
    let attr = model.timeouts.known().map_or(&Attr::Null, pick);
    Ok(duration(attr, name, DEFAULT_TIMEOUT)?)
}
