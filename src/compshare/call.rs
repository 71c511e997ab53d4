//! Requests to the API as types.

use serde::de::DeserializeOwned;

use super::{error::ErrorKind, form::Form};

/// Request to the API.
pub trait Call {
    /// Whether sending the request twice has the same effect as sending it once. The client resends
    /// other requests only if the API has certainly not carried them out.
    const REPEATABLE: bool;
    /// Content of a successful response, beside `RetCode`.
    type Reply: DeserializeOwned;

    /// Name of the request in the API, sent as `Action`.
    fn action(&self) -> &'static str;

    /// Puts the parameters into `form`. The client adds `Action`, `PublicKey` and `Signature`.
    fn form(&self, form: &mut Form);

    /// Checks that a successful response is complete.
    ///
    /// # Errors
    ///
    /// `Incomplete`, which counts as a failure of the call.
    fn check(&self, _reply: &Self::Reply) -> Result<(), ErrorKind> {
        Ok(())
    }

    /// The instance that the request concerns, for the log; `None` if it is not exactly one.
    fn instance_id(&self) -> Option<&str> {
        None
    }
}

/// Region, zone and project of a request. A field that is `None` is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// For example `cn-wlcb`. A describe without a region covers all regions.
    pub region: Option<String>,
    /// For example `cn-wlcb-01`.
    pub zone: Option<String>,
    /// Defaults to the account's default project. Required for sub-accounts.
    pub project_id: Option<String>,
}

impl Scope {
    pub(super) fn put_into(&self, form: &mut Form) {
        form.put("Region", self.region.as_deref());
        form.put("Zone", self.zone.as_deref());
        form.put("ProjectId", self.project_id.as_deref());
    }
}
