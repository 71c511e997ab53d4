//! Describes of single instances, which confirm an absence.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::instance_ref::Location;
use crate::{
    compshare::{BatchingClient, Class, Error, Instance, Scope},
    lock::lock,
};

/// Age up to which a sighting may replace a describe in the check of a plan.
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

/// The last describe and the location of each instance.
#[derive(Debug, Default)]
struct Sightings {
    by_id: HashMap<String, Sighting>,
    /// An instance does not move, so these do not expire.
    locations: HashMap<String, Location>,
    /// Instances that an operation has changed.
    changed: HashSet<String>,
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
        let recent = lock(&self.sightings).recent(id, SIGHTING_TTL);
        if recent.is_some() {
            return Ok(recent);
        }
        self.describe(id, scope).await
    }

    /// Returns the result of the last describe if it is younger than `age` and no operation has
    /// changed the instance.
    pub(super) fn recent_unchanged(&self, id: &str, age: Duration) -> Option<Arc<Instance>> {
        let sightings = lock(&self.sightings);
        sightings.recent(id, age).filter(|_| !sightings.changed.contains(id))
    }

    /// Records that an operation changes the instance. A describe that is in flight meanwhile can
    /// still report the state before, so later sightings do not count either.
    pub(super) fn changes(&self, id: &str) {
        lock(&self.sightings).changed.insert(id.to_owned());
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

impl Sightings {
    /// Records a describe, and returns it with the known location if it leaves that out.
    fn record(&mut self, id: &str, described: Option<Arc<Instance>>) -> Option<Arc<Instance>> {
        let now = Instant::now();
        self.prune(now);
        let Some(instance) = described else {
            self.by_id.remove(id);
            return None;
        };
        let instance = self.located(instance);
        let sighting = Sighting { at: now, instance: Arc::clone(&instance) };
        self.by_id.insert(id.to_owned(), sighting);
        Some(instance)
    }

    fn located(&mut self, instance: Arc<Instance>) -> Arc<Instance> {
        let known = self.locations.entry(instance.id.clone()).or_default();
        if instance.region.is_some() {
            known.region.clone_from(&instance.region);
        }
        if instance.zone.is_some() {
            known.zone.clone_from(&instance.zone);
        }
        if known.region == instance.region && known.zone == instance.zone {
            return instance;
        }
        let Location { region, zone } = known.clone();
        Arc::new(Instance { region, zone, ..Instance::clone(&instance) })
    }

    /// Removes expired sightings, at most once per [`SIGHTING_TTL`].
    fn prune(&mut self, now: Instant) {
        if self.pruned.is_some_and(|pruned| now - pruned < SIGHTING_TTL) {
            return;
        }
        self.by_id.retain(|_, sighting| now - sighting.at < SIGHTING_TTL);
        self.pruned = Some(now);
    }

    fn recent(&self, id: &str, age: Duration) -> Option<Arc<Instance>> {
        let sighting = self.by_id.get(id)?;
        (sighting.at.elapsed() < age).then(|| Arc::clone(&sighting.instance))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    fn instance(fields: serde_json::Value) -> Arc<Instance> {
        Arc::new(serde_json::from_value(fields).unwrap())
    }

    #[test]
    fn location_that_a_describe_leaves_out_is_remembered() {
        let mut sightings = Sightings::default();
        let mut location = |fields| {
            let instance = sightings.record("uhost-1", Some(instance(fields))).unwrap();
            (instance.region.clone().unwrap_or_default(), instance.zone.clone().unwrap_or_default())
        };
        let pair = |region: &str, zone: &str| (region.to_owned(), zone.to_owned());
        assert_eq!(location(json!({"UHostId": "uhost-1", "Region": "a"})), pair("a", ""));
        assert_eq!(location(json!({"UHostId": "uhost-1", "Zone": "a-1"})), pair("a", "a-1"));
        assert_eq!(location(json!({"UHostId": "uhost-1"})), pair("a", "a-1"));
    }

    #[tokio::test(start_paused = true)]
    async fn sightings_expire_and_are_pruned() {
        let instance = instance(json!({"UHostId": "uhost-1"}));
        let mut sightings = Sightings::default();
        sightings.record("uhost-1", Some(Arc::clone(&instance)));
        assert!(sightings.recent("uhost-1", SIGHTING_TTL).is_some());
        advance(SIGHTING_TTL).await;
        assert!(sightings.recent("uhost-1", SIGHTING_TTL).is_none());
        sightings.record("uhost-2", Some(Arc::clone(&instance)));
        assert_eq!(sightings.by_id.len(), 1, "the expired sighting is gone");
        sightings.record("uhost-2", None);
        assert!(sightings.by_id.is_empty(), "an absent instance is forgotten");
        assert_eq!(Arc::strong_count(&instance), 1);
    }
}
