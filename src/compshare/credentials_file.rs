//! Credentials file of CompShare's CLI (version 0.5.6):
//!
//! ```json
//! {"current_profile": "default", "profiles": {"default": {"public_key": "…", "private_key": "…"}}}
//! ```

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::Deserialize;

use super::file;

/// Most bytes of a file. The usual size is a few hundred.
const MAX_LENGTH: u64 = 1 << 20;

/// Content of the file, as far as this client needs it.
#[derive(Deserialize)]
pub(super) struct CredentialsFile {
    pub(super) current_profile: Option<String>,
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, Keys>,
}

/// Keys of a profile.
#[derive(Deserialize)]
pub(super) struct Keys {
    pub(super) public_key: Option<SecretString>,
    pub(super) private_key: Option<SecretString>,
}

/// Failure to read the file. No variant contains a part of it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(
        "the credentials file `{}` ({named_by}) cannot be read: {cause}{}",
        path.display(),
        if has_outer_space(path) { "; its path begins or ends with white space" } else { "" }
    )]
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

fn has_outer_space(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.trim() != path
}

/// Reads the file at `path`. Returns `None` if it does not exist and was not named explicitly.
pub(super) async fn read(
    path: &Path,
    named_by: Option<&'static str>,
) -> Result<Option<CredentialsFile>, FileError> {
    let text = match file::read(path, MAX_LENGTH).await {
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
        defect: match &text[..] {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "is encoded in UTF-16, not in UTF-8",
            _ if error.is_data() => "has an unexpected structure",
            _ => "is not valid JSON",
        },
        line: error.line(),
        column: error.column(),
    })
}

/// Returns true if the file does not exist, or the home directory is no directory (`/dev/null`).
fn is_absence(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
