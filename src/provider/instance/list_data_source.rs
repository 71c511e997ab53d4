//! The data source `compshare_instances`: all instances that fit.

use super::{
    facts::{self, InstanceFacts, list},
    filter::{self, InstanceFilter},
};
use crate::{
    cty::Type,
    framework::{
        Attr, Attribute, Block, Context, DataSource, Definition, Diagnostics, Mode, Schema, model,
    },
    provider::session::Session,
};

/// The data source. All it knows is in the session and the model.
#[derive(Debug)]
pub(crate) struct InstancesDataSource;

model! {
    /// What instances there are to be like, and those that are.
    pub(crate) struct InstancesModel {
        pub(crate) region: Attr<String>,
        pub(crate) zone: Attr<String>,
        pub(crate) project_id: Attr<String>,
        pub(crate) state: Attr<String>,
        pub(crate) gpu_type: Attr<String>,
        pub(crate) tag: Attr<String>,
        pub(crate) name_regex: Attr<String>,
        pub(crate) ids: Attr<Vec<String>>,
        pub(crate) instances: Attr<Vec<InstanceFacts>>,
    }
}

impl Definition for InstancesDataSource {
    type Model = InstancesModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instances"
    }

    fn schema(&self) -> Schema {
        let ids = "The ids of the instances, in the order of `instances`. `toset` of it makes a `for_each`.";
        let mut attributes = filter::attributes();
        attributes.extend([
            Attribute::new("ids", Type::List(Box::new(Type::String)), Mode::Computed, ids),
            list(
                "instances",
                "The instances, in the order of their ids. What is told of each are the attributes of the data source \
                 `compshare_instance`, under the same names.",
                facts::instance(),
            ),
        ]);
        Schema {
            version: 0,
            block: Block {
                description: "All instances of the account that fit every condition given, and what the cloud reports about \
                              each. Without a condition, that is every instance. That none fits is no error.",
                attributes,
                blocks: Vec::new(),
            },
        }
    }
}

impl DataSource for InstancesDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: InstancesModel,
    ) -> Result<InstancesModel, Diagnostics> {
        let filter = InstanceFilter {
            region: config.region.clone(),
            zone: config.zone.clone(),
            project_id: config.project_id.clone(),
            state: config.state.clone(),
            gpu_type: config.gpu_type.clone(),
            tag: config.tag.clone(),
            name_regex: config.name_regex.clone(),
        };
        let mut found = filter.all(context).await?;
        // The cloud promises no order, and one that changes by itself would show as a change.
        found.sort_by(|one, other| one.id.cmp(&other.id));
        let project_id = match &config.project_id {
            Attr::Null => context.session()?.project_id(),
            given => given,
        };
        Ok(InstancesModel {
            ids: Attr::Known(found.iter().map(|instance| instance.id.clone()).collect()),
            instances: Attr::Known(
                found.iter().map(|instance| InstanceFacts::new(instance, project_id)).collect(),
            ),
            ..config
        })
    }
}
