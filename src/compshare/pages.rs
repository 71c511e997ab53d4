//! Lists of instances that are longer than one response.

use std::collections::HashSet;

use super::{calls::describe::DescribeInstances, client::Client, error::Error, instance::Instance};

/// Paged list of instances. An instance that moves to another page between two requests may be
/// missed, but none is returned twice.
#[derive(Debug)]
pub struct Pages {
    client: Client,
    /// Request for the next page; `None` after the last.
    next: Option<DescribeInstances>,
    /// IDs returned so far, because the list may shift between two requests.
    returned: HashSet<String>,
}

impl Pages {
    /// The instances that match `describe`, starting at its offset.
    pub fn new(client: Client, describe: DescribeInstances) -> Self {
        Self { client, next: Some(describe), returned: HashSet::new() }
    }

    /// Returns the next page, which may be empty; `None` after the last. After an error, the same
    /// page is requested again.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn next(&mut self) -> Result<Option<Vec<Instance>>, Error> {
        let Some(describe) = &mut self.next else { return Ok(None) };
        let page = self.client.call(describe).await?;
        let length = u32::try_from(page.instances.len()).unwrap_or(u32::MAX);
        describe.offset = describe.offset.saturating_add(length);
        // The API rejects an offset past the end, so the total decides where it is reported.
        let more = page.total.map_or(length >= describe.limit, |total| describe.offset < total);
        if length == 0 || !more {
            self.next = None;
        }
        let is_new = |instance: &Instance| self.returned.insert(instance.id.clone());
        Ok(Some(page.instances.into_iter().filter(is_new).collect()))
    }

    /// Returns the instances of all remaining pages.
    ///
    /// # Errors
    ///
    /// As [`Self::next`], for the page that failed.
    pub async fn all(mut self) -> Result<Vec<Instance>, Error> {
        let mut instances = Vec::new();
        while let Some(page) = self.next().await? {
            instances.extend(page);
        }
        Ok(instances)
    }
}
