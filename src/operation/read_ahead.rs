//! Lists of instances ahead of the checks of a plan.
//!
//! Terraform plans N resources at a time, so the check of a plan that creates many resources takes
//! as many rounds. After the first round, a page of all instances is listed beside each further
//! round. The checks of the instances in it need no describe.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::sightings::Sightings;
use crate::{
    compshare::{Client, DescribeInstances, Pages, Scope},
    lock::lock,
};

/// Number of completed checks after which more are likely.
const MIN_CHECKS: usize = 10;

#[derive(Debug)]
pub(super) struct ReadAhead {
    client: Client,
    sightings: Arc<Mutex<Sightings>>,
    plans: Arc<Mutex<HashMap<Scope, Plan>>>,
}

/// A plan of instances in a scope.
#[derive(Debug)]
struct Plan {
    /// Number of checks that required a describe.
    checks: usize,
    /// Pages not listed yet; `None` while a request is in flight, and after a failure.
    pages: Option<Pages>,
}

impl ReadAhead {
    pub(super) fn new(client: Client, sightings: Arc<Mutex<Sightings>>) -> Self {
        Self { client, sightings, plans: Arc::default() }
    }

    pub(super) fn after_check(&self, scope: &Scope) {
        let mut plans = lock(&self.plans);
        let plan = plans.entry(scope.clone()).or_insert_with(|| {
            let scope = Scope { zone: None, ..scope.clone() };
            let list = DescribeInstances { scope, ..DescribeInstances::default() };
            Plan { checks: 0, pages: Some(Pages::new(self.client.clone(), list)) }
        });
        plan.checks += 1;
    }

    /// Requests one more page, unless this is an apply, whose checks are far apart.
    pub(super) fn before_check(&self, scope: &Scope) {
        if lock(&self.sightings).has_changes() {
            return;
        }
        let mut plans = lock(&self.plans);
        let plan = plans.get_mut(scope).filter(|plan| plan.checks >= MIN_CHECKS);
        let Some(mut pages) = plan.and_then(|plan| plan.pages.take()) else { return };
        let (sightings, plans) = (Arc::clone(&self.sightings), Arc::clone(&self.plans));
        let scope = scope.clone();
        tokio::spawn(async move {
            let Ok(Some(instances)) = pages.next().await else { return };
            for instance in instances {
                let instance = Arc::new(instance);
                lock(&sightings).record(&instance.id.clone(), Some(instance));
            }
            if let Some(plan) = lock(&plans).get_mut(&scope) {
                plan.pages = Some(pages);
            }
        });
    }
}
