//! The data source `compshare_instances`: all instances that match a filter.

use super::{facts::InstanceFacts, filter::InstanceFilter};
use crate::{
    framework::{Attr, Context, DataSource, Definition, Diagnostics, model},
    provider::session::Session,
};

#[derive(Debug)]
pub(crate) struct InstancesDataSource;

model! {
    /// Filters, and the matching instances.
    pub(crate) struct InstancesModel {
        pub(crate) filter: InstanceFilter = flattened(),

        /// IDs of the instances, in the order of `instances`. Use `toset()` to pass them to
        /// `for_each`.
        pub(crate) ids: Attr<Vec<String>> = computed(),

        /// Matching instances, sorted by ID. Each element has the same attributes as the data
        /// source `compshare_instance`.
        pub(crate) instances: Attr<Vec<InstanceFacts>> = computed(),
    }
}

impl Definition for InstancesDataSource {
    type Model = InstancesModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instances"
    }

    fn description(&self) -> &'static str {
        "Instances of the account that match all filters. Without filters, all instances match. An \
         empty result is not an error."
    }
}

impl DataSource for InstancesDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: InstancesModel,
    ) -> Result<InstancesModel, Diagnostics> {
        let mut found = config.filter.clone().all(context).await?;
        // The API guarantees no order. A changed order would appear as drift.
        found.sort_by(|one, other| one.id.cmp(&other.id));
        let project_id = &context.session()?.project_or(&config.filter.project_id);
        Ok(InstancesModel {
            ids: Attr::Known(found.iter().map(|instance| instance.id.clone()).collect()),
            instances: Attr::Known(
                found.iter().map(|instance| InstanceFacts::new(instance, project_id)).collect(),
            ),
            ..config
        })
    }
}
