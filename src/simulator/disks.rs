//! Disks in requests, and their prices.

use super::{form::Form, refusal::Refusal};

/// `Disks.N` of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) is_boot: bool,
    pub(super) disk_type: String,
    pub(super) size_gb: usize,
}

const DISK_TYPES: [&str; 5] =
    ["CLOUD_SSD", "CLOUD_RSSD", "CLOUD_NORMAL", "LOCAL_SSD", "LOCAL_NORMAL"];

/// Size of a boot disk that costs nothing.
const FREE_BOOT_DISK_GB: usize = 100;

/// Price of one GB, in CNY per hour.
const PRICE: f64 = 0.001;

/// Returns the disks of a request, in their order.
pub(super) fn parse(form: &Form) -> Result<Vec<Disk>, Refusal> {
    form.objects("Disks")?.into_iter().map(|prefix| parse_one(form, &prefix)).collect()
}

fn parse_one(form: &Form, prefix: &str) -> Result<Disk, Refusal> {
    let disk_type = form.required(&format!("{prefix}.Type"))?.to_owned();
    if !DISK_TYPES.contains(&disk_type.as_str()) {
        return Err(Refusal::unavailable(&format!("{prefix}.Type")));
    }
    let size = format!("{prefix}.Size");
    let size_gb = form.number(&size)?.ok_or_else(|| Refusal::missing(&size))?;
    Ok(Disk { is_boot: form.flag(&format!("{prefix}.IsBoot"))?, disk_type, size_gb })
}

/// Returns the price of the boot disks or of the data disks, in CNY per hour.
pub(super) fn hourly_price(disks: &[Disk], is_boot: bool) -> f64 {
    let paid_gb = disks.iter().filter(|disk| disk.is_boot == is_boot).map(|disk| {
        if disk.is_boot { disk.size_gb.saturating_sub(FREE_BOOT_DISK_GB) } else { disk.size_gb }
    });
    PRICE * paid_gb.sum::<usize>() as f64
}
