//! The data source `compshare_instance`: one instance, by ID or name.

use std::sync::Arc;

use super::{facts::InstanceFacts, filter::InstanceFilter, read::look};
use crate::{
    compshare::Instance,
    cty::Path,
    framework::{Attr, Context, DataSource, Definition, Diagnostic, Diagnostics},
    operation::{InstanceRef, Location},
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
        let (id, name) = (&config.instance_id, &config.name);
        let (detail, at) = match (id.is_null(), name.is_null()) {
            (true, true) => (
                "Set either `instance_id` or `name`, to say which instance is meant.",
                "instance_id",
            ),
            // One that is not known yet may turn out to be null.
            (false, false) if !id.is_unknown() && !name.is_unknown() => (
                "Set either `instance_id` or `name`, not both: each says which instance is meant.",
                "name",
            ),
            _ => return Diagnostics::new(),
        };
        let path = Path::root().attribute(at);
        Diagnostic::error("Invalid Attribute Combination", detail).at(path).into()
    }
}

impl DataSource for InstanceDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: InstanceFacts,
    ) -> Result<InstanceFacts, Diagnostics> {
        let session = context.session()?;
        let project_id = match &config.project_id {
            Attr::Null => session.project_id().clone(),
            given => given.clone(),
        };
        let instance = match config.instance_id.text() {
            Some(id) => by_id(context, id, &config).await?,
            None => by_name(context, &config).await?,
        };
        Ok(InstanceFacts::new(&instance, &project_id).with_locators(&config))
    }
}

impl InstanceFacts {
    /// What is configured comes back as it was, whatever the cloud leaves out.
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
    let text = |attr: &Attr<String>| attr.text().map(str::to_owned);
    let location = Location { region: text(&config.region), zone: text(&config.zone) };
    let instance = context.session()?.instance(id, &config.project_id);
    look(context, &InstanceRef { location, ..instance }).await
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
            Err(message::ambiguous_name(name, &found).into())
        }
        (None, _) => Err(message::unknown_name(name).into()),
    }
}
