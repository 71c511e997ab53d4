//! Lists of instances that are longer than one response.

use std::collections::HashSet;

use super::{
    calls::describe::DescribeInstances,
    client::Client,
    error::{Error, ErrorKind},
    instance::Instance,
};

/// RetCode for an offset past the end of the list.
const OFFSET_PAST_END: i64 = 8401;

/// Paged list of instances. An instance that moves to another page between two requests may be
/// missed, but none is returned twice.
#[derive(Debug)]
pub struct Pages {
    client: Client,
    /// Request for the next page; `None` after the last.
    next: Option<DescribeInstances>,
    /// IDs returned so far, because the list may shift between two requests.
    returned: HashSet<String>,
    /// Least total that a page has reported.
    total: Option<u32>,
}

impl Pages {
    /// The instances that match `describe`, whose offset is 0.
    pub fn new(client: Client, describe: DescribeInstances) -> Self {
        Self { client, next: Some(describe), returned: HashSet::new(), total: None }
    }

    /// Returns the next page, which may be empty; `None` after the last. After a failed request,
    /// the same page is requested again.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], and `Incomplete` if the API has listed fewer instances than its totals.
    pub async fn next(&mut self) -> Result<Option<Vec<Instance>>, Error> {
        let Some(describe) = &mut self.next else { return Ok(None) };
        let (mut instances, total) = match self.client.call(describe).await {
            Ok(page) => (page.instances, page.total),
            // The list has become shorter.
            Err(error) if describe.offset > 0 && is_past_end(&error) => {
                (Vec::new(), Some(describe.offset))
            }
            Err(error) => return Err(error),
        };
        self.total = self.total.into_iter().chain(total).min();
        let length = u32::try_from(instances.len()).unwrap_or(u32::MAX);
        describe.offset = describe.offset.saturating_add(length);
        // The API rejects an offset past the end, so the total decides where it is reported.
        let more = total.map_or(length >= describe.limit, |total| describe.offset < total);
        instances.retain(|instance| self.returned.insert(instance.id.clone()));
        if length == 0 || !more {
            self.next = None;
            self.check_total()?;
        }
        Ok(Some(instances))
    }

    fn check_total(&self) -> Result<(), Error> {
        let returned = self.returned.len();
        match self.total {
            Some(total) if returned < total as usize => Err(Error {
                action: DescribeInstances::ACTION,
                attempts: 1,
                request_id: None,
                kind: ErrorKind::Incomplete(format!("{returned} of {total} instances are listed")),
            }),
            _ => Ok(()),
        }
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

fn is_past_end(error: &Error) -> bool {
    error.ret_code() == Some(OFFSET_PAST_END) || error.is_usage_of("Offset")
}
