//! Snapshot of the process environment.
//!
//! Only `main` reads the environment of the process. The handshake and the search for credentials
//! receive the snapshot, so that tests can set it and no other module depends on the process.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// Environment variables.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Reads the variables of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Returns the value of `name` without the white space around it: a value that was read from a
    /// file ends with a line break. An empty value counts as absent, since shells often use it for
    /// "not set", and so does a value that is not Unicode; [`Self::path`] returns the latter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.path(name)?.to_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Returns the value of `name` for use as a path, if it is not empty.
    pub fn path(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Omits the values, which may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
