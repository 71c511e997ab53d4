//! What the host says in the environment, and the one line it gets in return.
//!
//! Implements `Serve` and `protocolVersion` of go-plugin's `server.go`. The only file of
//! [`crate::plugin`] that looks into the environment.

use std::{fmt, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::CertificateDer;

use super::{Address, Error, Place, tls};
use crate::environment::Environment;

/// The version of the handshake itself; go-plugin's `CoreProtocolVersion`.
const CORE_PROTOCOL: u32 = 1;

/// A variable that the host sets to a fixed value. No security measure: it tells a start by the
/// host from one by a person.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    /// The variable's name.
    pub key: &'static str,
    /// The value it must have.
    pub value: &'static str,
}

/// Whether the host started this process.
///
/// # Errors
///
/// [`Error::NotStartedByHost`] if it did not.
pub(super) fn check_cookie(cookie: Cookie, environment: &Environment) -> Result<(), Error> {
    if environment.text(cookie.key) == Some(cookie.value) {
        return Ok(());
    }
    Err(Error::NotStartedByHost)
}

/// The certificate that the host will present, if it asks for mutual TLS.
///
/// # Errors
///
/// [`Error::ClientCertificate`] whenever the host asks for TLS and the certificate is not exactly one. go-plugin logs
/// that and trusts nobody; here the process ends before the handshake line, so the reason is not
/// lost.
pub(super) fn client_certificate(
    environment: &Environment,
) -> Result<Option<CertificateDer<'static>>, Error> {
    let Some(value) = environment.path("PLUGIN_CLIENT_CERT") else {
        return Ok(None);
    };
    let pem = value
        .to_str()
        .ok_or_else(|| Error::ClientCertificate("its value is not Unicode".to_owned()))?;
    tls::certificate_from_pem(pem).map(Some).map_err(Error::ClientCertificate)
}

/// Where the host lets the plugin listen: a Unix socket, or a TCP port where go-plugin uses those.
///
/// # Errors
///
/// [`Error::Ports`] for a range of ports that is none.
pub(super) fn place(environment: &Environment) -> Result<Place, Error> {
    if cfg!(windows) { port_range(environment) } else { Ok(socket_place(environment)) }
}

/// Whether the handshake line must have its seventh field. An old host takes an unexpected one for
/// a part of the certificate.
pub(super) fn asks_for_multiplexing(environment: &Environment) -> bool {
    environment.path("PLUGIN_MULTIPLEX_GRPC").is_some()
}

/// What is to be said about the versions that the host offers. The answer is always `ours`, which
/// is all there is: if the host does not know it, its own message says so better than any of ours.
pub(super) fn negotiate(ours: u32, environment: &Environment) -> Vec<String> {
    let Some(offered) = environment.text("PLUGIN_PROTOCOL_VERSIONS") else {
        return vec![format!("the host offers no protocol version; this plugin speaks {ours}")];
    };
    let mut notes = Vec::new();
    let mut is_common = false;
    for word in offered.split(',') {
        match word.trim().parse::<u32>() {
            Ok(version) => is_common |= version == ours,
            Err(_) => {
                notes.push(format!("the host offers the protocol version {word:?}, no number"))
            }
        }
    }
    if !is_common {
        notes.push(format!(
            "the host offers protocol versions {offered}; this plugin speaks {ours}"
        ));
    }
    notes
}

/// The handshake line: everything the host must know to connect. Displays without its line break.
pub(super) struct Line<'a> {
    /// The version of the protocol that is spoken on the socket.
    pub(super) app_protocol: u32,
    /// Where the socket is.
    pub(super) address: &'a Address,
    /// The certificate to trust, in DER; `None` for a plain connection.
    pub(super) certificate: Option<&'a CertificateDer<'static>>,
    /// Whether the host asked for multiplexing. It gets told that there is none, but only if it
    /// asked.
    pub(super) multiplexing_asked: bool,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app_protocol, address, .. } = self;
        let network = address.network();
        write!(formatter, "{CORE_PROTOCOL}|{app_protocol}|{network}|{address}|grpc|")?;
        if let Some(certificate) = self.certificate {
            // Without padding: the host decodes with Go's `base64.RawStdEncoding`, which refuses
            // it.
            formatter.write_str(&STANDARD_NO_PAD.encode(certificate))?;
        }
        if self.multiplexing_asked {
            formatter.write_str("|false")?;
        }
        Ok(())
    }
}

/// As `serverListener_unix` of go-plugin's `server.go`.
pub(super) fn socket_place(environment: &Environment) -> Place {
    let parent = environment
        .path("PLUGIN_UNIX_SOCKET_DIR")
        .or_else(|| environment.path("TMPDIR"))
        .map_or_else(std::env::temp_dir, PathBuf::from);
    Place::Socket { parent, group: environment.text("PLUGIN_UNIX_SOCKET_GROUP").map(str::to_owned) }
}

