//! The file that says what a simulated account consists of.
//!
//! ```json
//! {"public_key": "…", "private_key": "…", "instances": [{"UHostId": "uhost-demo", "State": "Stopped"}]}
//! ```

use std::{io, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

/// An account: keys and instances.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// As in [`Options`](super::Options).
    #[serde(default = "demo_public_key")]
    pub public_key: String,
    /// As in [`Options`](super::Options).
    #[serde(default = "demo_private_key")]
    pub private_key: String,
    /// As in [`Options`](super::Options); their fields are checked when the simulator starts.
    #[serde(default)]
    pub instances: Vec<Map<String, Value>>,
}

/// Why a [`Document`] could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file cannot be read.
    #[error("cannot read it")]
    Unreadable(#[source] io::Error),
    /// It is not JSON, or not such a document. The cause says where, by line and column.
    #[error("it is not a description of an account")]
    Malformed(#[source] serde_json::Error),
}

impl Document {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not such a document.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let text = std::fs::read(path).map_err(DocumentError::Unreadable)?;
        serde_json::from_slice(&text).map_err(DocumentError::Malformed)
    }
}

fn demo_public_key() -> String {
    super::DEMO_PUBLIC_KEY.to_owned()
}

fn demo_private_key() -> String {
    super::DEMO_PRIVATE_KEY.to_owned()
}
