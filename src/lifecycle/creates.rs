//! Creates of one run, and the instances that earlier runs left behind.
//!
//! A run that is killed between a create and the write of the state leaves an instance that no
//! state contains. The next run creates an instance of the same name, so that a list of all
//! instances shows the one left behind: it has the name, and the marker of an earlier create. The
//! list is requested once in a run, and once more when the delay has passed for which a new instance
//! may be missing from lists.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use tokio::{sync::OnceCell, time::Instant};

use super::marker::Marker;
use crate::{
    compshare::{BatchingClient, Error, Instance, Scope},
    lock::lock,
    operation::Pace,
};

type List = Arc<[Arc<Instance>]>;

/// Creates of one configured provider.
#[derive(Debug, Default)]
pub(crate) struct Creates {
    projects: Mutex<HashMap<Option<String>, Arc<Project>>>,
    /// Instances that objects of this run manage.
    managed: Mutex<HashSet<String>>,
}

/// Creates in one project.
#[derive(Debug, Default)]
struct Project {
    /// Names of the creates, each with its marker.
    names: Mutex<HashMap<String, Marker>>,
    /// The list before the first create, and its time.
    before: OnceCell<(Instant, List)>,
    /// The list after the delay.
    after: OnceCell<List>,
}

/// The right to create the only instance of its name. It ends when it is dropped without a created
/// instance.
#[derive(Debug)]
pub(crate) struct Reservation {
    project: Arc<Project>,
    scope: Scope,
    name: String,
    marker: Marker,
    is_kept: bool,
}

impl Creates {
    /// Records that an object of this run manages the instance `id`.
    pub(crate) fn manage(&self, id: &str) {
        lock(&self.managed).insert(id.to_owned());
    }

    /// Reserves `name` in a project. Returns `None` if another create of this run has it.
    pub(crate) fn reserve(&self, name: &str, project_id: Option<String>) -> Option<Reservation> {
        let project = Arc::clone(lock(&self.projects).entry(project_id.clone()).or_default());
        let marker = Marker::random();
        {
            let mut names = lock(&project.names);
            if names.contains_key(name) {
                return None;
            }
            names.insert(name.to_owned(), marker.clone());
        }
        let scope = Scope { project_id, ..Scope::default() };
        Some(Reservation { project, scope, name: name.to_owned(), marker, is_kept: false })
    }

    /// Returns an instance that an earlier run has created under the reserved name.
    ///
    /// # Errors
    ///
    /// As [`BatchingClient::list`].
    pub(crate) async fn left_behind(
        &self,
        client: &BatchingClient,
        reservation: &Reservation,
        pace: &Pace,
    ) -> Result<Option<Arc<Instance>>, Error> {
        let Reservation { project, scope, .. } = reservation;
        let list = async || {
            let at = Instant::now();
            client.list(scope.clone(), None).await.map(|list| (at, list))
        };
        let (at, _) = project.before.get_or_try_init(list).await?;
        if at.elapsed() >= pace.visible {
            return self.left_behind_unseen(client, reservation, pace).await;
        }
        let before = project.before.get();
        Ok(before.and_then(|(_, list)| self.find(list, reservation)))
    }

    /// As [`Self::left_behind`], after the create. Once the delay of [`Pace::visible`] has passed,
    /// the list is the last one of the run.
    ///
    /// # Errors
    ///
    /// As [`BatchingClient::list`].
    pub(crate) async fn left_behind_unseen(
        &self,
        client: &BatchingClient,
        reservation: &Reservation,
        pace: &Pace,
    ) -> Result<Option<Arc<Instance>>, Error> {
        let Reservation { project, scope, .. } = reservation;
        let list = || client.list(scope.clone(), None);
        let is_final = project.before.get().is_some_and(|(at, _)| at.elapsed() >= pace.visible);
        let list = if is_final {
            Arc::clone(project.after.get_or_try_init(list).await?)
        } else {
            list().await?
        };
        Ok(self.find(&list, reservation))
    }

    fn find(&self, list: &List, reservation: &Reservation) -> Option<Arc<Instance>> {
        let managed = lock(&self.managed);
        let own = lock(&reservation.project.names);
        let is_left_behind = |instance: &&Arc<Instance>| {
            let marker = instance.remark.as_deref().and_then(Marker::of);
            instance.name.as_deref() == Some(&reservation.name)
                && !managed.contains(&instance.id)
                && marker.is_some_and(|marker| own.get(&reservation.name) != Some(&marker))
        };
        list.iter().find(is_left_behind).cloned()
    }
}

impl Reservation {
    pub(crate) const fn marker(&self) -> &Marker {
        &self.marker
    }

    /// Keeps the name: an instance may exist.
    pub(crate) const fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Scope of the lists of instances.
    pub(super) const fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_kept {
            lock(&self.project.names).remove(&self.name);
        }
    }
}
