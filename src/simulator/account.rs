//! State of a simulated account: its instances, the faults to come, and the calls so far.
//!
//! The time is a parameter of every method, and no timer runs: each call first applies what was due
//! since the previous call. A stepped clock and the system clock therefore use the same code.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    call::Call,
    capacity::Capacities,
    clock::later,
    form::Form,
    images::{self, Image},
    instance::Instance,
    instance_defaults::DEFAULT_PROJECT,
    options::Options,
    pending_faults::PendingFaults,
    refusal::Refusal,
};

/// State of an account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) faults: PendingFaults,
    pub(super) calls: Vec<Call>,
    pub(super) capacities: Capacities,
    pub(super) options: Options,
    pub(super) images: Vec<Image>,
    /// End of each copy of an image to a zone.
    image_copies: BTreeMap<(String, String), Timestamp>,
    /// Data disks of terminated instances, as in DescribeCompshareDisk.
    pub(super) detached_disks: Vec<Value>,
    /// Number of created instances.
    created: u64,
    /// Number of requests, including calls that have been cleared.
    requests: u64,
}

impl Account {
    /// Creates the account of `options`. The error begins with the index of the malformed instance.
    pub(super) fn new(mut options: Options, now: Timestamp) -> Result<Self, String> {
        let mut instances = BTreeMap::new();
        for (index, given) in mem::take(&mut options.instances).into_iter().enumerate() {
            let Value::Object(given) = given else {
                return Err(format!("instances[{index}]: must be an object"));
            };
            let (id, instance) = Instance::new(given, now, options.size_restored_on_stop)
                .map_err(|problem| format!("instances[{index}].{problem}"))?;
            if instances.contains_key(&id) {
                return Err(format!("instances[{index}].UHostId: `{id}` is given twice"));
            }
            instances.insert(id, instance);
        }
        let mut capacities = Capacities::default();
        for capacity in mem::take(&mut options.capacity) {
            capacities.set(capacity, now);
        }
        Ok(Self {
            instances,
            faults: PendingFaults::default(),
            calls: Vec::new(),
            capacities,
            images: images::catalog(mem::take(&mut options.images))?,
            options,
            image_copies: BTreeMap::new(),
            detached_disks: Vec::new(),
            created: 0,
            requests: 0,
        })
    }

    pub(super) fn next_instance_number(&mut self) -> u64 {
        self.created += 1;
        self.created
    }

    /// Returns an instance in the scope of a request, if no operation on it is in progress.
    pub(super) fn unlocked_instance(
        &mut self,
        id: &str,
        form: &Form,
    ) -> Result<&mut Instance, Refusal> {
        let instance = self.instances.get_mut(id).filter(|instance| instance.is_in_scope(form));
        match instance {
            None => Err(Refusal::not_found(id)),
            Some(instance) if instance.is_locked() => Err(Refusal::locked()),
            Some(instance) => Ok(instance),
        }
    }

    /// Begins to copy an image to a zone unless that is in progress. Returns `true` if it is
    /// complete.
    pub(super) fn sync_image(&mut self, id: &str, zone: &str, now: Timestamp) -> bool {
        let ends = later(now, self.options.image_sync_time);
        let copy = (id.to_owned(), zone.to_owned());
        *self.image_copies.entry(copy).or_insert(ends) <= now
    }

    pub(super) fn next_request_id(&mut self) -> String {
        self.requests += 1;
        format!("5e11a70d-0000-4000-8000-{:012x}", self.requests)
    }

    /// Changes an instance outside the API, or removes it if `patch` is null. Returns `Ok(false)`
    /// if there is no such instance.
    pub(super) fn patch(&mut self, id: &str, patch: Value, now: Timestamp) -> Result<bool, String> {
        self.settle(now);
        let Some(instance) = self.instances.get_mut(id) else { return Ok(false) };
        match patch {
            Value::Object(patch) => instance.patch(patch)?,
            Value::Null => {
                self.instances.remove(id);
            }
            _ => return Err("a patch must be an object, or null to remove the instance".to_owned()),
        }
        Ok(true)
    }

    /// Changes an image outside the API. Returns `Ok(false)` if there is no such image.
    pub(super) fn patch_image(
        &mut self,
        id: &str,
        patch: Map<String, Value>,
    ) -> Result<bool, String> {
        let Some(image) = self.images.iter_mut().find(|image| image.id() == id) else {
            return Ok(false);
        };
        image.patch(patch)?;
        Ok(true)
    }

    /// Returns the actual fields of all instances.
    pub(super) fn views(&mut self, now: Timestamp) -> Vec<Value> {
        self.settle(now);
        self.instances.values().map(|instance| instance.view().into()).collect()
    }

    /// Applies everything that was due until `now`.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let stop_time = self.options.stop_time;
        self.instances.retain(|_, instance| instance.settle(now, stop_time));
    }

    /// Returns the number of free GPUs of the instance's type in its zone.
    pub(super) fn free_gpus(&self, instance: &Instance, now: Timestamp) -> usize {
        self.capacities.free_gpus(instance.text("Zone"), instance.text("GpuType"), now)
    }

    /// Returns the default project and the projects of all instances.
    pub(super) fn projects(&self) -> BTreeSet<&str> {
        let named = self.instances.values().map(Instance::project);
        named.filter(|project| !project.is_empty()).chain([DEFAULT_PROJECT]).collect()
    }
}
