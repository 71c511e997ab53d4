//! Path from the client to the API: proxy and trusted certificates.

use super::{
    base_url::BaseUrl,
    certificates::{self, Certificates},
    error::{Error, ErrorKind, Stage},
    proxy::Proxy,
};
use crate::environment::Environment;

/// Proxy and trusted certificates of the connections to one base URL. The default is a direct
/// connection with the certificates that the HTTP library finds.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub(super) proxy: Option<Proxy>,
    pub(super) certificates: Option<Certificates>,
}

impl Network {
    /// Reads the environment, and the files that it names.
    ///
    /// # Errors
    ///
    /// `Unsent` if a variable of a proxy has no usable value, or no trusted certificate was found.
    pub async fn read(base_url: &BaseUrl, environment: &Environment) -> Result<Self, Error> {
        // Plain HTTP needs no certificates, and reading them takes a while.
        if base_url.as_url().scheme() == "http" {
            return Ok(Self::default());
        }
        let proxy = Proxy::find(base_url, environment).map_err(unusable)?;
        let certificates = certificates::read(environment).await.map_err(unusable)?;
        Ok(Self { proxy, certificates })
    }
}

fn unusable(cause: String) -> Error {
    ErrorKind::Unsent { at: Stage::Settings, cause }.before_any_call()
}
