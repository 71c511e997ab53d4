//! Merge of JSON objects.

use serde_json::{Map, Value};

/// Merges `patch` into an object (RFC 7386: null removes a field).
pub(super) fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (field, value) in patch {
        match (into.get_mut(&field), value) {
            (_, Value::Null) => {
                into.remove(&field);
            }
            (Some(Value::Object(nested)), Value::Object(patch)) => merge(nested, patch),
            (_, value) => {
                into.insert(field, value);
            }
        }
    }
}
