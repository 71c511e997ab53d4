//! The data source `compshare_zones`: where there are machines to rent.

use crate::{
    compshare::{self, DescribeSupportZone},
    cty::Type,
    framework::{
        Attr, Attribute, Block, Context, DataSource, Definition, Diagnostics, Mode, Rule, Schema,
        model,
    },
    provider::{
        instance::facts::{list, object},
        message,
        session::{NotReady, Session},
    },
};

/// The data source. All it knows is in the session and the model.
#[derive(Debug)]
pub(crate) struct ZonesDataSource;

model! {
    /// Which zones are asked for, and those there are.
    pub(crate) struct ZonesModel {
        pub(crate) region: Attr<String>,
        pub(crate) zones: Attr<Vec<Zone>>,
    }
}

model! {
    /// One zone.
    pub(crate) struct Zone {
        pub(crate) region: Attr<String>,
        pub(crate) zone: Attr<String>,
        pub(crate) description: Attr<String>,
    }
}

impl From<compshare::Zone> for Zone {
    fn from(zone: compshare::Zone) -> Self {
        Self {
            region: zone.region.into(),
            zone: zone.zone.into(),
            description: zone.description.into(),
        }
    }
}

impl Definition for ZonesDataSource {
    type Model = ZonesModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_zones"
    }

    fn schema(&self) -> Schema {
        let zone = object([
            ("region", Type::String),
            ("zone", Type::String),
            ("description", Type::String),
        ]);
        let region = "Only zones of this region, such as `cn-wlcb`. Default: all, whatever the provider's region is.";
        let zones = "The zones, in the order in which the cloud lists them. Each has its `region`, such as `cn-wlcb`, its `zone`, \
                     such as `cn-wlcb-01`, and as `description` what the cloud calls it in words.";
        Schema {
            version: 0,
            block: Block {
                description: "The zones in which CompShare has machines. A zone that is listed may be sold out.",
                attributes: vec![
                    Attribute::new("region", Type::String, Mode::Optional, region)
                        .rule(Rule::NotEmpty),
                    list("zones", zones, zone),
                ],
                blocks: Vec::new(),
            },
        }
    }
}

impl DataSource for ZonesDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: ZonesModel,
    ) -> Result<ZonesModel, Diagnostics> {
        let client = context.session()?.client().map_err(NotReady::into_diagnostics)?;
        let listed = tokio::select! {
            listed = client.call(&DescribeSupportZone) => {
                listed.map_err(|error| {
                    message::call("List Zones", "The zones could not be listed", &error)
                })?.zones
            }
            () = context.stop.cancelled() => {
                return Err(message::interrupted("List Zones").into());
            }
        };
        let wanted = |zone: &compshare::Zone| {
            config.region.text().is_none_or(|region| zone.region.as_deref() == Some(region))
        };
        let zones = listed.into_iter().filter(wanted).map(Zone::from).collect();
        Ok(ZonesModel { zones: Attr::Known(zones), ..config })
    }
}
