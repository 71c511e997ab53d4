//! The resource `compshare_instance_power`: the power state of an instance.

mod list;

use std::sync::Arc;

use crate::{
    compshare::{Instance, State},
    framework::{
        Attr, Change, Context, Definition, Diagnostics, Failure, ImportBy, Model as _, Resource,
        Rule, model,
    },
    operation::{InstanceRef, Location},
    power::{self, Operation, Target},
    provider::{
        gpu_mode::gpu_mode,
        instance::{facts::rfc3339, identity::InstanceIdentity},
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

#[derive(Debug)]
pub(crate) struct InstancePower;

model! {
    /// Configuration, plan and state of the power of one instance.
    pub(crate) struct InstancePowerModel {
        /// ID of the instance, for example `uhost-1a2b3c4d` or `cpod-1a2b3c4d`. Changing this
        /// forces a new resource; the previous instance is stopped only if `stop_on_destroy` is
        /// set.
        pub(crate) instance_id: Attr<String> = required().replaces().rule(Rule::NotEmpty),

        /// Desired power state: `Running` or `Stopped`. Defaults to `Running`. After a refresh,
        /// contains the state that the API reports, so that drift is visible.
        pub(crate) state: Attr<String> =
            optional_computed().default(RUNNING).rule(Rule::OneOf(&[RUNNING, STOPPED])),

        /// Region of the instance, for example `cn-wlcb`. Defaults to the region in which the
        /// instance is found. If the instance is in another region, the error states the correct
        /// one. Changing this forces a new resource.
        pub(crate) region: Attr<String> = optional_computed().replaces().rule(Rule::NotEmpty),

        /// Zone of the instance, for example `cn-wlcb-01`. Defaults to the zone in which the
        /// instance is found. If the instance is in another zone, the error states the correct one.
        /// Changing this forces a new resource.
        pub(crate) zone: Attr<String> = optional_computed().replaces().rule(Rule::NotEmpty),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project. Changing this forces a new resource.
        pub(crate) project_id: Attr<String> = optional_computed().replaces().rule(Rule::NotEmpty),

        /// Run the instance in no-GPU mode, which is cheaper, for example to prepare data. Defaults
        /// to `false`. Supported only for pay-as-you-go instances of certain GPU models, one per
        /// account at a time. If CompShare allocates a GPU nevertheless, the apply fails. Changing
        /// this on a running instance requires `allow_stopping_for_update`.
        pub(crate) without_gpu: Attr<bool> = optional_computed().default(false),

        /// Machine size in no-GPU mode: `A` (2 cores, 4 GiB) or `B` (8 cores, 16 GiB; not available
        /// for containers). Defaults to `A`. Requires `without_gpu = true`. A change takes effect
        /// at the next start.
        pub(crate) without_gpu_spec: Attr<String> = optional().rule(Rule::OneOf(&["A", "B"])),

        /// Allow Terraform to stop and restart a running instance to change `without_gpu`. All
        /// processes on it are terminated. Defaults to `false`: the plan refuses such a change.
        pub(crate) allow_stopping_for_update: Attr<bool> = optional(),

        /// Stop the instance when the resource is destroyed or replaced. Defaults to `false`: the
        /// instance is left unchanged, and is still billed if it is running. Apply this setting
        /// before the destroy.
        pub(crate) stop_on_destroy: Attr<bool> = optional(),

        /// Force stops. Required for spot instances. Defaults to `false`.
        pub(crate) force_stop: Attr<bool> = optional(),

        /// Retry while the zone is sold out, about every 30 seconds until the timeout. Defaults to
        /// `false`: the apply fails immediately.
        pub(crate) wait_for_capacity: Attr<bool> = optional(),

        /// Operation timeouts, for example `"90s"` or `"1h30m"`. When a timeout expires, the
        /// provider stops waiting; requests that were already accepted are not canceled.
        pub(crate) timeouts: Attr<Timeouts> = nested_block(),

        /// Same as `instance_id`.
        pub(crate) id: Attr<String> = computed().never_null(),

        /// Name of the instance.
        pub(crate) name: Attr<String> = computed(),

        /// GPU model of the instance, for example `4090`.
        pub(crate) gpu_type: Attr<String> = computed(),

        /// Number of GPUs currently allocated; `0` unless the instance is running with its GPU.
        pub(crate) gpu_count: Attr<i64> = computed(),

        /// Time of the last start in RFC 3339 format, for example `2026-01-31T01:00:00Z`.
        pub(crate) started_at: Attr<String> = computed(),
    }
}

model! {
    /// Timeouts of operations, as durations.
    pub(crate) struct Timeouts {
        /// Timeout for starting or stopping the instance when the resource is created. Defaults to
        /// `"20m"`.
        pub(crate) create: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for starting or stopping the instance when the resource is updated. Defaults to
        /// `"20m"`.
        pub(crate) update: Attr<String> = optional().rule(Rule::Duration),

        /// Timeout for stopping the instance when the resource is destroyed with `stop_on_destroy`.
        /// Defaults to `"20m"`.
        pub(crate) delete: Attr<String> = optional().rule(Rule::Duration),
    }
}

impl From<&InstancePowerModel> for InstanceIdentity {
    fn from(model: &InstancePowerModel) -> Self {
        Self { instance_id: model.instance_id.clone(), project_id: model.project_id.clone() }
    }
}

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
            .into_iter()
            .collect()
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
        // The location in the plan of a create can only come from the configuration.
        let operation = with_location(operation, &plan);
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
        let operations = session.operations().map_err(NotReady::into_diagnostics)?;
        let id = state.instance_id.text().unwrap_or_default();
        let scope = session.scope(&state.region, &state.project_id);
        let found = tokio::select! {
            found = operations.describe(id, &scope) => found.map_err(|error| message::read(id, &error))?,
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
        let operation =
            operation(context.session()?, &state, Target::NotRunning, timeout, "delete")?;
        let instance = InstanceRef { region_limit: None, ..operation.instance.clone() };
        let operation = Operation { instance, ..operation };
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

/// The state that begins with finding an instance, by whatever way: as much of it as an identity
/// says.
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

/// Looks at the instance once, and refuses what cannot work. It changes nothing in the plan, and if
/// it cannot look, it says nothing: the apply will find out.
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
    let operations = match session.operations() {
        Ok(operations) => operations,
        Err(NotReady::Unknown(_)) => return Ok(()),
        Err(NotReady::Unusable(diagnostics)) => return Err(diagnostics),
    };
    let operation = operation(session, planned, target(planned), &Attr::Null, "create")?;
    let operation = with_location(operation, change.config);
    let looked = tokio::select! {
        looked = operations.describe_recent(id, &operation.instance.scope) => looked,
        () = context.stop.cancelled() => return Ok(()),
        () = tokio::time::sleep(session.request_timeout()) => return Ok(()),
    };
    match looked {
        Ok(Some(instance)) => power::preflight(&operation, &instance)
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
) -> Result<Option<Arc<Instance>>, message::Failed> {
    let operations = context
        .session()
        .and_then(|session| session.operations().map_err(NotReady::into_diagnostics))
        .map_err(message::Failed::Before)?;
    operations.run(operation, &context.stop).await.map_err(message::Failed::Operation)
}

fn operation(
    session: &Session,
    model: &InstancePowerModel,
    target: Target,
    timeout: &Attr<String>,
    operation: &str,
) -> Result<Operation, Diagnostics> {
    let id = model.instance_id.text().unwrap_or_default();
    let scope = session.scope(&model.region, &model.project_id);
    let instance = InstanceRef { scope, ..session.instance(id, &model.project_id) };
    Ok(Operation {
        instance,
        force_stop: model.force_stop.is_true(),
        wait_for_capacity: model.wait_for_capacity.is_true(),
        timeout: duration(timeout, &format!("timeouts.{operation}"), DEFAULT_TIMEOUT)?,
        ..session.operation(id, &model.project_id, target)
    })
}

/// Returns `operation` with the location in `model` as the expected one.
fn with_location(operation: Operation, model: &InstancePowerModel) -> Operation {
    let location = Location {
        region: model.region.clone().into_known(),
        zone: model.zone.clone().into_known(),
    };
    Operation { instance: InstanceRef { location, ..operation.instance }, ..operation }
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
    // An instance does not move. Were the place overwritten by what is observed, a configured one
    // could come to differ from it, and that replaces the resource, which nothing observed may ever
    // do.
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
