//! DescribeCompShareSupportZone, and the check of regions and zones in requests.

use serde_json::{Value, json};

use super::{account::Account, form::Form, refusal::Refusal};

/// Regions and zones with their names in the console.
const ZONES: [(&str, &str, &str); 9] = [
    ("cn-wlcb", "cn-wlcb-01", "华北二A"),
    ("cn-sh2", "cn-sh2-01", "上海二A"),
    ("cn-sh2", "cn-sh2-02", "上海二B"),
    ("cn-sh2", "cn-sh2-03", "上海二C"),
    ("cn-bj2", "cn-bj2-02", "华北一B"),
    ("cn-bj2", "cn-bj2-03", "华北一C"),
    ("cn-bj2", "cn-bj2-04", "华北一D"),
    ("cn-gd", "cn-gd-02", "广州B"),
    ("us-den", "us-den-01", "丹佛A"),
];

pub(super) fn describe_zones(form: &Form) -> Value {
    let wanted = form.get("Region");
    let zones: Vec<Value> = ZONES
        .iter()
        .enumerate()
        .filter(|(_, (region, _, _))| wanted.is_none_or(|wanted| *region == wanted))
        .map(|(index, (region, zone, name))| {
            json!({
                "Region": region, "Zone": zone, "Describe": name,
                "RegionId": 1000 + index, "ZoneId": 10000 + index,
            })
        })
        .collect();
    json!({"ZoneInfo": zones})
}

/// Refuses a region or zone that is neither in the list nor the location of an instance.
pub(super) fn check_location(account: &Account, form: &Form) -> Result<(), Refusal> {
    let region = form.get("Region");
    let zone = form.get("Zone");
    let in_use =
        account.instances.values().map(|instance| (instance.text("Region"), instance.text("Zone")));
    let known = ZONES.iter().map(|(region, zone, _)| (*region, *zone)).chain(in_use);
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
