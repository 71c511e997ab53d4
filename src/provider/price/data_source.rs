//! The data source `compshare_price`.

use crate::{
    compshare::{BootDisk, GetPrice, Price, Size},
    cty::Number,
    framework::{Attr, Context, DataSource, Definition, Diagnostics, Rule, model},
    operation::Location,
    provider::{
        instance::reported::decimal,
        message,
        offer::{
            CHARGE_TYPES, FREE_BOOT_DISK_GB, POSTPAY, WantedSize, ZoneType, scope, zones_with,
        },
        session::Session,
    },
};

#[derive(Debug)]
pub(crate) struct PriceDataSource;

model! {
    /// A new instance, and its price.
    pub(crate) struct PriceModel {
        /// Zone of the instance, for example `cn-wlcb-01`.
        pub(crate) zone: Attr<String> = required().rule(Rule::Code),

        /// GPU model, for example `4090`.
        pub(crate) gpu_type: Attr<String> = required().rule(Rule::Code),

        /// Number of GPUs, between `1` and `64`. Defaults to `1`.
        pub(crate) gpu_count: Attr<i64> = optional_computed().rule(Rule::Between(1, 64)),

        /// Number of CPU cores, between `1` and `4096`. Defaults to that of the smallest legal
        /// size.
        pub(crate) cpu: Attr<i64> = optional_computed().rule(Rule::Between(1, 4096)),

        /// Memory in GB, between `1` and `65536`. Defaults to that of the smallest legal size.
        pub(crate) memory_gb: Attr<i64> = optional_computed().rule(Rule::Between(1, 65_536)),

        /// Charge type: `Postpay` (pay-as-you-go), `Spot`, `Dynamic` (prepaid by the hour), `Day`
        /// or `Month`. Defaults to `Postpay`.
        pub(crate) charge_type: Attr<String> = optional().rule(Rule::OneOf(CHARGE_TYPES)),

        /// Image of the instance. Some images of the community have a price. Defaults to an image
        /// without a price.
        pub(crate) image_id: Attr<String> = optional().rule(Rule::Code),

        /// Size of the system disk in GB, between `1` and `65536`. Defaults to `100`, which is free
        /// of charge.
        pub(crate) boot_disk_gb: Attr<i64> = optional().rule(Rule::Between(1, 65_536)),

        /// Price that this account pays, in CNY per hour, day or month of `charge_type`. The sum of
        /// the parts below. Null if the API reports no price, which does not mean free.
        pub(crate) price_cny: Attr<Number> = computed(),

        /// Part of `price_cny` for GPU, CPU, and memory.
        pub(crate) instance_price_cny: Attr<Number> = computed(),

        /// Part of `price_cny` for the system disk. Null if not reported.
        pub(crate) boot_disk_price_cny: Attr<Number> = computed(),

        /// Part of `price_cny` for the image. Null if not reported.
        pub(crate) image_price_cny: Attr<Number> = computed(),

        /// Price without the discounts of this account. Null if not reported.
        pub(crate) list_price_cny: Attr<Number> = computed(),
    }
}

impl Definition for PriceDataSource {
    type Model = PriceModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_price"
    }

    fn description(&self) -> &'static str {
        "Current price of a new instance. A price is not a promise: it can change before the \
         instance is created. The price of an instance that exists is in the data source \
         `compshare_instance`."
    }
}

const ATTEMPT: &str = "Read Price";

impl DataSource for PriceDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: PriceModel,
    ) -> Result<PriceModel, Diagnostics> {
        context
            .or_interrupted(read(context, config), || message::interrupted("Reading Price"))
            .await?
    }
}

async fn read(context: &Context<Session>, config: PriceModel) -> Result<PriceModel, Diagnostics> {
    let gpu_type = config.gpu_type.text().unwrap_or_default();
    let place = Location { region: None, zone: config.zone.known().cloned() };
    let sold = zones_with(context, ATTEMPT, gpu_type, &place).await?.swap_remove(0);
    let size = size(&config, &sold)?;
    let charge_type = config.charge_type.text().unwrap_or(POSTPAY);
    let session = context.session()?;
    let catalog = &session.clients(&context.stop).await?.catalog;
    let boot_disk_gb = config.boot_disk_gb.known().and_then(|size| u32::try_from(*size).ok());
    let of = GetPrice {
        scope: scope(session, sold.region, Some(sold.zone)),
        gpu_type: gpu_type.to_owned(),
        size,
        charge_type: charge_type.to_owned(),
        image_id: config.image_id.known().cloned(),
        boot_disk: BootDisk {
            kind: sold.instance_type.boot_disk_kind().to_owned(),
            size_gb: boot_disk_gb.unwrap_or(FREE_BOOT_DISK_GB),
        },
    };
    let prices = catalog.price(of).await.map_err(|error| message::call(ATTEMPT, &error))?;
    let part = |part: fn(&Price) -> Option<f64>| {
        prices.account(charge_type).and_then(part).and_then(decimal).into()
    };
    Ok(PriceModel {
        gpu_count: Attr::Known(size.gpu_count.into()),
        cpu: Attr::Known(size.cpu.into()),
        memory_gb: Attr::Known(size.memory_gb.into()),
        price_cny: part(Price::total),
        instance_price_cny: part(|price| price.instance),
        boot_disk_price_cny: part(|price| price.boot_disk),
        image_price_cny: part(|price| price.image),
        list_price_cny: prices.list(charge_type).and_then(Price::total).and_then(decimal).into(),
        ..config
    })
}

/// Returns the smallest legal size that is as configured.
fn size(config: &PriceModel, sold: &ZoneType) -> Result<Size, Diagnostics> {
    let ZoneType { instance_type, .. } = sold;
    let wanted = WantedSize::new(&config.gpu_count, &config.cpu, &config.memory_gb);
    let wanted = WantedSize { gpu_count: wanted.gpu_count.or(Some(1)), ..wanted };
    wanted.check(ATTEMPT, &instance_type.name, &instance_type.sizes)?;
    instance_type
        .smallest(|size| wanted.matches(*size))
        .or_else(|| wanted.complete())
        .ok_or_else(|| message::unknown_size(ATTEMPT, &instance_type.name))
}
