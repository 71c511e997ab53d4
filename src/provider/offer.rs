//! GPU models on sale by zone, and the sizes that are legal for them.

use futures_util::future::try_join_all;

use super::{message, session::Session};
use crate::{
    compshare::{InstanceType, Scope, Size, Zone},
    framework::{Attr, Context, Diagnostics},
    operation::Location,
};

/// Charge types of a new instance.
pub(crate) const CHARGE_TYPES: &[&str] = &["Postpay", "Spot", "Dynamic", "Day", "Month"];

/// The usual charge type, and the default of the provider.
pub(crate) const POSTPAY: &str = "Postpay";

/// Size in GB of the system disk that is free of charge.
pub(crate) const FREE_BOOT_DISK_GB: u32 = 100;

/// GPU model in a zone that lists it.
#[derive(Debug, Clone)]
pub(crate) struct ZoneType {
    pub(crate) region: String,
    pub(crate) zone: String,
    /// `true` if the zone needs images of containers.
    pub(crate) is_pod: bool,
    pub(crate) instance_type: InstanceType,
}

/// Returns the configured region and zone. The provider's region is the default of both.
pub(crate) fn place(region: &Attr<String>, zone: &Attr<String>, session: &Session) -> Location {
    let default = session.region().filter(|_| zone.is_null()).map(str::to_owned);
    Location { region: region.known().cloned().or(default), zone: zone.known().cloned() }
}

/// Returns the zones in `place`, in the order of the API.
///
/// # Errors
/// There is no such region or zone, or the zones could not be listed.
pub(crate) async fn zones(
    context: &Context<Session>,
    attempt: &str,
    place: &Location,
) -> Result<Vec<Zone>, Diagnostics> {
    let catalog = &context.session()?.clients(&context.stop).await?.catalog;
    let all = catalog.zones().await.map_err(|error| message::call(attempt, &error))?;
    let is = |wanted: &Option<String>, at: &Option<String>| wanted.is_none() || wanted == at;
    let is_in_place = |zone: &&Zone| is(&place.region, &zone.region) && is(&place.zone, &zone.zone);
    let found: Vec<_> = all.zones.iter().filter(is_in_place).cloned().collect();
    if found.is_empty() {
        Err(message::unknown_place(attempt, place, &all.zones))
    } else {
        Ok(found)
    }
}

/// Returns the regions of `zones`, in their order.
pub(crate) fn regions(zones: &[Zone]) -> Vec<String> {
    let mut regions = Vec::new();
    for region in zones.iter().filter_map(|zone| zone.region.as_ref()) {
        if !regions.contains(region) {
            regions.push(region.clone());
        }
    }
    regions
}

/// Returns the GPU models on sale in `place`, in the order of the API.
///
/// # Errors
/// There is no such region or zone, or the types of a region could not be listed.
pub(crate) async fn zone_types(
    context: &Context<Session>,
    attempt: &str,
    place: &Location,
) -> Result<Vec<ZoneType>, Diagnostics> {
    let zones = zones(context, attempt, place).await?;
    let session = context.session()?;
    let catalog = &session.clients(&context.stop).await?.catalog;
    let of_region = regions(&zones).into_iter().map(async |region| {
        let scope = scope(session, region.clone(), None);
        let listed = catalog.types(scope).await;
        let listed = listed.map_err(|error| message::call_in(attempt, &region, &error))?;
        let in_zone = |instance_type: &InstanceType| {
            let name = instance_type.zone.as_deref()?;
            let zone = zones.iter().find(|zone| zone.zone.as_deref() == Some(name))?;
            Some(ZoneType {
                region: region.clone(),
                zone: name.to_owned(),
                is_pod: zone.is_pod == Some(true),
                instance_type: instance_type.clone(),
            })
        };
        Ok::<_, Diagnostics>(listed.types.iter().filter_map(in_zone).collect::<Vec<_>>())
    });
    Ok(try_join_all(of_region).await?.concat())
}

