//! Describe and list of instances.

use serde::{
    Deserialize,
    de::{Deserializer, Error as _},
};

use crate::compshare::{
    call::{Call, Scope},
    form::Form,
    instance::Instance,
    lenient,
};

/// Request for instances by ID, or for a page of all instances. An unknown ID is not an error: the
/// instance is absent from the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeInstances {
    /// IDs of at most 100 instances; empty for all instances.
    pub ids: Vec<String>,
    pub scope: Scope,
    /// Page size, at most [`Self::MAX_LIMIT`]. Always sent, because the API's default of 20 would
    /// truncate a describe of more instances.
    pub limit: u32,
    /// Number of instances to skip. The API rejects an offset past the end.
    pub offset: u32,
    pub tag: Option<String>,
}

impl DescribeInstances {
    pub const ACTION: &'static str = "DescribeCompShareInstance";
    /// Largest page of the API.
    pub const MAX_LIMIT: u32 = 100;
}

/// The first page of all instances.
impl Default for DescribeInstances {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            scope: Scope::default(),
            limit: Self::MAX_LIMIT,
            offset: 0,
            tag: None,
        }
    }
}

impl Call for DescribeInstances {
    const REPEATABLE: bool = true;
    type Reply = Instances;

    fn action(&self) -> &'static str {
        Self::ACTION
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("UHostIds", self.ids.as_slice());
        form.put("Limit", self.limit);
        form.put("Offset", self.offset);
        form.put("Tag", self.tag.as_deref());
    }

    fn instance_id(&self) -> Option<&str> {
        match self.ids.as_slice() {
            [id] => Some(id),
            _ => None,
        }
    }
}

/// Page of instances.
#[derive(Clone, Debug)]
pub struct Instances {
    /// Number of instances on all pages, if the API reports it.
    pub total: Option<u32>,
    pub instances: Vec<Instance>,
}

/// A response without a list counts as an empty list only if it also reports a total of zero, and
/// an element without an ID makes the response unreadable: a damaged response must not look as if
/// an instance had been deleted.
impl<'de> Deserialize<'de> for Instances {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(rename = "TotalCount", default, deserialize_with = "lenient::number")]
            total: Option<u32>,
            #[serde(rename = "UHostSet", default)]
            instances: Option<Vec<Instance>>,
        }
        let Page { total, instances } = Page::deserialize(deserializer)?;
        match instances {
            Some(instances) => Ok(Self { total, instances }),
            None if total == Some(0) => Ok(Self { total, instances: Vec::new() }),
            None => Err(D::Error::missing_field("UHostSet")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn describe_sends_the_documented_parameters() {
        assert_sends(&DescribeInstances::default(), "Limit=100 Offset=0");
        let describe = DescribeInstances {
            ids: vec!["a".to_owned(), "b".to_owned()],
            tag: Some("训练".to_owned()),
            offset: 100,
            ..DescribeInstances::default()
        };
        assert_sends(&describe, "Limit=100 Offset=100 Tag=训练 UHostIds.0=a UHostIds.1=b");
    }

    fn page(value: serde_json::Value) -> Result<Instances, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn missing_list_is_empty_only_with_a_total_of_zero() {
        assert!(page(json!({"TotalCount": 0})).unwrap().instances.is_empty());
        assert!(page(json!({"TotalCount": 0, "UHostSet": null})).unwrap().instances.is_empty());
        assert!(page(json!({"UHostSet": []})).unwrap().instances.is_empty());
        assert!(page(json!({})).is_err());
        assert!(page(json!({"TotalCount": 1, "UHostSet": null})).is_err());
        assert!(page(json!({"UHostSet": [{"Name": "without an id"}]})).is_err());
    }
}
