//! Callers that wait for the same list of instances.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::oneshot;

use super::{call::Scope, error::Error, instance::Instance};
use crate::lock::lock;

pub(super) type List = Result<Arc<[Arc<Instance>]>, Error>;

/// Filter of a list. Callers with equal keys share one list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ListKey {
    pub(super) scope: Scope,
    pub(super) tag: Option<String>,
}

/// Callers of lists that have not been requested yet.
#[derive(Debug, Default)]
pub(super) struct ListBatches(Mutex<HashMap<ListKey, Vec<oneshot::Sender<List>>>>);

impl ListBatches {
    /// Adds a caller. The flag is true for the first caller of `key`, which must start the request.
    pub(super) fn join(&self, key: &ListKey) -> (oneshot::Receiver<List>, bool) {
        let (caller, list) = oneshot::channel();
        let mut batches = lock(&self.0);
        let callers = batches.entry(key.clone()).or_default();
        callers.push(caller);
        (list, callers.len() == 1)
    }

    /// Removes and returns the callers of `key`. Later callers form a new batch, so that no caller
    /// receives a list that was requested before it joined.
    pub(super) fn take(&self, key: &ListKey) -> Vec<oneshot::Sender<List>> {
        lock(&self.0).remove(key).unwrap_or_default()
    }
}
