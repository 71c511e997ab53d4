//! GetCompShareInstancePrice and GetCompShareInstanceUserPrice.

use serde_json::{Value, json};

use super::{
    account::Account,
    catalog::{self, GpuType, Size},
    charge_type::ChargeType,
    disks::{self, Disk},
    form::Form,
    images,
    refusal::Refusal,
    request::PriceKind,
};

/// Share of the list price that this account pays.
const ACCOUNT_RATE: f64 = 0.9;

pub(super) fn price(account: &Account, kind: PriceKind, form: &Form) -> Result<Value, Refusal> {
    form.required("Region")?;
    let zone = form.required("Zone")?;
    let gpu_type = catalog::find(zone, form.required("GpuType")?);
    let gpu_type = gpu_type.ok_or_else(|| Refusal::unavailable("GpuType"))?;
    let size = size(kind, form)?;
    if !gpu_type.has_size(size) {
        return Err(Refusal::illegal_size());
    }
    let charge_types: Vec<ChargeType> = match form.get("ChargeType") {
        Some(name) => vec![ChargeType::parse(name)?],
        None => every_charge_type(kind),
    };
    let offer = Offer {
        list_price: gpu_type.list_price * size.gpu as f64,
        disks: disks::parse(form)?,
        image_price: image_price(account, form, zone, gpu_type)? * size.gpu as f64,
        quantity: form.number("Quantity")?.unwrap_or(1) as f64,
    };
    let rentable =
        charge_types.into_iter().filter(|&at| gpu_type.supports_spot || at != ChargeType::Spot);
    let rentable: Vec<ChargeType> = rentable.collect();
    if rentable.is_empty() {
        return Err(Refusal::charge_type_unsupported());
    }
    let details = |account_rate: f64| -> Vec<Value> {
        rentable.iter().map(|&charge_type| offer.detail(charge_type, account_rate)).collect()
    };
    let paid = match kind {
        PriceKind::List => details(1.0),
        PriceKind::User => details(ACCOUNT_RATE),
    };
    let plural = if account.options.sdk_field_names { "" } else { "s" };
    Ok(json!({
        format!("PriceDetail{plural}"): paid,
        format!("OriginalPriceDetail{plural}"): details(1.0),
        format!("ListPriceDetail{plural}"): details(1.0),
    }))
}

/// Returns the price of an instance without disks, in CNY per unit of the charge type.
pub(super) fn instance_price(gpu_type: &GpuType, gpus: usize, charge_type: ChargeType) -> f64 {
    round(gpu_type.list_price * gpus as f64 * charge_type.rate() * ACCOUNT_RATE)
}

/// The two actions spell their parameters differently.
fn size(kind: PriceKind, form: &Form) -> Result<Size, Refusal> {
    let (gpu, cpu) = match kind {
        PriceKind::List => ("Gpu", "Cpu"),
        PriceKind::User => ("GPU", "CPU"),
    };
    let number =
        |parameter: &str| form.number(parameter)?.ok_or_else(|| Refusal::missing(parameter));
    let megabytes = number("Memory")?;
    if !megabytes.is_multiple_of(1024) {
        return Err(Refusal::unavailable("Memory"));
    }
    Ok(Size { gpu: number(gpu)?, cpu: number(cpu)?, memory_gb: megabytes / 1024 })
}

/// Returns the price of the image per GPU and hour; zero without an image.
fn image_price(
    account: &Account,
    form: &Form,
    zone: &str,
    gpu_type: &GpuType,
) -> Result<f64, Refusal> {
    let Some(id) = form.get("CompShareImageId") else { return Ok(0.0) };
    Ok(images::usable(&account.images, id, zone, gpu_type)?.price())
}

/// Charge types of a price request without `ChargeType`.
fn every_charge_type(kind: PriceKind) -> Vec<ChargeType> {
    let all = ChargeType::ALL.into_iter();
    all.filter(|&at| kind == PriceKind::List || at != ChargeType::Dynamic).collect()
}

/// A priced instance.
struct Offer {
    /// List price of the instance, in CNY per hour.
    list_price: f64,
    disks: Vec<Disk>,
    /// Price of the image, in CNY per hour.
    image_price: f64,
    quantity: f64,
}

impl Offer {
    /// Returns an element of `PriceDetails`. Prices of data disks and image are absent unless the
    /// instance has such.
    fn detail(&self, charge_type: ChargeType, account_rate: f64) -> Value {
        // A spot instance has cheaper GPUs, but no cheaper disks or images.
        let other_rate = match charge_type {
            ChargeType::Spot => 1.0,
            other => other.rate(),
        };
        let other = |hourly_price| json!(round(hourly_price * other_rate * self.quantity));
        let mut detail = json!({
            "ChargeType": charge_type.name(),
            "Instance": round(self.list_price * charge_type.rate() * account_rate * self.quantity),
            "SystemDisks": other(disks::hourly_price(&self.disks, true)),
        });
        if self.disks.iter().any(|disk| !disk.is_boot) {
            detail["Disks"] = other(disks::hourly_price(&self.disks, false));
        }
        if self.image_price > 0.0 {
            detail["CompShareImage"] = other(self.image_price);
        }
        detail
    }
}

/// Rounds to cents.
fn round(price: f64) -> f64 {
    (price * 100.0).round() / 100.0
}
