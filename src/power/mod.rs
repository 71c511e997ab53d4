//! Power: how an instance gets from the state it is in to the one that is wanted.
//!
//! Every operation is the same loop: look at what the cloud says *now*, decide one step, take it, look again. The
//! decision is a pure function over what was seen and what this operation has done so far; all waiting, sending and giving
//! up is in `operation`. What is known from an earlier plan never enters.
//!
//! The rules that cost money if they are broken:
//! - a start is sent once; it is sent again only when it was refused for certain, or when its answer was lost and the
//!   instance has been seen `Stopped` for a while since;
//! - a start without a GPU that got one all the same is an error, and is undone if this operation found the instance stopped;
//!   two looks have to agree on it;
//! - a reboot is sent once and never again, unless it was refused for certain;
//! - an instance that cannot be found is looked for a second time before anything follows from it.
//!
//! Never in here: Terraform's words, diagnostics, forms or JSON.

mod decide;
mod failure;
mod history;
mod instance_ref;
mod operation_log;
mod pace;
mod run;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::compshare::{self, BatchingClient, Class, Instance, Scope, Spec};

pub use failure::{Failure, NoGpuRefusal, Reason, Verb};
pub use instance_ref::{InstanceRef, Location, LocationMismatch};
pub use operation_log::{CallOutcome, Event, LoggedCall, OperationLog};
pub use pace::Pace;

/// What an instance is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `Running`, with or without its GPU.
    Running {
        /// What it runs with.
        mode: GpuMode,
        /// Whether a running instance in the other mode may be stopped and started anew.
        may_restart: bool,
    },
    /// `Stopped`, and there.
    Stopped,
    /// Running, by whoever's doing: nothing is asked of the cloud.
    Awaited,
    /// Running, and started anew by a reboot of this operation's.
    Rebooted,
    /// Not running: an instance that is gone or has failed is at the target too.
    NotRunning,
}

/// What a running instance runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuMode {
    /// With its GPU, at the full price.
    WithGpu,
    /// Without, on the CPU and memory of this spec.
    WithoutGpu(Spec),
}

impl Target {
    /// Whether an operation with this target only looks.
    const fn is_passive(self) -> bool {
        matches!(self, Self::Awaited)
    }
}

impl GpuMode {
    /// Whether a running instance with this many GPUs is in this mode. An answer that does not say counts as a match:
    /// there is nothing to act on.
    pub const fn matches(self, gpu: Option<u32>) -> bool {
        match (self, gpu) {
            (_, None) => true,
            (Self::WithGpu, Some(count)) => count > 0,
            (Self::WithoutGpu(_), Some(count)) => count == 0,
        }
    }
}

/// One operation on one instance.
#[derive(Debug, Clone)]
pub struct Operation {
    pub instance: InstanceRef,
    /// What it is to become.
    pub target: Target,
    /// Whether a stop is forced, which spot instances need.
    pub force_stop: bool,
    /// Whether to keep trying while the zone is sold out.
    pub wait_for_capacity: bool,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// All power operations of one configured provider. They share one client, and there is at most one at a time for an
/// instance.
pub struct Power {
    client: BatchingClient,
    pace: Pace,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    sightings: Mutex<HashMap<String, (Instant, Arc<Instance>)>>,
}

/// How long a sighting is good enough to check a plan with. Never used to decide what to do.
const FRESH: Duration = Duration::from_secs(15);

impl Power {
    /// Over `client`, in the rhythm of `pace`.
    pub fn new(client: BatchingClient, pace: Pace) -> Self {
        Self { client, pace, turns: Mutex::default(), sightings: Mutex::default() }
    }

    /// Looks for an instance. One that is absent is looked for a second time, everywhere its project reaches, so that
    /// neither a hiccup nor a wrong region makes it disappear.
    ///
    /// # Errors
    /// The cloud could not be asked, or refused to answer.
    pub async fn describe(
        &self,
        id: &str,
        scope: &Scope,
    ) -> Result<Option<Arc<Instance>>, compshare::Error> {
        if let Some(found) = self.look_there(id, scope, Duration::ZERO).await? {
            return Ok(Some(found));
        }
        tokio::time::sleep(self.pace.confirm).await;
        self.look_everywhere(id, scope, Duration::ZERO).await
    }

    /// As [`Self::describe`], but content with what another look saw a moment ago. For checking plans only.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn describe_recent(
        &self,
        id: &str,
        scope: &Scope,
    ) -> Result<Option<Arc<Instance>>, compshare::Error> {
        if let Some(instance) = self.recent(id) {
            return Ok(Some(instance));
        }
        self.describe(id, scope).await
    }

    async fn look(
        &self,
        id: &str,
        scope: &Scope,
        delay: Duration,
    ) -> Result<Option<Arc<Instance>>, compshare::Error> {
        let found = self.client.describe(id, scope, delay).await?;
        let mut sightings = self.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        match &found {
            Some(instance) => {
                sightings.insert(id.to_owned(), (Instant::now(), Arc::clone(instance)));
            }
            None => drop(sightings.remove(id)),
        }
        Ok(found)
    }

    /// Looks where the instance is said to be; everywhere, if the cloud knows no such region.
    async fn look_there(
        &self,
        id: &str,
        scope: &Scope,
        delay: Duration,
    ) -> Result<Option<Arc<Instance>>, compshare::Error> {
        match self.look(id, scope, delay).await {
            Err(error) if scope.region.is_some() && error.is_usage_of("Region") => {
                self.look_everywhere(id, scope, Duration::ZERO).await
            }
            looked => looked,
        }
    }

    /// Looks without a limit to one place; where the API insists on one, in that place again.
    async fn look_everywhere(
        &self,
        id: &str,
        scope: &Scope,
        delay: Duration,
    ) -> Result<Option<Arc<Instance>>, compshare::Error> {
        let wide = Scope { region: None, zone: None, project_id: scope.project_id.clone() };
        match self.look(id, &wide, delay).await {
            Err(error) if error.class() == Some(Class::Usage) && wide != *scope => {
                self.look(id, scope, Duration::ZERO).await
            }
            looked => looked,
        }
    }

    fn recent(&self, id: &str) -> Option<Arc<Instance>> {
        let sightings = self.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, instance) = sightings.get(id)?;
        (at.elapsed() < FRESH).then(|| Arc::clone(instance))
    }

    /// Whose turn it is on an instance: operations on one wait for each other.
    fn turn(&self, id: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(id.to_owned()).or_default())
    }
}

impl fmt::Debug for Power {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Power").field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// Returns an error if the API already reports that the operation cannot succeed.
///
/// # Errors
///
/// The reason.
pub fn preflight(operation: &Operation, instance: &Instance) -> Result<(), Reason> {
    operation.instance.check_location(instance).map_err(Reason::Location)?;
    decide::feasible(instance, operation.target)
}
