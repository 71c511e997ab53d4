//! The list resource `compshare_instance_power`, for `terraform query`: instances that could be managed.

use super::{self as instance_power, InstanceIdentity, InstancePower};
use crate::{
    compshare::Instance,
    framework::{
        Attr, Block, Context, Definition, Diagnostics, ListResource, Listed, Resource as _,
        Results, Schema,
    },
    provider::{
        instance::filter::{self, InstanceFilter},
        session::Session,
    },
};

/// The list. All it knows is in the session and the model.
#[derive(Debug)]
pub(crate) struct InstancePowerList;

impl Definition for InstancePowerList {
    type Model = InstanceFilter;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        instance_power::TYPE_NAME
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Block {
                description: "The instances of the account that fit every condition given, for `terraform query`: to look at \
                              them, or to import them. Without a condition, that is every instance.",
                attributes: filter::attributes(),
                blocks: Vec::new(),
            },
        }
    }
}

impl ListResource for InstancePowerList {
    type Resource = InstancePower;

    async fn list(
        &self,
        context: &Context<Session>,
        config: InstanceFilter,
        results: &mut Results<InstancePower>,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let project_id = config.project_id.clone();
        let mut pages = config.pages(context)?;
        while let Some(page) = pages.next(context).await? {
            for instance in page {
                let listed = listed(session, &project_id, &instance);
                if results.push(listed).await.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn listed(
    session: &Session,
    project_id: &Attr<String>,
    instance: &Instance,
) -> Listed<InstancePower> {
    let identity = InstanceIdentity {
        instance_id: instance.id.as_str().into(),
        project_id: project_id.clone(),
    };
    // What an import and a read of it would come to.
    let object = instance_power::observed(&instance_power::found(session, identity), instance);
    let display_name = match &instance.name {
        Some(name) => format!("{name} ({})", instance.id),
        None => instance.id.clone(),
    };
    Listed { display_name, identity: InstancePower.identity(&object), object }
}