/// Returns the zones in `place` that list `gpu_type`; at least one.
///
/// # Errors
/// As [`zone_types`], and if no zone in `place` lists the type.
pub(crate) async fn zones_with(
    context: &Context<Session>,
    attempt: &str,
    gpu_type: &str,
    place: &Location,
) -> Result<Vec<ZoneType>, Diagnostics> {
    let (found, others): (Vec<_>, Vec<_>) = zone_types(context, attempt, place)
        .await?
        .into_iter()
        .partition(|one| one.instance_type.name == gpu_type);
    if !found.is_empty() {
        return Ok(found);
    }
    let mut known: Vec<_> = others.into_iter().map(|one| one.instance_type.name).collect();
    known.sort_unstable();
    known.dedup();
    Err(message::unknown_gpu_type(attempt, gpu_type, place, &known))
}

/// Scope of a call in a region, or in a zone of it.
pub(crate) fn scope(session: &Session, region: String, zone: Option<String>) -> Scope {
    let Scope { project_id, .. } = session.scope(Location::default(), &Attr::Null);
    Scope { region: Some(region), zone, project_id }
}

/// Size of an instance, as far as it is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WantedSize {
    pub(crate) gpu_count: Option<u32>,
    pub(crate) cpu: Option<u32>,
    pub(crate) memory_gb: Option<u32>,
}

impl WantedSize {
    pub(crate) fn new(gpu_count: &Attr<i64>, cpu: &Attr<i64>, memory_gb: &Attr<i64>) -> Self {
        // The rule of the attribute refuses other numbers.
        let number = |attr: &Attr<i64>| attr.known().and_then(|number| u32::try_from(*number).ok());
        Self { gpu_count: number(gpu_count), cpu: number(cpu), memory_gb: number(memory_gb) }
    }

    pub(crate) fn matches(self, size: Size) -> bool {
        self.unmet_by(&[size]).is_none()
    }

    /// The size if it is configured completely.
    pub(crate) fn complete(self) -> Option<Size> {
        let Self { gpu_count, cpu, memory_gb } = self;
        Some(Size { gpu_count: gpu_count?, cpu: cpu?, memory_gb: memory_gb? })
    }

    /// Checks that one of the `legal` sizes is as configured. Without any legal size, nothing is
    /// known.
    ///
    /// # Errors
    /// The configured size is not legal.
    pub(crate) fn check(
        self,
        attempt: &str,
        gpu_type: &str,
        legal: &[Size],
    ) -> Result<(), Diagnostics> {
        match self.unmet_by(legal) {
            Some(attribute) if !legal.is_empty() => {
                Err(message::illegal_size(attempt, gpu_type, attribute, legal))
            }
            _ => Ok(()),
        }
    }

    /// Returns the first attribute with which none of `sizes` is left; `None` if one of them fits.
    fn unmet_by(self, sizes: &[Size]) -> Option<&'static str> {
        let mut left = sizes.to_vec();
        let mut is_unmet = |wanted: Option<u32>, part: fn(&Size) -> u32| {
            left.retain(|size| wanted.is_none_or(|wanted| part(size) == wanted));
            left.is_empty()
        };
        if is_unmet(self.gpu_count, |size| size.gpu_count) {
            return Some("gpu_count");
        }
        if is_unmet(self.cpu, |size| size.cpu) {
            return Some("cpu");
        }
        is_unmet(self.memory_gb, |size| size.memory_gb).then_some("memory_gb")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_unmet_attribute_is_at_fault() {
        let size = |gpu_count, cpu, memory_gb| Size { gpu_count, cpu, memory_gb };
        let legal = [size(1, 16, 64), size(1, 16, 94), size(2, 32, 128)];
        for (gpu_count, cpu, memory_gb, unmet) in [
            (None, None, None, None),
            (Some(2), None, Some(128), None),
            (None, Some(16), Some(94), None),
            (Some(3), Some(16), None, Some("gpu_count")),
            (Some(2), Some(16), None, Some("cpu")),
            (None, Some(16), Some(128), Some("memory_gb")),
        ] {
            let wanted = WantedSize { gpu_count, cpu, memory_gb };
            assert_eq!(wanted.unmet_by(&legal), unmet, "{wanted:?}");
            assert_eq!(wanted.check("Read Price", "4090", &legal).is_ok(), unmet.is_none());
            assert_eq!(wanted.check("Read Price", "4090", &[]), Ok(()));
        }
    }
}
