//! Proxy between the client and the API, from the environment variables that Terraform reads too,
//! and from `ALL_PROXY`.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;
use url::Url;

use super::{base_url::BaseUrl, error::Stage};
use crate::environment::Environment;

/// Variables that name a proxy, in this order. `HTTP_PROXY` is for unencrypted requests, which are
/// sent to this machine only.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const EXEMPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Port of a SOCKS proxy whose URL has none.
const SOCKS_PORT: u16 = 1080;

/// Proxy. It is printed without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) url: Url,
    /// Variable that names the proxy.
    pub(super) variable: &'static str,
}

impl Proxy {
    /// Returns the proxy for requests to `base_url`; `None` if the requests go to the API directly.
    ///
    /// # Errors
    ///
    /// The variable has no usable value. The text does not quote it, since it may contain a
    /// password.
    pub(super) fn find(
        base_url: &BaseUrl,
        environment: &Environment,
    ) -> Result<Option<Self>, String> {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| Some((*name, environment.text(name)?)))
        };
        let Some((variable, text)) = first(&VARIABLES) else { return Ok(None) };
        let (host, port) = base_url.host_and_port();
        let is_exempt = first(&EXEMPTIONS).is_some_and(|(_, list)| exempts(list, &host, port));
        if is_exempt || base_url.is_loopback() {
            return Ok(None);
        }
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&url).ok().filter(Url::has_host).and_then(with_scheme);
        let url = url.ok_or_else(|| {
            format!(
                "the value of `{variable}` is not the URL of a proxy, such as \
                 http://proxy.example:3128; the scheme must be http, https, socks5 or socks5h"
            )
        })?;
        Ok(Some(Self { url, variable }))
    }

    /// Returns the stage of a failure on the way through this proxy, and `reason` in plain words. The
    /// HTTP library has private types for such errors.
    pub(super) fn failure(&self, reason: String) -> (Stage, String) {
        let requires_login =
            ["authorization required", "authentication", "credentials not accepted"];
        if requires_login.iter().any(|part| reason.contains(part)) {
            let reason = if self.has_password() {
                "the proxy does not accept the user name and password in its URL"
            } else {
                "the proxy requires a user name and password in its URL"
            };
            return (Stage::ProxyLogin, reason.to_owned());
        }
        if reason.ends_with("tunnel error: unsuccessful") {
            return (Stage::Proxy, "the proxy refuses to connect to this host".to_owned());
        }
        let connected = !reason.contains("underlying connection");
        let at = if connected && reason.contains("SOCKS error") {
            Stage::Proxy
        } else {
            Stage::Connection
        };
        (at, reason)
    }

    fn has_password(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }
}

/// Returns `url` if its scheme is supported. A SOCKS proxy resolves host names itself under both
/// schemes, as in Go.
fn with_scheme(mut url: Url) -> Option<Url> {
    match url.scheme() {
        "http" | "https" => {}
        "socks5" | "socks5h" => {
            url.set_scheme("socks5h").ok()?;
            let port = url.port().unwrap_or(SOCKS_PORT);
            url.set_port(Some(port)).ok()?;
        }
        _ => return None,
    }
    Some(url)
}

/// Returns true if the comma-separated `list` has an entry for the host: `*`, an address, a network
/// such as `10.0.0.0/8`, or a domain, which includes its subdomains. An entry with a port is for
/// that port only.
fn exempts(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']);
    list.split(',').map(str::trim).any(|entry| {
        let (entry, entry_port) = split_port(entry);
        if entry_port.is_some_and(|entry_port| entry_port != port) {
            return false;
        }
        match host.parse() {
            _ if entry == "*" => true,
            Ok(address) => contains_address(entry, address),
            Err(_) => contains_domain(entry, host),
        }
    })
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    let bare = |entry: &str| entry.parse::<IpAddr>().is_ok();
    match entry.rsplit_once(':') {
        Some((host, port)) if !bare(entry) && port.parse::<u16>().is_ok() => {
            (host, port.parse().ok())
        }
        _ => (entry, None),
    }
}

fn contains_address(entry: &str, address: IpAddr) -> bool {
    let entry = entry.trim_matches(['[', ']']);
    match entry.parse::<IpNet>() {
        Ok(network) => network.contains(&address),
        Err(_) => entry.parse() == Ok(address),
    }
}

