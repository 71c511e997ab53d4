//! The data source `compshare_instance`: one instance, by ID or name.

use std::sync::Arc;

use super::{facts::InstanceFacts, filter::InstanceFilter, read::describe};
use crate::{
    compshare::Instance,
    framework::{Context, DataSource, Definition, Diagnostics},
    operation::Location,
    provider::{message, session::Session},
};

#[derive(Debug)]
pub(crate) struct InstanceDataSource;

impl Definition for InstanceDataSource {
    type Model = InstanceFacts;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instance"
    }

    fn description(&self) -> &'static str {
        "Information about one instance, selected by ID or name. Login details are only available \
         from the ephemeral resource `compshare_instance_login`, so that they are never stored."
    }

    fn validate(&self, config: &InstanceFacts) -> Diagnostics {
        message::instance_selection(&config.instance_id, &config.name)
    }
}

impl DataSource for InstanceDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: InstanceFacts,
    ) -> Result<InstanceFacts, Diagnostics> {
        let project_id = context.session()?.project_or(&config.project_id);
        let instance = match config.instance_id.text() {
            Some(id) => by_id(context, id, &config).await?,
            None => by_name(context, &config).await?,
        };
        Ok(InstanceFacts::new(&instance, &project_id).with_locators(&config))
    }
}

impl InstanceFacts {
    /// Restores the configured values, in case the API does not report them.
    fn with_locators(mut self, config: &Self) -> Self {
        for (fact, configured) in [
            (&mut self.name, &config.name),
            (&mut self.region, &config.region),
            (&mut self.zone, &config.zone),
        ] {
            if !configured.is_null() {
                *fact = configured.clone();
            }
        }
        self
    }
}

async fn by_id(
    context: &Context<Session>,
    id: &str,
    config: &InstanceFacts,
) -> Result<Arc<Instance>, Diagnostics> {
    let location =
        Location { region: config.region.known().cloned(), zone: config.zone.known().cloned() };
    let instance = context.session()?.instance(id, &config.project_id, location);
    describe(context, &instance).await
}

async fn by_name(
    context: &Context<Session>,
    config: &InstanceFacts,
) -> Result<Arc<Instance>, Diagnostics> {
    let name = config.name.text().unwrap_or_default();
    let filter = InstanceFilter {
        region: config.region.clone(),
        zone: config.zone.clone(),
        project_id: config.project_id.clone(),
        ..InstanceFilter::default()
    };
    let mut found = filter.all(context).await?;
    found.retain(|instance| instance.name.as_deref() == Some(name));
    match (found.pop(), found.is_empty()) {
        (Some(instance), true) => Ok(instance),
        (Some(last), false) => {
            found.push(last);
            Err(message::ambiguous_name(name, &found))
        }
        (None, _) => Err(message::unknown_name(name)),
    }
}
