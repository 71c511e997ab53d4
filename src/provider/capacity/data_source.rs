//! The data source `compshare_capacity`.

use std::sync::Arc;

use futures_util::future::try_join_all;

use crate::{
    compshare::{BootDisk, Capacity, CheckCapacity, Error, Image, ImageList, Offer, Size},
    framework::{Attr, Context, DataSource, Definition, Diagnostics, Rule, model},
    provider::{
        message,
        offer::{
            CHARGE_TYPES, FREE_BOOT_DISK_GB, POSTPAY, WantedSize, ZoneType, place, scope,
            zones_with,
        },
        session::Session,
    },
};

#[derive(Debug)]
pub(crate) struct CapacityDataSource;

model! {
    /// Wanted instance, and the offers for it.
    pub(crate) struct CapacityModel {
        /// GPU model, for example `4090`.
        pub(crate) gpu_type: Attr<String> = required().rule(Rule::Code),

        /// Only zones in this region, for example `cn-wlcb`. Defaults to the provider's `region`,
        /// otherwise to all regions.
        pub(crate) region: Attr<String> = optional().rule(Rule::Code),

        /// Only this zone, for example `cn-wlcb-01`. Defaults to all zones that list the GPU model,
        /// which are checked concurrently.
        pub(crate) zone: Attr<String> = optional().rule(Rule::Code),

        /// Only sizes with this number of GPUs, between `1` and `64`. Defaults to all sizes.
        pub(crate) gpu_count: Attr<i64> = optional().rule(Rule::Between(1, 64)),

        /// Only sizes with this number of CPU cores, between `1` and `4096`. Defaults to all sizes.
        pub(crate) cpu: Attr<i64> = optional().rule(Rule::Between(1, 4096)),

        /// Only sizes with this memory in GB, between `1` and `65536`. Defaults to all sizes.
        pub(crate) memory_gb: Attr<i64> = optional().rule(Rule::Between(1, 65_536)),

        /// Charge type: `Postpay` (pay-as-you-go), `Spot`, `Dynamic` (prepaid by the hour), `Day`
        /// or `Month`. Defaults to `Postpay`.
        pub(crate) charge_type: Attr<String> = optional().rule(Rule::OneOf(CHARGE_TYPES)),

        /// Image of the instance. Defaults to an available platform image, of a container in zones
        /// that only rent pods.
        pub(crate) image_id: Attr<String> = optional().rule(Rule::Code),

        /// `true` if an element of `offers` is available.
        pub(crate) available: Attr<bool> = computed(),

        /// Checked sizes by zone. A size that the API does not report is absent, because its
        /// capacity is not known.
        pub(crate) offers: Attr<Vec<OfferModel>> = computed(),
    }
}

model! {
    /// A size in a zone.
    pub(crate) struct OfferModel {
        /// Region of the zone.
        pub(crate) region: Attr<String> = computed(),

        /// Zone, for example `cn-wlcb-01`.
        pub(crate) zone: Attr<String> = computed(),

        /// Number of GPUs.
        pub(crate) gpu_count: Attr<i64> = computed(),

        /// Number of CPU cores.
        pub(crate) cpu: Attr<i64> = computed(),

        /// Memory in GB.
        pub(crate) memory_gb: Attr<i64> = computed(),

        /// `true` if the zone has free capacity for this size, `false` if it is sold out.
        pub(crate) available: Attr<bool> = computed(),
    }
}

impl OfferModel {
    fn new(at: &ZoneType, Offer { size, available }: Offer) -> Self {
        let Size { gpu_count, cpu, memory_gb } = size;
        Self {
            region: Attr::Known(at.region.clone()),
            zone: Attr::Known(at.zone.clone()),
            gpu_count: Attr::Known(gpu_count.into()),
            cpu: Attr::Known(cpu.into()),
            memory_gb: Attr::Known(memory_gb.into()),
            available: Attr::Known(available),
        }
    }
}

