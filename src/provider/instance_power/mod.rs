//! `compshare_instance_power`: whether an instance runs.

mod list;
mod schema;

use crate::{
    compshare::{Instance, State},
    framework::{
        Attr, Change, Context, Definition, Diagnostics, Failure, IdentitySchema, ImportBy,
        Model as _, Resource, Schema, model,
    },
    power::{self, Location, Operation, Power, Target},
    provider::{
        gpu_mode::gpu_mode,
        instance::facts::rfc3339,
        message,
        session::{NotReady, Session},
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

pub(crate) use list::InstancePowerList;

/// Also the name of its list.
pub(crate) const TYPE_NAME: &str = "compshare_instance_power";

const RUNNING: &str = "Running";
const STOPPED: &str = "Stopped";

/// The resource. All it knows is in the session and the models.
#[derive(Debug)]
pub(crate) struct InstancePower;

model! {
    /// Configuration, plan and state of one instance's power.
    pub(crate) struct InstancePowerModel {
        pub(crate) instance_id: Attr<String>,
        pub(crate) state: Attr<String>,
        pub(crate) region: Attr<String>,
        pub(crate) zone: Attr<String>,
        pub(crate) project_id: Attr<String>,
        pub(crate) without_gpu: Attr<bool>,
        pub(crate) without_gpu_spec: Attr<String>,
        pub(crate) allow_stopping_for_update: Attr<bool>,
        pub(crate) stop_on_destroy: Attr<bool>,
        pub(crate) force_stop: Attr<bool>,
        pub(crate) wait_for_capacity: Attr<bool>,
        pub(crate) timeouts: Attr<Timeouts>,
        pub(crate) id: Attr<String>,
        pub(crate) name: Attr<String>,
        pub(crate) gpu_type: Attr<String>,
        pub(crate) gpu_count: Attr<i64>,
        pub(crate) started_at: Attr<String>,
    }
}

model! {
    /// How long operations may take, as Go durations.
    pub(crate) struct Timeouts {
        pub(crate) create: Attr<String>,
        pub(crate) update: Attr<String>,
        pub(crate) delete: Attr<String>,
    }
}

model! {
    /// Which instance it is.
    pub(crate) struct InstanceIdentity {
        pub(crate) instance_id: Attr<String>,
        pub(crate) project_id: Attr<String>,
    }
}

impl Definition for InstancePower {
    type Model = InstancePowerModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &InstancePowerModel) -> Diagnostics {
        message::spec_without_mode(&config.without_gpu, &config.without_gpu_spec)
            .into_iter()
            .collect()
    }
}

impl Resource for InstancePower {
    type Identity = InstanceIdentity;

    fn identity_schema(&self) -> IdentitySchema {
        schema::identity()
    }

    fn identity(&self, model: &InstancePowerModel) -> InstanceIdentity {
        InstanceIdentity {
            instance_id: model.instance_id.clone(),
            project_id: model.project_id.clone(),
        }
    }

    async fn plan(
        &self,
        context: &Context<Session>,
        change: Change<'_, InstancePowerModel>,
        planned: &mut InstancePowerModel,
    ) -> Result<(), Diagnostics> {
        planned.id = planned.instance_id.clone();
        let acts = match change.prior {
            None => {
                if change.config.project_id.is_null() {
                    planned.project_id = context.session()?.project_id().clone();
                }
                true
            }
            Some(prior) => changes_power(prior, planned),
        };
        if !acts {
            return Ok(());
        }
        planned.gpu_count = Attr::Unknown;
        planned.started_at = Attr::Unknown;
        look_ahead(context, &change, planned).await
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
        let timeout = plan.timeouts.known().map_or(&Attr::Null, |timeouts| &timeouts.create);
        let operation = operation(context.session()?, &plan, target(&plan), timeout, "create")?;
        // What the plan of a create knows of the place was configured.
        let operation = Operation { place: place(&plan), ..operation };
        let found = reach(context, &operation)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
        let mut state = plan.clone();
        if let Some(instance) = found {
            state.fill_from(&plan, &instance);
        }
        Ok(state)
    }

    async fn read(
        &self,
        context: &Context<Session>,
        state: InstancePowerModel,
    ) -> Result<Option<InstancePowerModel>, Diagnostics> {
        let session = context.session()?;
        let power = session.power().map_err(NotReady::into_diagnostics)?;
        let id = state.instance_id.text().unwrap_or_default();
        let scope = session.scope(&state.region, &state.project_id);
        let found = tokio::select! {
            found = power.find(id, &scope) => found.map_err(|error| message::read(id, &error))?,
            () = context.stop.cancelled() => return Err(message::interrupted_read(id).into()),
        };
        Ok(found.map(|instance| observed(&state, &instance)))
    }

    async fn update(
        &self,
        context: &Context<Session>,
        prior: InstancePowerModel,
        plan: InstancePowerModel,
    ) -> Result<InstancePowerModel, Failure<InstancePowerModel>> {
        let mut state = plan.clone();
        if !changes_power(&prior, &plan) {
            state.fill_unknown(&prior);
            return Ok(state);
        }
        let timeout = plan.timeouts.known().map_or(&Attr::Null, |timeouts| &timeouts.update);
        let operation = operation(context.session()?, &plan, target(&plan), timeout, "update")?;
        let found = reach(context, &operation).await.map_err(|failure| Failure {
            diagnostics: message::operation(&operation, &failure),
            state: failure.last_seen().map(|seen| Box::new(observed(&prior, seen))),
        })?;
        if let Some(instance) = found {
            state.fill_from(&plan, &instance);
        }
        Ok(state)
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        state: InstancePowerModel,
    ) -> Result<(), Diagnostics> {
        if !state.stop_on_destroy.is_true() {
            return Ok(());
        }
        let timeout = state.timeouts.known().map_or(&Attr::Null, |timeouts| &timeouts.delete);
        let operation = operation(context.session()?, &state, Target::AtRest, timeout, "delete")?;
        let operation = Operation { only_in: None, ..operation };
        reach(context, &operation)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
        Ok(())
    }

    fn import(
        &self,
        context: &Context<Session>,
        by: ImportBy<InstanceIdentity>,
    ) -> Result<InstancePowerModel, Diagnostics> {
        let identity = match by {
            ImportBy::Id(id) => identity_of(&id).ok_or_else(|| message::import_id(&id))?,
            ImportBy::Identity(identity) => identity,
        };
        let is_blank = |text: &str| text.trim().is_empty();
        if identity.instance_id.text().is_none_or(is_blank) {
            return Err(message::import_identity("instance_id").into());
        }
        if identity.project_id.text().is_some_and(is_blank) {
            return Err(message::import_identity("project_id").into());
        }
        Ok(found(context.session()?, identity))
    }

    fn generated_config(&self, state: InstancePowerModel) -> InstancePowerModel {
        let wanted = match state.state.text() {
            Some(RUNNING | "Starting" | "Rebooting") => RUNNING.into(),
            Some(STOPPED | "Stopping") => STOPPED.into(),
            _ => Attr::Null,
        };
        InstancePowerModel {
            instance_id: state.instance_id,
            project_id: state.project_id,
            state: wanted,
            without_gpu: Some(true).filter(|_| state.without_gpu.is_true()).into(),
            ..InstancePowerModel::default()
        }
    }
}

/// `ID` or `PROJECT/ID`.
fn identity_of(id: &str) -> Option<InstanceIdentity> {
    let (project, instance) = match id.split_once('/') {
        Some((project, instance)) => (Some(project), instance),
        None => (None, id),
    };
    let malformed =
        |part: &str| part.is_empty() || part.contains(|c: char| c == '/' || c.is_whitespace());
    if malformed(instance) || project.is_some_and(malformed) {
        return None;
    }
    let project_id = project.map(str::to_owned).into();
    Some(InstanceIdentity { instance_id: instance.into(), project_id })
}

/// The state that begins with finding an instance, by whatever way: as much of it as an identity says.
pub(crate) fn found(session: &Session, identity: InstanceIdentity) -> InstancePowerModel {
    let project_id = match identity.project_id {
        // Named in full, it is the same instance by whichever way it was found.
        Attr::Null => session.project_id().known().cloned().into(),
        given => given,
    };
    InstancePowerModel {
        id: identity.instance_id.clone(),
        instance_id: identity.instance_id,
        project_id,
        without_gpu: Attr::Known(false),
        ..InstancePowerModel::default()
    }
}

impl InstancePowerModel {
    /// What the plan left open is taken from the instance; what it said stays said.
    fn fill_from(&mut self, plan: &Self, instance: &Instance) {
        self.fill_unknown(&observed(plan, instance));
        // An answer without some fact leaves it unset: after an apply nothing may be unknown.
        self.fill_unknown(&Self::default());
    }
}

/// Whether a change from `prior` to `planned` starts or stops the instance.
fn changes_power(prior: &InstancePowerModel, planned: &InstancePowerModel) -> bool {
    let runs_differently =
        planned.state.text() == Some(RUNNING) && planned.without_gpu != prior.without_gpu;
    planned.state != prior.state || runs_differently
}

/// Looks at the instance once, and refuses what cannot work. It changes nothing in the plan, and if it cannot look, it says
/// nothing: the apply will find out.
async fn look_ahead(
    context: &Context<Session>,
    change: &Change<'_, InstancePowerModel>,
    planned: &InstancePowerModel,
) -> Result<(), Diagnostics> {
    let session = context.session()?;
    let Some(id) = planned.instance_id.text() else { return Ok(()) };
    if planned.state.is_unknown() || planned.without_gpu.is_unknown() {
        return Ok(());
    }
    let power = match session.power() {
        Ok(power) => power,
        Err(NotReady::Unknown(_)) => return Ok(()),
        Err(NotReady::Unusable(diagnostics)) => return Err(diagnostics),
    };
    let place = place(change.config);
    let operation =
        Operation { place, ..operation(session, planned, target(planned), &Attr::Null, "create")? };
    let looked = tokio::select! {
        looked = power.glance(id, &operation.scope) => looked,
        () = context.stop.cancelled() => return Ok(()),
        () = tokio::time::sleep(session.request_timeout()) => return Ok(()),
    };
    match looked {
        Ok(Some(instance)) => power::preflight(
            &instance,
            operation.only_in.as_deref(),
            &operation.place,
            operation.target,
        )
        .map_err(|reason| message::refused_plan(&operation, &reason)),
        Ok(None) if change.prior.is_none() => {
            Err(message::refused_plan(&operation, &power::Reason::NotFound))
        }
        Err(error) if error.is_credentials() => Err(message::read(id, &error).into()),
        Ok(None) | Err(_) => Ok(()),
    }
}

async fn reach(
    context: &Context<Session>,
    operation: &Operation,
) -> Result<Option<Instance>, message::Failed> {
    let power: &Power = context
        .session()
        .and_then(|session| session.power().map_err(NotReady::into_diagnostics))
        .map_err(message::Failed::Before)?;
    power.reach(operation, &context.stop).await.map_err(message::Failed::Operation)
}

fn operation(
    session: &Session,
    model: &InstancePowerModel,
    target: Target,
    timeout: &Attr<String>,
    operation: &str,
) -> Result<Operation, Diagnostics> {
    let id = model.instance_id.text().unwrap_or_default();
    Ok(Operation {
        scope: session.scope(&model.region, &model.project_id),
        force_stop: model.force_stop.is_true(),
        wait_for_capacity: model.wait_for_capacity.is_true(),
        timeout: duration(timeout, &format!("timeouts.{operation}"), DEFAULT_TIMEOUT)?,
        ..session.operation(id, &model.project_id, target)
    })
}

/// Where `model` claims the instance to be.
fn place(model: &InstancePowerModel) -> Location {
    Location { region: model.region.clone().into_known(), zone: model.zone.clone().into_known() }
}

fn target(model: &InstancePowerModel) -> Target {
    if model.state.text() == Some(STOPPED) {
        return Target::Stopped;
    }
    let mode = gpu_mode(&model.without_gpu, &model.without_gpu_spec);
    Target::Running { mode, may_restart: model.allow_stopping_for_update.is_true() }
}

/// `model` with what the cloud reports. What an answer leaves out stays as it was.
pub(crate) fn observed(model: &InstancePowerModel, instance: &Instance) -> InstancePowerModel {
    let mut state = model.clone();
    // An empty state is the cloud's way to say that its own look-up failed: it is no news.
    if instance.state == State::Unknown {
        return state;
    }
    state.id = model.instance_id.clone();
    state.state = instance.state.as_str().into();
    // An instance does not move. Were the place overwritten by what is observed, a configured one could come to differ from it,
    // and that replaces the resource, which nothing observed may ever do.
    if state.region.known().is_none() {
        set(&mut state.region, instance.region.clone());
    }
    if state.zone.known().is_none() {
        set(&mut state.zone, instance.zone.clone());
    }
    set(&mut state.name, instance.name.clone());
    set(&mut state.gpu_type, instance.gpu_type.clone());
    set(&mut state.started_at, instance.start_time.and_then(rfc3339));
    set(&mut state.gpu_count, instance.allocated_gpus().map(i64::from));
    if instance.state == State::Running {
        set(&mut state.without_gpu, instance.gpu.map(|count| count == 0));
    } else if let Some(word) = unlisted(&instance.state) {
        tracing::warn!(instance = %instance.id, state = word, "the cloud reports a state that no document lists");
    }
    state
}

fn set<T>(attr: &mut Attr<T>, fact: Option<T>) {
    if let Some(fact) = fact {
        *attr = Attr::Known(fact);
    }
}

fn unlisted(state: &State) -> Option<&str> {
    match state {
        State::Other(word) => Some(word),
        _ => None,
    }
}
