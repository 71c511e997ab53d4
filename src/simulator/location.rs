//! Check of regions and zones in requests.

use super::{account::Account, form::Form, refusal::Refusal, zones};

/// Refuses a region or zone that is neither in the list nor the location of an instance.
pub(super) fn check_location(account: &Account, form: &Form) -> Result<(), Refusal> {
    let region = form.get("Region");
    let zone = form.get("Zone");
    let in_use =
        account.instances.values().map(|instance| (instance.text("Region"), instance.text("Zone")));
    let known = zones::in_region(None).map(|zone| (zone.region, zone.name)).chain(in_use);
    let in_region: Vec<&str> = known
        .filter(|(at, _)| region.is_none_or(|region| *at == region))
        .map(|(_, zone)| zone)
        .collect();
    if in_region.is_empty() {
        return Err(Refusal::unavailable("Region"));
    }
    if zone.is_some_and(|zone| !in_region.contains(&zone)) {
        return Err(Refusal::unavailable("Zone"));
    }
    Ok(())
}