impl Definition for CapacityDataSource {
    type Model = CapacityModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_capacity"
    }

    fn description(&self) -> &'static str {
        "Free capacity for a new instance. Sold out is a result, not an error. The result is \
         advisory: nothing is reserved, so a create or start can find the zone sold out a moment \
         later, and for the start of a stopped instance it is only a hint.\n\nIf the check of a zone \
         fails, its sizes are absent. This is a warning if another zone has capacity, and otherwise \
         an error, because then sold out is not certain."
    }
}

const ATTEMPT: &str = "Check Capacity";

impl DataSource for CapacityDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: CapacityModel,
    ) -> Result<CapacityModel, Diagnostics> {
        context
            .or_interrupted(read(context, config), || message::interrupted("Checking Capacity"))
            .await?
    }
}

async fn read(
    context: &Context<Session>,
    config: CapacityModel,
) -> Result<CapacityModel, Diagnostics> {
    let gpu_type = config.gpu_type.text().unwrap_or_default();
    let place = place(&config.region, &config.zone, context.session()?);
    let zones = zones_with(context, ATTEMPT, gpu_type, &place).await?;
    let wanted = WantedSize::new(&config.gpu_count, &config.cpu, &config.memory_gb);
    let legal: Vec<Size> = zones.iter().flat_map(|at| at.instance_type.sizes.clone()).collect();
    wanted.check(ATTEMPT, gpu_type, &legal)?;

    let charge_type = config.charge_type.text().unwrap_or(POSTPAY);
    let check = async |at| {
        let image_id = match config.image_id.text() {
            Some(image_id) => image_id.to_owned(),
            None => default_image(context, &zones[0].region, at).await?,
        };
        check(context, at, charge_type, image_id).await
    };
    let mut offers = Vec::new();
    let mut failed = Vec::new();
    for (at, checked) in zones.iter().zip(try_join_all(zones.iter().map(check)).await?) {
        match checked {
            Ok(capacity) => {
                let matching = capacity.offers.iter().filter(|offer| wanted.matches(offer.size));
                offers.extend(matching.map(|offer| OfferModel::new(at, *offer)));
            }
            Err(error) => failed.push((at, error)),
        }
    }
    let available = offers.iter().any(|offer| offer.available.is_true());
    let failed = failed.iter().map(|(at, error)| message::unchecked(&at.zone, error, available));
    let failed: Diagnostics = failed.collect();
    // Sold out is not certain while a zone is not checked.
    for warning in failed.into_result()? {
        context.warn(warning);
    }
    Ok(CapacityModel { available: Attr::Known(available), offers: Attr::Known(offers), ..config })
}

async fn check(
    context: &Context<Session>,
    at: &ZoneType,
    charge_type: &str,
    image_id: String,
) -> Result<Result<Arc<Capacity>, Error>, Diagnostics> {
    let session = context.session()?;
    let ZoneType { region, zone, instance_type, .. } = at;
    let check = CheckCapacity {
        scope: scope(session, region.clone(), Some(zone.clone())),
        gpu_type: instance_type.name.clone(),
        charge_type: charge_type.to_owned(),
        image_id,
        boot_disk: BootDisk {
            kind: instance_type.boot_disk_kind().to_owned(),
            size_gb: FREE_BOOT_DISK_GB,
        },
    };
    Ok(session.clients(&context.stop).await?.catalog.capacity(check).await)
}

/// Returns a platform image that instances of this type can use. Images are the same in all
/// regions, so those of one `region` are listed.
async fn default_image(
    context: &Context<Session>,
    region: &str,
    at: &ZoneType,
) -> Result<String, Diagnostics> {
    let session = context.session()?;
    let list = ImageList::Platform(if at.is_pod { "App" } else { "System" });
    let listed = session
        .clients(&context.stop)
        .await?
        .catalog
        .images(list, scope(session, region.to_owned(), None));
    let pages = listed.await.map_err(|error| message::call("List Images", &error))?;
    let gpu_type = &at.instance_type.name;
    let fits = |image: &&Image| {
        image.is_available()
            && image.supports(gpu_type)
            && image.is_container.unwrap_or_default() == at.is_pod
    };
    let image = pages.iter().flat_map(|page| &page.images).find(fits);
    image.map(|image| image.id.clone()).ok_or_else(|| message::no_image(ATTEMPT, gpu_type))
}
