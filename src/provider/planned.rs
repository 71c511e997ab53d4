//! Instances in the plans of one run, for warnings about plans that contradict each other.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use crate::lock::lock;

/// Plans, refreshes and warnings of one configured provider. Terraform configures it for each
/// graph walk, so this is the knowledge of one plan or one apply.
#[derive(Debug, Default)]
pub(crate) struct PlannedInstances(Mutex<Planned>);

#[derive(Debug, Default)]
struct Planned {
    /// Instances in plans that are not destroys; true if the plan runs the instance.
    managed: HashMap<String, bool>,
    /// Instances that a destroy stops.
    stopped: HashSet<String>,
    /// Instances that a refresh has removed from the state.
    removed: HashSet<String>,
    /// IDs and titles of the warnings so far.
    warned: HashSet<(String, String)>,
}

/// Contradiction between two plans for one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Two resources manage the instance.
    TwoResources,
    /// The destroy of one resource stops the instance, which another one runs.
    StoppedAndRun,
}

impl PlannedInstances {
    /// Records a plan that keeps the instance `id` running or, without `runs`, stopped. Core plans a
    /// replacement twice; its second plan `is_replacement`.
    pub(crate) fn manage(&self, id: &str, runs: bool, is_replacement: bool) -> Option<Conflict> {
        let mut planned = lock(&self.0);
        let before = planned.managed.insert(id.to_owned(), runs);
        if before.is_some() && !is_replacement {
            return Some(Conflict::TwoResources);
        }
        (runs && planned.stopped.contains(id)).then_some(Conflict::StoppedAndRun)
    }

    /// Records a destroy that stops the instance `id`.
    pub(crate) fn stop(&self, id: &str) -> Option<Conflict> {
        let mut planned = lock(&self.0);
        planned.stopped.insert(id.to_owned());
        let runs = planned.managed.get(id) == Some(&true);
        runs.then_some(Conflict::StoppedAndRun)
    }

    /// Records that a refresh did not find the instance `id`.
    pub(crate) fn remove(&self, id: &str) {
        lock(&self.0).removed.insert(id.to_owned());
    }

    pub(crate) fn was_removed(&self, id: &str) -> bool {
        lock(&self.0).removed.contains(id)
    }

    /// Returns true for the first warning with this title about the instance `id`.
    pub(crate) fn is_first_warning(&self, id: &str, title: &str) -> bool {
        lock(&self.0).warned.insert((id.to_owned(), title.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "uhost-1";

    #[test]
    fn second_resource_of_an_instance_is_a_conflict() {
        let planned = PlannedInstances::default();
        assert_eq!(planned.manage(ID, true, false), None);
        assert_eq!(planned.manage("uhost-2", true, false), None);
        assert_eq!(planned.manage(ID, true, true), None, "a replacement");
        assert_eq!(planned.manage(ID, false, false), Some(Conflict::TwoResources));
    }

    #[test]
    fn stop_by_a_destroy_contradicts_a_running_instance() {
        for (runs, conflict) in [(true, Some(Conflict::StoppedAndRun)), (false, None)] {
            let planned = PlannedInstances::default();
            assert_eq!(planned.stop(ID), None);
            assert_eq!(planned.manage(ID, runs, false), conflict);
            let planned = PlannedInstances::default();
            assert_eq!(planned.manage(ID, runs, false), None);
            assert_eq!(planned.stop(ID), conflict);
        }
    }
}
