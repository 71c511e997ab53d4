//! Describes of the last seconds, which replace others in some places.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::instance_ref::Location;
use crate::compshare::Instance;

/// Age up to which a sighting may replace a describe in the check of a plan.
pub(super) const SIGHTING_TTL: Duration = Duration::from_secs(15);

/// The last describe and the location of each instance.
#[derive(Debug, Default)]
pub(super) struct Sightings {
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

impl Sightings {
    /// Records a describe, and returns it with the known location if it leaves that out.
    pub(super) fn record(
        &mut self,
        id: &str,
        described: Option<Arc<Instance>>,
    ) -> Option<Arc<Instance>> {
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

    /// Returns the last describe if it is younger than `age` and no operation has changed the
    /// instance.
    pub(super) fn recent_unchanged(&self, id: &str, age: Duration) -> Option<Arc<Instance>> {
        self.recent(id, age).filter(|_| !self.changed.contains(id))
    }

    /// Records that an operation changes the instance. A describe that is in flight meanwhile can
    /// still report the state before, so later sightings do not count either.
    pub(super) fn changes(&mut self, id: &str) {
        self.changed.insert(id.to_owned());
    }

    /// Returns true if an operation has changed an instance.
    pub(super) fn has_changes(&self) -> bool {
        !self.changed.is_empty()
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

    /// Returns the last describe if it is younger than `age`.
    pub(super) fn recent(&self, id: &str, age: Duration) -> Option<Arc<Instance>> {
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