fn contains_domain(entry: &str, host: &str) -> bool {
    let domain = entry.strip_prefix('*').unwrap_or(entry);
    let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
    let prefix = host.strip_suffix(&domain);
    !domain.is_empty() && prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, variable } = self;
        let host = url.host_str().unwrap_or_default();
        write!(formatter, "{}://{host}", url.scheme())?;
        if let Some(port) = url.port_or_known_default() {
            write!(formatter, ":{port}")?;
        }
        write!(formatter, " (`{variable}`)")
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], want: Option<&str>) {
        let environment = variables.iter().copied().collect();
        let found = Proxy::find(&BaseUrl::default(), &environment).unwrap();
        assert_eq!(found.map(|proxy| proxy.to_string()).as_deref(), want, "{variables:?}");
    }

    #[test]
    fn proxy_is_the_first_variable_that_is_set() {
        let proxy = "http://a:3128";
        check(&[], None);
        check(&[("HTTP_PROXY", proxy)], None);
        check(&[("https_proxy", proxy)], Some("http://a:3128 (`https_proxy`)"));
        check(&[("all_proxy", "socks5://b")], Some("socks5h://b:1080 (`all_proxy`)"));
        check(
            &[("ALL_PROXY", "http://b"), ("https_proxy", " ")],
            Some("http://b:80 (`ALL_PROXY`)"),
        );
        check(
            &[("all_proxy", "http://b"), ("HTTPS_PROXY", "https://a"), ("https_proxy", "http://c")],
            Some("https://a:443 (`HTTPS_PROXY`)"),
        );
        check(&[("https_proxy", "a:3128\n")], Some("http://a:3128 (`https_proxy`)"));
        check(&[("https_proxy", "socks5h://[::1]:9")], Some("socks5h://[::1]:9 (`https_proxy`)"));
    }

    #[test]
    fn loopback_needs_no_proxy() {
        let environment = [("https_proxy", "http://a:3128")].into_iter().collect();
        for url in ["https://localhost:1", "http://127.0.0.1:1"] {
            assert_eq!(Proxy::find(&url.parse().unwrap(), &environment), Ok(None), "{url}");
        }
    }

    #[test]
    fn password_is_not_printed() {
        for url in ["http://me:canary@a:3128", "me:canary@a:3128"] {
            let environment = [("https_proxy", url)].into_iter().collect();
            let proxy = Proxy::find(&BaseUrl::default(), &environment).unwrap().unwrap();
            assert_eq!(
                format!("{proxy} {proxy:?}"),
                "http://a:3128 (`https_proxy`) ".repeat(2).trim()
            );
            assert!(proxy.has_password());
        }
        for url in
            ["ftp://me:canary@a", "http://", "http://me:can ary@a b", "socks5://", "://canary"]
        {
            let environment = [("https_proxy", url)].into_iter().collect();
            let error = Proxy::find(&BaseUrl::default(), &environment).unwrap_err();
            assert!(error.contains("`https_proxy`") && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn exempt_hosts_are_domains_addresses_and_networks() {
        for (list, host, want) in [
            ("compshare.cn", "api.compshare.cn", true),
            (".compshare.cn", "api.compshare.cn", true),
            ("*.compshare.cn", "api.compshare.cn", true),
            ("localhost, API.compshare.cn", "api.compshare.cn", true),
            ("api.compshare.cn:443", "api.compshare.cn", true),
            ("api.compshare.cn:80", "api.compshare.cn", false),
            ("share.cn", "api.compshare.cn", false),
            ("api.compshare.cn.example", "api.compshare.cn", false),
            ("", "api.compshare.cn", false),
            (",.,", "api.compshare.cn", false),
            ("*", "api.compshare.cn", true),
            ("*", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.4/31", "10.1.2.3", false),
            ("0.0.0.0/0", "10.1.2.3", true),
            ("10.0.0.0/99", "10.1.2.3", false),
            ("2.3", "10.1.2.3", false),
            ("fd00::/8", "[fd00::1]", true),
            ("fd00::1", "[fd00::1]", true),
            ("[fd00::1]:443", "[fd00::1]", true),
        ] {
            assert_eq!(exempts(list, host, 443), want, "{list:?}, {host}");
        }
    }
}
