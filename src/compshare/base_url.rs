//! URL of the API.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// URL of the API: `https`, or `http` for a loopback host.
///
/// A request is signed but not encrypted. Over plain HTTP it could be read and replayed on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Error of a text that is not a [`BaseUrl`]. It does not quote the text, which may contain a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    #[error("not an absolute URL such as https://api.compshare.cn")]
    NotAUrl,
    #[error("the scheme must be https, or http for a loopback host")]
    Scheme,
    #[error("http is allowed for loopback hosts only (localhost, 127.0.0.0/8, ::1); use https")]
    PlainHttp,
    #[error("it must not contain a user name or password; requests are signed with the API keys")]
    UserInfo,
    #[error("it must not contain a query or a fragment")]
    QueryOrFragment,
}

impl BaseUrl {
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }

    /// Returns true if requests are not encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Returns true if the host is this machine, so that no proxy may be used.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| InvalidBaseUrl::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(InvalidBaseUrl::PlainHttp),
            _ => return Err(InvalidBaseUrl::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidBaseUrl::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidBaseUrl::QueryOrFragment);
        }
        Ok(Self(url))
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
        use InvalidBaseUrl::*;
        let table = [
            ("https://api.compshare.cn", Ok("https://api.compshare.cn/")),
            ("https://api.compshare.cn/", Ok("https://api.compshare.cn/")),
            ("HTTPS://Gateway.Example:8443/api", Ok("https://gateway.example:8443/api")),
            ("http://localhost:9000", Ok("http://localhost:9000/")),
            ("http://127.0.0.1:9000", Ok("http://127.0.0.1:9000/")),
            ("http://127.9.9.9", Ok("http://127.9.9.9/")),
            ("http://[::1]:9000", Ok("http://[::1]:9000/")),
            ("http://api.compshare.cn", Err(PlainHttp)),
            ("http://localhost.example", Err(PlainHttp)),
            ("http://127.0.0.1.example", Err(PlainHttp)),
            ("http://0.0.0.0", Err(PlainHttp)),
            ("http://10.0.0.1", Err(PlainHttp)),
            ("http://127.0.0.1@api.example", Err(PlainHttp)),
            ("ftp://localhost", Err(Scheme)),
            ("file:///etc/passwd", Err(Scheme)),
            ("api.compshare.cn", Err(NotAUrl)),
            ("https://", Err(NotAUrl)),
            ("", Err(NotAUrl)),
            ("https://me@api.compshare.cn", Err(UserInfo)),
            ("https://me:canary@api.compshare.cn", Err(UserInfo)),
            ("https://api.compshare.cn/?a=b", Err(QueryOrFragment)),
            ("https://api.compshare.cn/#top", Err(QueryOrFragment)),
        ];
        for (text, want) in table {
            let parsed = text.parse::<BaseUrl>().map(|url| url.to_string());
            assert_eq!(parsed, want.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn error_does_not_quote_the_url() {
        let error = "https://me:canary@api.compshare.cn".parse::<BaseUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
