//! The process environment, taken once and handed on.
//!
//! Only `main` takes it; the handshake and the search for credentials look things up in what they are given. So a test
//! says what the environment is, and no other module can come to depend on it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// A snapshot of environment variables.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The variables of this process, as they are now.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of `name`: `None` if it is absent or empty, since an empty variable is how a shell says "not set".
    /// A value that is not Unicode counts as absent here; [`Self::path`] keeps it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.path(name)?.to_str()
    }

    /// The value of `name` for use as a path, if it is present and not empty.
    pub fn path(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
