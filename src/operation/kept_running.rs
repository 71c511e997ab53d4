//! Instances that objects of one run require to run.

use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// IDs of the instances, once for each object. An operation that ends with its object does not stop
/// them. Clones share the IDs.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptRunning(Arc<Mutex<Vec<String>>>);

impl KeptRunning {
    pub(crate) fn add(&self, id: &str) {
        lock(&self.0).push(id.to_owned());
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        lock(&self.0).iter().any(|kept| kept == id)
    }

    /// Reverts one [`Self::add`].
    pub(super) fn remove(&self, id: &str) {
        let mut kept = lock(&self.0);
        if let Some(index) = kept.iter().position(|kept| kept == id) {
            kept.swap_remove(index);
        }
    }
}
