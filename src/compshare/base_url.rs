//! The address of the API.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// Where requests go: `https`, or plain `http` if and only if the host is this very machine.
///
/// A request is signed, not encrypted: over plain HTTP anyone on the way could read and repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a text is not a [`BaseUrl`]. The text itself is never quoted: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// It does not parse, or has no host.
    #[error("not an absolute URL such as https://api.compshare.cn")]
    NotAUrl,
    /// Neither `https` nor `http`.
    #[error("only https URLs can be used (and http ones for a loopback host)")]
    Scheme,
    /// Plain HTTP to another machine.
    #[error(
        "plain http is allowed for a loopback host only (localhost, 127.0.0.0/8, ::1); use https"
    )]
    PlainHttp,
    /// `user:password@` in it.
    #[error("it must not hold a user name or password: requests are signed with the API keys")]
    UserInfo,
    /// `?…` or `#…` in it.
    #[error("it must not have a query or a fragment")]
    QueryOrFragment,
}

impl BaseUrl {
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether nothing that is sent there is encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether the host is this machine, so that no proxy may come between.
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
    fn https_anywhere_and_http_on_this_machine_only() {
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
    fn the_error_does_not_repeat_what_it_was_given() {
        let error = "https://me:canary@api.compshare.cn".parse::<BaseUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
