//! The list resource `compshare_instance_power`, for `terraform query`: instances that could be managed.

use super::{
    Session,
    instance_filter::{self, Wanted},
    instance_power::{self, InstanceIdentity, InstancePower},
};
use crate::{
    compshare::Instance,
    framework::{
        Attr, Block, Context, Diagnostics, ListResource, Listed, Offered, Resource as _, Results,
        Schema, model,
    },
};

/// The list. All it knows is in the session and the model.
#[derive(Debug)]
pub(super) struct InstancePowerList;

model! {
    /// What the instances are to be like.
    pub(super) struct InstancePowerListModel {
        pub(super) region: Attr<String>,
        pub(super) zone: Attr<String>,
        pub(super) project_id: Attr<String>,
        pub(super) state: Attr<String>,
        pub(super) gpu_type: Attr<String>,
        pub(super) tag: Attr<String>,
        pub(super) name_regex: Attr<String>,
    }
}

impl Offered for InstancePowerList {
    type Model = InstancePowerListModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        instance_power::TYPE_NAME
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Block {
                description: "The instances of the account that fit every condition given, to be imported or looked at.",
                attributes: instance_filter::attributes(),
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
        config: InstancePowerListModel,
        results: &mut Results<InstancePower>,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let wanted = Wanted {
            region: config.region,
            zone: config.zone,
            project_id: config.project_id.clone(),
            state: config.state,
            gpu_type: config.gpu_type,
            tag: config.tag,
            name_regex: config.name_regex,
            name: Attr::Null,
        };
        let mut pages = wanted.pages(context)?;
        while let Some(page) = pages.next(context).await? {
            for instance in page {
                let listed = listed(session, &config.project_id, &instance);
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
