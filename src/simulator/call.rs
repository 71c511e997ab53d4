//! Record of the requests to the API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// A request to the API, including refused and failed requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The parameter `Action`; empty if it is absent.
    pub action: String,
    /// The parameter `UHostId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Instances of a describe; empty for all instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<String>,
    /// Time of arrival, by the simulator's clock.
    pub at: Timestamp,
    /// The form without `PublicKey` and `Signature`.
    pub parameters: BTreeMap<String, String>,
    /// RetCode of the API, even if the response was lost or malformed. `None` if the request did
    /// not reach the API.
    pub ret_code: Option<i64>,
    /// The header `X-UCLOUD-REQUEST-UUID` of the response.
    pub request_id: String,
}
