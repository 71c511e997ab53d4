//! What was asked of the cloud, in order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// One request that reached the API, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The `Action` parameter; empty if there was none.
    pub action: String,
    /// The instance a start, stop or reboot names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The instances a describe names; empty for "all of them".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<String>,
    /// When it arrived, by the simulator's clock.
    #[serde(serialize_with = "as_rfc_3339")]
    pub at: Timestamp,
    /// The form as sent, without `PublicKey` and `Signature`.
    pub parameters: BTreeMap<String, String>,
    /// The RetCode the model came to. `None` if the request was not taken; a lost or garbled answer still has one.
    pub ret_code: Option<i64>,
    /// What the answer's `X-UCLOUD-REQUEST-UUID` header said.
    pub request_id: String,
}

fn as_rfc_3339<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}
