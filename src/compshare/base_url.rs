//! URL of the API.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// URL of the API: `https`, or `http` for a loopback host.
///
/// A request is signed but not encrypted. Over plain HTTP it could be read and replayed on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

// Reasons why a text is not a base URL. None quotes the text, which may contain a password.
const NOT_A_URL: &str = "not an absolute URL such as https://api.compshare.cn";
const SCHEME: &str = "the scheme must be https, or http for a loopback host";
const PLAIN_HTTP: &str =
    "http is allowed for loopback hosts only (localhost, 127.0.0.0/8, ::1); use https";
const USER_INFO: &str =
    "it must not contain a user name or password; requests are signed with the API keys";
const QUERY: &str = "it must not contain a query or a fragment";

impl BaseUrl {
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }

    pub(super) fn host_and_port(&self) -> (String, u16) {
        let host = self.0.host_str().unwrap_or_default();
        (host.to_owned(), self.0.port_or_known_default().unwrap_or_default())
    }

    /// Returns true if the host is this machine, so that no proxy may be used.
    pub(super) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map(Self).map_err(|_| NOT_A_URL)?;
        match url.0.scheme() {
            "https" => {}
            "http" if url.is_loopback() => {}
            "http" => return Err(PLAIN_HTTP),
            _ => return Err(SCHEME),
        }
        if !url.0.username().is_empty() || url.0.password().is_some() {
            return Err(USER_INFO);
        }
        if url.0.query().is_some() || url.0.fragment().is_some() {
            return Err(QUERY);
        }
        Ok(url)
    }
}

/// The public endpoint, `https://api.compshare.cn`.
impl Default for BaseUrl {
    fn default() -> Self {
        Self(Url::parse("https://api.compshare.cn").expect("the public endpoint is a valid URL"))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_accepted_for_loopback_hosts_only() {
        let table = [
            ("https://api.compshare.cn", Ok("https://api.compshare.cn/")),
            ("https://api.compshare.cn/", Ok("https://api.compshare.cn/")),
            ("HTTPS://Gateway.Example:8443/api", Ok("https://gateway.example:8443/api")),
            ("http://localhost:9000", Ok("http://localhost:9000/")),
            ("http://127.0.0.1:9000", Ok("http://127.0.0.1:9000/")),
            ("http://127.9.9.9", Ok("http://127.9.9.9/")),
            ("http://[::1]:9000", Ok("http://[::1]:9000/")),
            ("http://api.compshare.cn", Err(PLAIN_HTTP)),
            ("http://localhost.example", Err(PLAIN_HTTP)),
            ("http://127.0.0.1.example", Err(PLAIN_HTTP)),
            ("http://0.0.0.0", Err(PLAIN_HTTP)),
            ("http://10.0.0.1", Err(PLAIN_HTTP)),
            ("http://127.0.0.1@api.example", Err(PLAIN_HTTP)),
            ("ftp://localhost", Err(SCHEME)),
            ("file:///etc/passwd", Err(SCHEME)),
            ("api.compshare.cn", Err(NOT_A_URL)),
            ("https://", Err(NOT_A_URL)),
            ("", Err(NOT_A_URL)),
            ("https://me@api.compshare.cn", Err(USER_INFO)),
            ("https://me:canary@api.compshare.cn", Err(USER_INFO)),
            ("https://api.compshare.cn/?a=b", Err(QUERY)),
            ("https://api.compshare.cn/#top", Err(QUERY)),
        ];
        for (text, want) in table {
            let parsed = text.parse::<BaseUrl>().map(|url| url.to_string());
            assert_eq!(parsed, want.map(str::to_owned), "{text}");
        }
    }
}
