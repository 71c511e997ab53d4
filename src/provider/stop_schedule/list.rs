//! The list resource `compshare_instance_stop_schedule` for `terraform query`: the scheduled stops
//! of the account.

use super::{
    resource::{StopSchedule, TYPE_NAME},
    state::{imported_state, observed},
    time,
};
use crate::{
    framework::{Context, Definition, Diagnostics, ListResource, Listed, Results},
    provider::{
        instance::{filter::InstanceFilter, identity::InstanceIdentity},
        session::Session,
    },
};

#[derive(Debug)]
pub(crate) struct StopScheduleList;

impl Definition for StopScheduleList {
    type Model = InstanceFilter;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn description(&self) -> &'static str {
        "Lists the scheduled stops of the instances that match all filters, for `terraform query`, \
         to inspect or import them. Without filters, all scheduled stops of the account are listed."
    }
}

impl ListResource for StopScheduleList {
    type Resource = StopSchedule;

    async fn list(
        &self,
        context: &Context<Session>,
        config: InstanceFilter,
        results: &mut Results<StopSchedule>,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let project_id = config.project_id.clone();
        let mut pages = config.pages(context).await?;
        while let Some(page) = pages.next(context).await? {
            for instance in page {
                let identity = InstanceIdentity {
                    instance_id: instance.id.as_str().into(),
                    project_id: project_id.clone(),
                };
                // The same state as after an import and a read.
                let imported = imported_state(session, identity);
                let Some(object) = observed(&imported, &instance, time::now()) else { continue };
                let listed = Listed { display_name: instance.display_name(), object };
                if results.push(listed).await.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
