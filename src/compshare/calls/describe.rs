//! Describe and list of instances.

use std::collections::HashSet;

use serde::{Deserialize, de::Deserializer};
use serde_json::Value;

use crate::compshare::{
    call::{Call, Scope},
    error::ErrorKind,
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

    /// A page with some of the instances is accepted: the others may be on the next page, or in a
    /// response to a request for them alone.
    fn check(&self, page: &Instances) -> Result<(), ErrorKind> {
        let is_useful = if self.ids.is_empty() {
            !page.is_damaged && !page.instances.is_empty()
        } else {
            page.instances.iter().any(|instance| self.ids.contains(&instance.id))
        };
        match page.gap(self.offset) {
            Some(gap) if !is_useful => Err(ErrorKind::Incomplete(gap)),
            _ => Ok(()),
        }
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
    /// Instances with different IDs.
    pub instances: Vec<Instance>,
    /// The list is missing, or an entry has no ID.
    is_damaged: bool,
}

impl Instances {
    /// Returns a description of what is missing if this page, which begins at `offset`, is the
    /// last one.
    pub(in crate::compshare) fn gap(&self, offset: u32) -> Option<String> {
        if self.is_damaged {
            return Some("the list of instances is damaged".to_owned());
        }
        let expected = self.total?.saturating_sub(offset) as usize;
        let listed = self.instances.len();
        (listed < expected).then(|| format!("{listed} of {expected} instances are listed"))
    }
}

/// A damaged response must not look as if an instance had been deleted. Null is an empty list, and
/// so is a missing list with a total of zero.
impl<'de> Deserialize<'de> for Instances {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(rename = "TotalCount", default, deserialize_with = "lenient::number")]
            total_count: Option<u32>,
            #[serde(rename = "Total", default, deserialize_with = "lenient::number")]
            total: Option<u32>,
            #[serde(rename = "UHostSet", default, deserialize_with = "present")]
            list: Option<Value>,
        }
        let page = Page::deserialize(deserializer)?;
        let total = page.total_count.or(page.total);
        let (entries, is_missing) = match page.list {
            Some(Value::Array(entries)) => (entries, false),
            Some(Value::Null) => (Vec::new(), false),
            None => (Vec::new(), total != Some(0)),
            Some(_) => (Vec::new(), true),
        };
        let mut ids = HashSet::new();
        let mut instances: Vec<Instance> = Vec::with_capacity(entries.len());
        let mut is_damaged = is_missing;
        for entry in entries {
            match serde_json::from_value::<Instance>(entry) {
                Ok(instance) if ids.insert(instance.id.clone()) => instances.push(instance),
                Ok(_) => {}
                Err(_) => is_damaged = true,
            }
        }
        Ok(Self { total, instances, is_damaged })
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
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

    /// Checks how a response counts for a list, and for a describe of the instance `a`.
    #[track_caller]
    fn check(response: Value, list: Result<usize, &str>, describe: Result<usize, &str>) {
        let by_id = DescribeInstances { ids: vec!["a".to_owned()], ..DescribeInstances::default() };
        for (call, want) in [(DescribeInstances::default(), list), (by_id, describe)] {
            let page: Instances = serde_json::from_value(response.clone()).unwrap();
            let found = call.check(&page).map(|()| page.instances.len());
            let want = want.map_err(|gap| ErrorKind::Incomplete(gap.to_owned()));
            assert_eq!(found, want, "{response} for {:?}", call.ids);
        }
    }

    #[test]
    fn incomplete_list_is_an_error() {
        let damaged = Err("the list of instances is damaged");
        let a = json!({"UHostId": "a"});
        for empty in [
            json!({"TotalCount": 0}),
            json!({"TotalCount": 0, "UHostSet": null}),
            json!({"Total": 0, "UHostSet": null}),
            json!({"TotalCount": "0", "UHostSet": []}),
            json!({"UHostSet": []}),
            json!({"UHostSet": null}),
            json!({"TotalCount": null, "UHostSet": null}),
        ] {
            check(empty, Ok(0), Ok(0));
        }
        for list in [json!({}), json!({"TotalCount": 1}), json!({"UHostSet": {}})] {
            check(list, damaged, damaged);
        }
        for entry in
            [json!({}), json!({"UHostId": ""}), json!({"UHostId": null}), json!("a"), json!(null)]
        {
            check(json!({"TotalCount": 1, "UHostSet": [entry]}), damaged, damaged);
            // The instance is readable, the list is not.
            check(json!({"TotalCount": 2, "UHostSet": [entry, a]}), damaged, Ok(1));
        }
        let none_of_one = Err("0 of 1 instances are listed");
        for empty in [json!([]), json!(null)] {
            check(json!({"TotalCount": 1, "UHostSet": empty}), none_of_one, none_of_one);
            check(json!({"Total": "1.0", "UHostSet": empty}), none_of_one, none_of_one);
        }
        let one_of_two = Err("1 of 2 instances are listed");
        check(json!({"TotalCount": 2, "UHostSet": [{"UHostId": "b"}]}), Ok(1), one_of_two);
        check(json!({"TotalCount": 2, "UHostSet": [a, a]}), Ok(1), Ok(1));
        check(json!({"TotalCount": 1, "UHostSet": [{"UHostId": "b"}]}), Ok(1), Ok(1));
    }

    #[test]
    fn page_past_the_end_is_complete() {
        let call = DescribeInstances { offset: 100, ..DescribeInstances::default() };
        let page = |total: u32| {
            serde_json::from_value(json!({"TotalCount": total, "UHostSet": []})).unwrap()
        };
        assert_eq!(call.check(&page(100)), Ok(()));
        call.check(&page(101)).unwrap_err();
    }
}
