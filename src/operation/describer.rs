//! Describes of single instances, which confirm an absence.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{
    compshare::{BatchingClient, Class, Error, Instance, Scope},
    lock::lock,
};

/// Age up to which a sighting may replace a describe in the check of a plan. Decisions of
/// operations never depend on a sighting.
const SIGHTING_TTL: Duration = Duration::from_secs(15);

/// Result of a describe; `None` if the instance was not found.
pub(super) type Described = Result<Option<Arc<Instance>>, Error>;

/// Describes instances, and keeps the last response of each for a short time.
#[derive(Debug)]
pub(super) struct Describer {
    client: BatchingClient,
    /// Pause before an absence is confirmed.
    confirm: Duration,
    sightings: Mutex<Sightings>,
}

/// The last describe of each instance.
#[derive(Debug, Default)]
struct Sightings {
    by_id: HashMap<String, Sighting>,
    pruned: Option<Instant>,
}

#[derive(Debug)]
struct Sighting {
    at: Instant,
    instance: Arc<Instance>,
}

impl Describer {
    pub(super) fn new(client: BatchingClient, confirm: Duration) -> Self {
        Self { client, confirm, sightings: Mutex::default() }
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
        if let Some(instance) = lock(&self.sightings).recent(id) {
            return Ok(Some(instance));
        }
        self.describe(id, scope).await
    }

    /// Describes an instance in `scope`, or in all regions if the API does not know the region.
    pub(super) async fn describe_in(&self, scope: &Scope, id: &str, within: Duration) -> Described {
        match self.describe_once(scope, id, within).await {
            Err(error) if scope.region.is_some() && error.is_usage_of("Region") => {
                self.describe_everywhere(scope, id, Duration::ZERO).await
            }
            described => described,
        }
    }

    /// Describes an instance in all regions of the project, or in `scope` if the API requires a
    /// region.
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
        lock(&self.sightings).record(id, described.as_ref());
        Ok(described)
    }
}

impl Sightings {
    fn record(&mut self, id: &str, described: Option<&Arc<Instance>>) {
        let now = Instant::now();
        self.prune(now);
        match described {
            Some(instance) => {
                let sighting = Sighting { at: now, instance: Arc::clone(instance) };
                self.by_id.insert(id.to_owned(), sighting);
            }
            None => drop(self.by_id.remove(id)),
        }
    }

    /// Removes expired sightings, at most once per [`SIGHTING_TTL`].
    fn prune(&mut self, now: Instant) {
        if self.pruned.is_some_and(|pruned| now - pruned < SIGHTING_TTL) {
            return;
        }
        self.by_id.retain(|_, sighting| now - sighting.at < SIGHTING_TTL);
        self.pruned = Some(now);
    }

    fn recent(&self, id: &str) -> Option<Arc<Instance>> {
        let sighting = self.by_id.get(id)?;
        (sighting.at.elapsed() < SIGHTING_TTL).then(|| Arc::clone(&sighting.instance))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sightings_expire_and_are_pruned() {
        let instance: Instance = serde_json::from_value(json!({"UHostId": "uhost-1"})).unwrap();
        let instance = Arc::new(instance);
        let mut sightings = Sightings::default();
        sightings.record("uhost-1", Some(&instance));
        assert!(sightings.recent("uhost-1").is_some());
        advance(SIGHTING_TTL).await;
        assert!(sightings.recent("uhost-1").is_none());
        sightings.record("uhost-2", Some(&instance));
        assert_eq!(sightings.by_id.len(), 1, "the expired sighting is gone");
        sightings.record("uhost-2", None);
        assert!(sightings.by_id.is_empty(), "an absent instance is forgotten");
        assert_eq!(Arc::strong_count(&instance), 1);
    }
}
