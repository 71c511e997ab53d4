//! Credentials file of CompShare's CLI (version 0.5.6):
//!
//! ```json
//! {"current_profile": "default", "profiles": {"default": {"public_key": "…", "private_key": "…"}}}
//! ```

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use secrecy::{SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Deserializer};

/// Most bytes of a file. The usual size is a few hundred; a device file may be endless.
const MAX_LENGTH: u64 = 1 << 20;

/// Content of the file, as far as this client needs it.
#[derive(Deserialize)]
pub(super) struct CredentialsFile {
    pub(super) current_profile: Option<String>,
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, Keys>,
}

/// Keys of a profile. An empty key counts as missing.
#[derive(Deserialize)]
pub(super) struct Keys {
    #[serde(default, deserialize_with = "key")]
    pub(super) public_key: Option<SecretString>,
    #[serde(default, deserialize_with = "key")]
    pub(super) private_key: Option<SecretString>,
}

/// Failure to read the file. No variant contains a part of it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the credentials file `{}` ({named_by}) cannot be read: {cause}", path.display())]
    Unreadable {
        path: PathBuf,
        /// Argument or environment variable that names the file.
        named_by: &'static str,
        cause: io::Error,
    },
    #[error("the credentials file `{}` {defect} (line {line}, column {column})", path.display())]
    Malformed {
        path: PathBuf,
        defect: &'static str,
        line: usize,
        /// Column from 1; 0 before the first character of a line.
        column: usize,
    },
}

/// Reads the file at `path`. Returns `None` if it does not exist and was not named explicitly.
pub(super) fn read(
    path: &Path,
    named_by: Option<&'static str>,
) -> Result<Option<CredentialsFile>, FileError> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(cause) if named_by.is_none() && is_absence(&cause) => return Ok(None),
        Err(cause) => {
            let named_by = named_by.unwrap_or("default location");
            return Err(FileError::Unreadable { path: path.to_owned(), named_by, cause });
        }
    };
    // The message of serde may quote the file, so only kind and position are reported.
    serde_json::from_slice(&text).map(Some).map_err(|error| FileError::Malformed {
        path: path.to_owned(),
        defect: if error.is_data() { "has an unexpected structure" } else { "is not valid JSON" },
        line: error.line(),
        column: error.column(),
    })
}

fn read_text(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::new());
    File::open(path)?.take(MAX_LENGTH + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_LENGTH {
        let message = format!("longer than {MAX_LENGTH} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

/// Returns true if the file does not exist, or the home directory is no directory (`/dev/null`).
fn is_absence(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let value = Option::<String>::deserialize(deserializer)?;
    Ok(value.filter(|value| !value.is_empty()).map(SecretString::from))
}
