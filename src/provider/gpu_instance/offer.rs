//! Size and price of an instance, from what CompShare sells.

use super::{model::GpuInstanceModel, state::region_of};
use crate::{
    compshare::{BootDisk, Error, GetPrice, InstanceType, InstanceTypes, Price, Scope, Size},
    framework::{Attr, Context, Diagnostics},
    operation::Location,
    provider::{message, session::Session},
};

/// Reason why there is no size or price.
#[derive(Debug)]
pub(super) enum NoOffer {
    /// The API did not answer the question.
    Failed(Error),
    /// The configuration is at fault.
    Refused(Diagnostics),
}

impl From<Error> for NoOffer {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Diagnostics> for NoOffer {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Refused(diagnostics)
    }
}

/// Size of an instance, as far as it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WantedSize {
    pub(super) gpu_count: u32,
    pub(super) cpu: Option<u32>,
    pub(super) memory_gb: Option<u32>,
}

impl WantedSize {
    /// The size in a plan, in which a value that is not configured is unknown.
    pub(super) fn of(plan: &GpuInstanceModel) -> Self {
        let number = |attr: &Attr<i64>| attr.known().and_then(|number| u32::try_from(*number).ok());
        Self {
            gpu_count: number(&plan.gpu_count).unwrap_or(1),
            cpu: number(&plan.cpu),
            memory_gb: number(&plan.memory_gb),
        }
    }

    fn matches(self, size: Size) -> bool {
        let Self { gpu_count, cpu, memory_gb } = self;
        size.gpu_count == gpu_count
            && cpu.is_none_or(|cpu| size.cpu == cpu)
            && memory_gb.is_none_or(|memory_gb| size.memory_gb == memory_gb)
    }

    /// The size if it is configured completely.
    fn complete(self) -> Option<Size> {
        let Self { gpu_count, cpu, memory_gb } = self;
        Some(Size { gpu_count, cpu: cpu?, memory_gb: memory_gb? })
    }
}

/// Scope of requests about the zone of `model`.
pub(super) fn scope(session: &Session, model: &GpuInstanceModel) -> Scope {
    let zone = model.zone.text().unwrap_or_default();
    Scope {
        region: Some(region_of(zone).to_owned()),
        zone: Some(zone.to_owned()),
        project_id: session.scope(Location::default(), &model.project_id).project_id,
    }
}

/// Returns the smallest size on sale that is as configured.
///
/// # Errors
/// No such size is sold, or the API did not list the sizes.
pub(super) async fn size(
    context: &Context<Session>,
    model: &GpuInstanceModel,
) -> Result<Size, NoOffer> {
    let session = context.session()?;
    let catalog = &session.clients(&context.stop).await?.catalog;
    let types = context
        .or_interrupted(catalog.types(scope(session, model)), || {
            message::interrupted("Reading Instance Types")
        })
        .await??;
    let (zone, gpu_type) = (text(&model.zone), text(&model.gpu_type));
    Ok(smallest(&types, zone, gpu_type, WantedSize::of(model))?)
}

/// Returns the price of a new instance of this size, per unit of its charge type; `None` if the API
/// reports none.
///
/// # Errors
/// The API did not answer the question.
pub(super) async fn price(
    context: &Context<Session>,
    model: &GpuInstanceModel,
    size: Size,
) -> Result<Option<f64>, NoOffer> {
    let session = context.session()?;
    let catalog = &session.clients(&context.stop).await?.catalog;
    let charge_type = text(&model.charge_type);
    let price = GetPrice {
        scope: scope(session, model),
        gpu_type: text(&model.gpu_type).to_owned(),
        size,
        charge_type: charge_type.to_owned(),
        image_id: model.image_id.known().cloned(),
        boot_disk: boot_disk(model),
    };
    let prices = context
        .or_interrupted(catalog.price(price), || message::interrupted("Reading Price"))
        .await??;
    Ok(prices.account(charge_type).and_then(Price::total))
}

/// System disk of a new instance.
pub(super) fn boot_disk(model: &GpuInstanceModel) -> BootDisk {
    let size_gb = model.boot_disk_gb.known().and_then(|size| u32::try_from(*size).ok());
    BootDisk { kind: text(&model.boot_disk_type).to_owned(), size_gb: size_gb.unwrap_or_default() }
}

/// Refuses a price above `max_price_cny`, and an unknown one if there is a limit.
///
/// # Errors
/// The instance must not be created.
pub(super) fn check_price(model: &GpuInstanceModel, price: Option<f64>) -> Result<(), Diagnostics> {
    let Some(limit) = model.max_price_cny.known() else { return Ok(()) };
    let limit_cny: f64 = limit.to_string().parse().unwrap_or(0.0);
    match price {
        Some(price) if price <= limit_cny => Ok(()),
        Some(price) => Err(message::price_too_high(price, limit_cny, text(&model.charge_type))),
        None => Err(message::price_unknown(limit_cny)),
    }
}

fn text(attr: &Attr<String>) -> &str {
    attr.text().unwrap_or_default()
}

/// Returns the smallest size of `gpu_type` that is as `wanted`.
fn smallest(
    types: &InstanceTypes,
    zone: &str,
    gpu_type: &str,
    wanted: WantedSize,
) -> Result<Size, Diagnostics> {
    let in_zone = |one: &&InstanceType| one.zone.as_deref().is_none_or(|at| at == zone);
    let mut sold: Vec<_> = types.types.iter().filter(in_zone).collect();
    let others: Vec<_> = sold.iter().map(|one| one.name.clone()).collect();
    sold.retain(|one| one.name == gpu_type);
    if sold.is_empty() {
        return Err(message::gpu_type_not_sold(gpu_type, zone, &others));
    }
    let mut sizes: Vec<Size> = sold.iter().flat_map(|one| one.sizes.iter().copied()).collect();
    sizes.sort_unstable();
    if sizes.is_empty()
        && let Some(size) = wanted.complete()
    {
        return Ok(size);
    }
    let fits = sizes.iter().copied().find(|size| wanted.matches(*size));
    fits.ok_or_else(|| {
        let same_count = sizes.iter().copied().filter(|size| size.gpu_count == wanted.gpu_count);
        let same_count: Vec<_> = same_count.collect();
        message::size_not_sold(gpu_type, zone, wanted.gpu_count, &same_count, &sizes)
    })
}
