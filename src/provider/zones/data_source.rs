//! The data source `compshare_zones`.

use crate::{
    compshare,
    framework::{Attr, Context, DataSource, Definition, Diagnostics, Rule, model},
    provider::{message, session::Session},
};

#[derive(Debug)]
pub(crate) struct ZonesDataSource;

model! {
    /// Filter, and the matching zones.
    pub(crate) struct ZonesModel {
        /// Only zones in this region, for example `cn-wlcb`. Defaults to all regions, regardless of
        /// the provider's `region`.
        pub(crate) region: Attr<String> = optional().rule(Rule::Code),

        /// Zones in the order of the API, each with its `region`, for example `cn-wlcb`, its
        /// `zone`, for example `cn-wlcb-01`, and a human-readable `description`.
        pub(crate) zones: Attr<Vec<Zone>> = computed(),
    }
}

model! {
    /// A zone, described in the description of the list.
    pub(crate) struct Zone {
        pub(crate) region: Attr<String> = computed(),
        pub(crate) zone: Attr<String> = computed(),
        pub(crate) description: Attr<String> = computed(),
    }
}

impl From<&compshare::Zone> for Zone {
    fn from(zone: &compshare::Zone) -> Self {
        Self {
            region: zone.region.clone().into(),
            zone: zone.zone.clone().into(),
            description: zone.description.clone().into(),
        }
    }
}

impl Definition for ZonesDataSource {
    type Model = ZonesModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_zones"
    }

    fn description(&self) -> &'static str {
        "Zones in which CompShare offers machines. A listed zone may be sold out."
    }
}

impl DataSource for ZonesDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: ZonesModel,
    ) -> Result<ZonesModel, Diagnostics> {
        let catalog = &context.session()?.clients(&context.stop).await?.catalog;
        let listed = context
            .or_interrupted(catalog.zones(), || message::interrupted("Listing Zones"))
            .await?
            .map_err(|error| message::call("List Zones", &error))?;
        let wanted = |zone: &compshare::Zone| {
            config.region.text().is_none_or(|region| zone.region.as_deref() == Some(region))
        };
        let zones = listed.zones.iter().filter(|zone| wanted(zone)).map(Zone::from).collect();
        Ok(ZonesModel { zones: Attr::Known(zones), ..config })
    }
}
