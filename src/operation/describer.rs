//! Describes of single instances, which confirm an absence.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::sleep;

use super::{
    read_ahead::ReadAhead,
    sightings::{SIGHTING_TTL, Sightings},
};
use crate::{
    compshare::{BatchingClient, Class, Error, Instance, Scope},
    lock::lock,
};

/// Result of a describe; `None` if the instance was not found.
pub(super) type Described = Result<Option<Arc<Instance>>, Error>;

/// Describes instances, and keeps the last response of each for a short time.
#[derive(Debug)]
pub(super) struct Describer {
    client: BatchingClient,
    /// Pause before an absence is confirmed.
    confirm: Duration,
    sightings: Arc<Mutex<Sightings>>,
    read_ahead: ReadAhead,
}

impl Describer {
    pub(super) fn new(client: BatchingClient, confirm: Duration) -> Self {
        let sightings = Arc::default();
        let read_ahead = ReadAhead::new(client.client().clone(), Arc::clone(&sightings));
        Self { client, confirm, sightings, read_ahead }
    }

    /// Describes an instance. If `scope` does not contain it, confirms the absence with a second
    /// describe in all regions, so that neither a passing fault nor a wrong region makes an
    /// instance disappear.
    pub(super) async fn describe(&self, id: &str, scope: &Scope) -> Described {
        if let Some(instance) = self.describe_in(scope, id, Duration::ZERO).await? {
            return Ok(Some(instance));
        }
        sleep(self.confirm).await;
        self.describe_everywhere(scope, id, Duration::ZERO).await
    }

    /// As [`Self::describe`], but returns the result of an earlier describe if it is recent.
    pub(super) async fn describe_recent(&self, id: &str, scope: &Scope) -> Described {
        let recent = lock(&self.sightings).recent(id, SIGHTING_TTL);
        if recent.is_some() {
            return Ok(recent);
        }
        self.read_ahead.before_check(scope);
        let described = self.describe(id, scope).await;
        self.read_ahead.after_check(scope);
        described
    }

    /// Returns the result of the last describe if it is younger than `age` and no operation has
    /// changed the instance.
    pub(super) fn recent_unchanged(&self, id: &str, age: Duration) -> Option<Arc<Instance>> {
        lock(&self.sightings).recent_unchanged(id, age)
    }

    /// Records that an operation changes the instance.
    pub(super) fn changes(&self, id: &str) {
        lock(&self.sightings).changes(id);
    }

    /// Describes an instance in the region of `scope`, or in all regions if the API refuses the
    /// region or requires a zone. All zones of a region share batches, so none is sent at first.
    pub(super) async fn describe_in(&self, scope: &Scope, id: &str, within: Duration) -> Described {
        let in_region = Scope { zone: None, ..scope.clone() };
        let has_location = scope.region.is_some() || scope.zone.is_some();
        match self.describe_once(&in_region, id, within).await {
            Err(error)
                if has_location && (error.is_usage_of("Region") || error.is_usage_of("Zone")) =>
            {
                self.describe_everywhere(scope, id, Duration::ZERO).await
            }
            described => described,
        }
    }

    /// Describes an instance in all regions of the project, or in `scope` if the API requires a
    /// region or zone.
    pub(super) async fn describe_everywhere(
        &self,
        scope: &Scope,
        id: &str,
        within: Duration,
    ) -> Described {
        let everywhere = Scope { region: None, zone: None, project_id: scope.project_id.clone() };
        match self.describe_once(&everywhere, id, within).await {
            Err(error) if error.class() == Some(Class::Usage) && everywhere != *scope => {
                self.describe_once(scope, id, Duration::ZERO).await
            }
            described => described,
        }
    }

    async fn describe_once(&self, scope: &Scope, id: &str, within: Duration) -> Described {
        let described = self.client.describe(id, scope, within).await?;
        Ok(lock(&self.sightings).record(id, described))
    }
}
