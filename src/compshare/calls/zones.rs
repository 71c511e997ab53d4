//! List of zones.

use serde::Deserialize;

use crate::compshare::{call::Call, form::Form, lenient};

/// Request for the zones in which instances can be rented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DescribeSupportZone;

impl Call for DescribeSupportZone {
    const REPEATABLE: bool = true;
    type Reply = Zones;

    fn action(&self) -> &'static str {
        "DescribeCompShareSupportZone"
    }

    fn form(&self, _: &mut Form) {}
}

/// Response to [`DescribeSupportZone`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Zones {
    #[serde(rename = "ZoneInfo", deserialize_with = "lenient::array")]
    pub zones: Vec<Zone>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Zone {
    /// For example `cn-wlcb`.
    #[serde(rename = "Region", default, deserialize_with = "lenient::text")]
    pub region: Option<String>,
    /// For example `cn-wlcb-01`.
    #[serde(rename = "Zone", default, deserialize_with = "lenient::text")]
    pub zone: Option<String>,
    /// Display name of the zone.
    #[serde(rename = "Describe", default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
    /// `true` for a zone of pods, whose instances need an image of a container.
    #[serde(rename = "IsPod", default, deserialize_with = "lenient::flag")]
    pub is_pod: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn zone_list_has_no_parameters() {
        assert_sends(&DescribeSupportZone, "");
    }

    #[test]
    fn zone_list_skips_unreadable_elements() {
        let response = json!({"ZoneInfo": [{"Zone": "cn-wlcb-01"}, 7]});
        let zones: Zones = serde_json::from_value(response).unwrap();
        assert_eq!(zones.zones.len(), 1);
        let none: Zones = serde_json::from_value(json!({"ZoneInfo": null})).unwrap();
        assert_eq!(none.zones, []);
        serde_json::from_value::<Zones>(json!({})).unwrap_err();
    }
}
