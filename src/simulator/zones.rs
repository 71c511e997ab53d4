//! The zones, and DescribeCompShareSupportZone.

use serde_json::{Value, json};

use super::form::Form;

/// A zone.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) region: &'static str,
    pub(super) name: &'static str,
    /// Name in the console.
    label: &'static str,
    region_id: u32,
    pub(super) id: u32,
    /// Rents pods, which are containers, instead of virtual machines.
    pub(super) is_pod: bool,
}

const ZONES: [Zone; 10] = [
    zone("cn-wlcb", "cn-wlcb-01", "华北二A", 1_000_039, 10_027, false),
    zone("cn-wlcb", "cn-wlcb-03", "华北二C", 1_000_039, 10_033, true),
    zone("cn-sh2", "cn-sh2-01", "上海二A", 1_000_009, 8_001, false),
    zone("cn-sh2", "cn-sh2-02", "上海二B", 1_000_009, 8_100, false),
    zone("cn-sh2", "cn-sh2-03", "上海二C", 1_000_009, 8_200, false),
    zone("cn-bj2", "cn-bj2-02", "华北一B", 1_000_001, 4_001, false),
    zone("cn-bj2", "cn-bj2-03", "华北一C", 1_000_001, 5_001, true),
    zone("cn-bj2", "cn-bj2-04", "华北一D", 1_000_001, 9_001, false),
    zone("cn-gd", "cn-gd-02", "广州B", 1_000_007, 7_001, false),
    zone("us-den", "us-den-01", "丹佛A", 1_000_040, 10_040, false),
];

const fn zone(
    region: &'static str,
    name: &'static str,
    label: &'static str,
    region_id: u32,
    id: u32,
    is_pod: bool,
) -> Zone {
    Zone { region, name, label, region_id, id, is_pod }
}

/// Returns the zones in a region, or in all regions.
pub(super) fn in_region(region: Option<&str>) -> impl Iterator<Item = &'static Zone> {
    ZONES.iter().filter(move |zone| region.is_none_or(|region| zone.region == region))
}

pub(super) fn is_pod(name: &str) -> bool {
    ZONES.iter().any(|zone| zone.name == name && zone.is_pod)
}

pub(super) fn describe_zones(form: &Form) -> Value {
    let zones: Vec<Value> = in_region(form.get("Region"))
        .map(|zone| {
            json!({
                "Region": zone.region, "Zone": zone.name, "Describe": zone.label,
                "RegionId": zone.region_id, "ZoneId": zone.id, "IsPod": zone.is_pod,
                "UnsupportedImageTypes": zone.is_pod.then_some(["System", "Other"]),
            })
        })
        .collect();
    json!({"ZoneInfo": zones})
}
