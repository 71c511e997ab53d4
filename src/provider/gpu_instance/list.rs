//! The list resource `compshare_instance` for `terraform query`: the instances of the account.

use super::{
    resource::{GpuInstance, TYPE_NAME},
    state::{imported_state, observed},
};
use crate::{
    compshare::Instance,
    framework::{Attr, Context, Definition, Diagnostics, ListResource, Listed, Results},
    provider::{
        instance::{filter::InstanceFilter, identity::InstanceIdentity},
        session::Session,
    },
};

#[derive(Debug)]
pub(crate) struct GpuInstanceList;

impl Definition for GpuInstanceList {
    type Model = InstanceFilter;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn description(&self) -> &'static str {
        "Lists instances that match all filters, for `terraform query`, to inspect or import them. \
         Without filters, all instances of the account are listed."
    }
}

impl ListResource for GpuInstanceList {
    type Resource = GpuInstance;

    async fn list(
        &self,
        context: &Context<Session>,
        config: InstanceFilter,
        results: &mut Results<GpuInstance>,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let project_id = config.project_id.clone();
        let mut pages = config.pages(context).await?;
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
) -> Listed<GpuInstance> {
    let identity = InstanceIdentity {
        instance_id: instance.id.as_str().into(),
        project_id: project_id.clone(),
    };
    Listed {
        display_name: instance.display_name(),
        object: observed(&imported_state(session, identity), instance),
    }
}
