//! One lock per instance.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::OwnedMutexGuard;

use crate::lock::lock;

/// Locks of instances, by ID. At most one operation at a time changes an instance.
#[derive(Debug, Default)]
pub(super) struct InstanceLocks(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl InstanceLocks {
    /// Waits until no other operation holds the lock of the instance. Waiting operations are served
    /// in order.
    pub(super) async fn lock(&self, id: &str) -> OwnedMutexGuard<()> {
        self.of(id).lock_owned().await
    }

    /// Returns the lock of an instance, and drops the locks that are no longer in use.
    fn of(&self, id: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = lock(&self.0);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(id.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn instance_is_locked_until_its_guard_is_dropped() {
        let locks = InstanceLocks::default();
        let first = locks.lock("uhost-1").await;
        let other = locks.lock("uhost-2").await;
        let second = timeout(Duration::from_secs(1), locks.lock("uhost-1")).await;
        assert!(second.is_err());
        drop(first);
        drop(locks.lock("uhost-1").await);
        drop(other);
    }

    #[tokio::test]
    async fn locks_out_of_use_are_dropped() {
        let locks = InstanceLocks::default();
        let held = locks.lock("uhost-1").await;
        drop(locks.lock("uhost-2").await);
        drop(locks.lock("uhost-3").await);
        assert_eq!(locks.0.lock().unwrap().len(), 2);
        drop(held);
    }
}