/// As `serverListener_tcp` of go-plugin's `server.go`: each end counts as 0 if it is missing, and 0
/// to 0 means any free port.
pub(super) fn port_range(environment: &Environment) -> Result<Place, Error> {
    let port = |name: &str| {
        let text = environment.text(name).unwrap_or("0");
        text.parse::<u16>().map_err(|_| Error::Ports(format!("{name} is {text:?}")))
    };
    let (min, max) = (port("PLUGIN_MIN_PORT")?, port("PLUGIN_MAX_PORT")?);
    if min > max {
        return Err(Error::Ports(format!("{min} is above {max}")));
    }
    Ok(Place::Ports(min..=max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: Cookie = Cookie { key: "COOKIE", value: "crumbs" };

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    fn line(certificate: Option<&[u8]>, multiplexing_asked: bool) -> String {
        let certificate = certificate.map(|der| CertificateDer::from(der.to_vec()));
        Line {
            app_protocol: 5,
            address: &Address::Unix("/tmp/plugin1/socket".to_owned()),
            certificate: certificate.as_ref(),
            multiplexing_asked,
        }
        .to_string()
    }

    #[test]
    fn the_cookie_must_be_there_and_right() {
        assert!(check_cookie(COOKIE, &environment(&[("COOKIE", "crumbs")])).is_ok());
        for variables in
            [&[][..], &[("COOKIE", "")], &[("COOKIE", "crumb")], &[("Cookie2", "crumbs")]]
        {
            let refused = check_cookie(COOKIE, &environment(variables));
            assert!(matches!(refused, Err(Error::NotStartedByHost)), "{variables:?}");
        }
    }

    #[test]
    fn the_line_without_tls_keeps_the_separator_of_the_empty_certificate() {
        assert_eq!(line(None, false), "1|5|unix|/tmp/plugin1/socket|grpc|");
    }

    #[test]
    fn the_certificate_is_in_base64_without_padding() {
        assert_eq!(line(Some(&[0xfb, 0xff]), false), "1|5|unix|/tmp/plugin1/socket|grpc|+/8");
    }

    #[test]
    fn the_seventh_field_is_there_only_when_asked_for() {
        assert_eq!(line(None, true), "1|5|unix|/tmp/plugin1/socket|grpc||false");
    }

    #[test]
    fn a_tcp_address_is_host_and_port() {
        let address = Address::Tcp(([127, 0, 0, 1], 10_000).into());
        let line = Line {
            app_protocol: 5,
            address: &address,
            certificate: None,
            multiplexing_asked: false,
        };
        assert_eq!(line.to_string(), "1|5|tcp|127.0.0.1:10000|grpc|");
    }

    #[test]
    fn offers_without_our_version_and_offers_that_are_no_numbers_are_noted() {
        for (offered, notes) in
            [("5,6", 0), ("6,5", 0), (" 5", 0), ("6", 1), ("4,7", 1), ("x,5", 1), ("x", 2), ("", 1)]
        {
            let environment = environment(&[("PLUGIN_PROTOCOL_VERSIONS", offered)]);
            assert_eq!(negotiate(5, &environment).len(), notes, "{offered:?}");
        }
        assert_eq!(negotiate(5, &Environment::default()).len(), 1);
    }

    #[test]
    fn without_a_certificate_there_is_no_tls_and_with_a_broken_one_no_start() {
        assert!(client_certificate(&Environment::default()).unwrap().is_none());
        assert!(client_certificate(&environment(&[("PLUGIN_CLIENT_CERT", "")])).unwrap().is_none());
        let broken = environment(&[("PLUGIN_CLIENT_CERT", "no certificate")]);
        assert!(matches!(client_certificate(&broken), Err(Error::ClientCertificate(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_certificate_that_is_not_unicode_does_not_count_as_none() {
        use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};
        let value = OsString::from_vec(vec![0x2d, 0xff]);
        let environment = [(OsString::from("PLUGIN_CLIENT_CERT"), value)].into_iter().collect();
        assert!(matches!(client_certificate(&environment), Err(Error::ClientCertificate(_))));
    }

    #[test]
    fn the_socket_goes_where_the_host_says_else_where_temporary_files_go() {
        let parent = |variables: &[(&str, &str)]| match socket_place(&environment(variables)) {
            Place::Socket { parent, .. } => parent,
            Place::Ports(_) => panic!("ports instead of a socket"),
        };
        let both = [("PLUGIN_UNIX_SOCKET_DIR", "/run/host"), ("TMPDIR", "/scratch")];
        assert_eq!(parent(&both), PathBuf::from("/run/host"));
        assert_eq!(parent(&both[1..]), PathBuf::from("/scratch"));
        assert_eq!(parent(&[]), std::env::temp_dir());
    }

    #[test]
    fn ports_are_a_range_with_missing_ends_as_zero() {
        let range = |min, max| {
            port_range(&environment(&[("PLUGIN_MIN_PORT", min), ("PLUGIN_MAX_PORT", max)]))
        };
        for (min, max, expected) in [
            ("10000", "25000", 10_000..=25_000),
            ("", "", 0..=0),
            ("", "9", 0..=9),
            ("7", "7", 7..=7),
        ] {
            assert!(matches!(range(min, max), Ok(Place::Ports(ports)) if ports == expected));
        }
        for (min, max) in [("2", "1"), ("1", ""), ("x", "1"), ("1", "-1"), ("1", "65536")] {
            assert!(matches!(range(min, max), Err(Error::Ports(_))), "{min:?} to {max:?}");
        }
    }
}
