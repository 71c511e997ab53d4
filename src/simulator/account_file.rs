//! JSON file that describes a simulated account.
//!
//! ```json
//! {
//!   "public_key": "…",
//!   "private_key": "…",
//!   "instances": [{"UHostId": "uhost-demo", "State": "Stopped"}],
//!   "images": [{"CompShareImageId": "compshareImage-1", "ImageType": "Custom"}]
//! }
//! ```

use std::{io, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::options::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY};

/// Keys, instances and images of an account.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFile {
    #[serde(default = "demo_public_key")]
    pub public_key: String,
    #[serde(default = "demo_private_key")]
    pub private_key: String,
    /// As in [`Options`](super::Options); their fields are checked when the simulator starts.
    #[serde(default)]
    pub instances: Vec<Map<String, Value>>,
    /// As in [`Options`](super::Options).
    #[serde(default)]
    pub images: Vec<Map<String, Value>>,
}

/// Failure to read an [`AccountFile`]. Its source has the details: the system's error, or the line
/// and column.
#[derive(Debug, thiserror::Error)]
pub enum AccountFileError {
    #[error("cannot read the file")]
    Unreadable(#[source] io::Error),
    #[error("the file does not describe an account")]
    Malformed(#[source] serde_json::Error),
}

impl AccountFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read or does not describe an account.
    pub fn read(path: &Path) -> Result<Self, AccountFileError> {
        let text = std::fs::read(path).map_err(AccountFileError::Unreadable)?;
        serde_json::from_slice(&text).map_err(AccountFileError::Malformed)
    }
}

fn demo_public_key() -> String {
    DEMO_PUBLIC_KEY.to_owned()
}

fn demo_private_key() -> String {
    DEMO_PRIVATE_KEY.to_owned()
}
