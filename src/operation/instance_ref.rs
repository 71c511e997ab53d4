//! Reference to an instance, and the check of its location.

use crate::compshare::{Instance, Scope};

/// Reference to an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InstanceRef {
    pub(crate) id: String,
    /// Project, and the location as far as it is known before the first describe.
    pub(crate) scope: Scope,
    /// Region that the provider is limited to; an instance in another region is an error.
    pub(crate) region_limit: Option<String>,
    /// Expected location, checked before any call that changes the instance.
    pub(crate) location: Location,
}

/// Location of an instance. A field that is `None` matches any location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) region: Option<String>,
    pub(crate) zone: Option<String>,
}

/// Difference between the expected location of an instance and the reported one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LocationMismatch {
    /// The instance is outside the region that the provider is limited to.
    OutsideLimit {
        limit: String,
        actual: String,
    },
    Region {
        expected: String,
        actual: String,
    },
    Zone {
        expected: String,
        actual: String,
    },
}

impl InstanceRef {
    /// Compares the location of `seen` with the expected one. A location that the API does not
    /// report is no mismatch.
    ///
    /// # Errors
    ///
    /// The first mismatch.
    pub(crate) fn check_location(&self, seen: &Instance) -> Result<(), LocationMismatch> {
        if let Some((limit, actual)) = differing(self.region_limit.as_ref(), seen.region.as_ref()) {
            return Err(LocationMismatch::OutsideLimit { limit, actual });
        }
        if let Some((expected, actual)) =
            differing(self.location.region.as_ref(), seen.region.as_ref())
        {
            return Err(LocationMismatch::Region { expected, actual });
        }
        if let Some((expected, actual)) = differing(self.location.zone.as_ref(), seen.zone.as_ref())
        {
            return Err(LocationMismatch::Zone { expected, actual });
        }
        Ok(())
    }

    /// Returns the scope of a call on the instance: its reported location, or the known one if a
    /// describe leaves it out, and the project.
    pub(crate) fn scope_at(&self, seen: &Instance) -> Scope {
        Scope {
            region: seen.region.clone().or_else(|| self.scope.region.clone()),
            zone: seen.zone.clone().or_else(|| self.scope.zone.clone()),
            project_id: self.scope.project_id.clone(),
        }
    }
}

fn differing(expected: Option<&String>, actual: Option<&String>) -> Option<(String, String)> {
    match (expected, actual) {
        (Some(expected), Some(actual)) if expected != actual => {
            Some((expected.clone(), actual.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn instance(fields: serde_json::Value) -> Instance {
        serde_json::from_value(fields).unwrap()
    }

    fn expecting(limit: Option<&str>, region: Option<&str>, zone: Option<&str>) -> InstanceRef {
        let text = |text: Option<&str>| text.map(str::to_owned);
        InstanceRef {
            region_limit: text(limit),
            location: Location { region: text(region), zone: text(zone) },
            ..InstanceRef::default()
        }
    }

    #[test]
    fn location_is_compared_with_reported_one_only() {
        let seen = instance(json!({"UHostId": "uhost-1", "Region": "a", "Zone": "a-1"}));
        let check = |limit, region, zone| expecting(limit, region, zone).check_location(&seen);
        assert_eq!(check(None, None, None), Ok(()));
        assert_eq!(check(Some("a"), Some("a"), Some("a-1")), Ok(()));
        let pair = |expected: &str, actual: &str| (expected.to_owned(), actual.to_owned());
        let (expected, actual) = pair("b", "a");
        assert_eq!(
            check(None, Some("b"), Some("b-1")),
            Err(LocationMismatch::Region { expected, actual })
        );
        let (expected, actual) = pair("a-2", "a-1");
        assert_eq!(
            check(None, Some("a"), Some("a-2")),
            Err(LocationMismatch::Zone { expected, actual })
        );
        let (limit, actual) = pair("b", "a");
        assert_eq!(
            check(Some("b"), Some("c"), None),
            Err(LocationMismatch::OutsideLimit { limit, actual })
        );
        let unlocated = instance(json!({"UHostId": "uhost-1"}));
        assert_eq!(expecting(Some("b"), Some("b"), Some("b-1")).check_location(&unlocated), Ok(()));
    }
}
