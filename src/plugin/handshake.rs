//! The host's variables in the environment, and the handshake line in return.
//!
//! Implements `Serve` and `protocolVersion` of go-plugin's `server.go`. No other file of
//! [`crate::plugin`] reads the environment.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::CertificateDer;

use super::{
    error::Error,
    listener::{Address, Place},
    tls,
};
use crate::environment::Environment;

/// Contract between a plugin and its host.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// Source address under which the host refers to the plugin; the key in the output of debug
    /// mode.
    pub address: &'static str,
    /// Version of the protocol that the plugin's services speak.
    pub app_protocol: u32,
    pub cookie: Cookie,
    /// Environment variable through which a host finds a plugin in debug mode.
    pub reattach_variable: &'static str,
}

/// Environment variable that the host sets to a fixed value. It distinguishes a start by the host
/// from a start by hand, and is not a security measure.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    pub key: &'static str,
    pub value: &'static str,
}

/// Version of the handshake: go-plugin's `CoreProtocolVersion`.
const CORE_PROTOCOL: u32 = 1;

pub(super) fn check_cookie(cookie: Cookie, environment: &Environment) -> Result<(), Error> {
    if environment.text(cookie.key) == Some(cookie.value) {
        return Ok(());
    }
    Err(Error::NotStartedByHost)
}

/// Returns the certificate that the host will present, if it requests mutual TLS. For anything but
/// one certificate, go-plugin logs that and refuses every client; here the process ends before the
/// handshake line, so that the host shows the reason.
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

/// Returns the place to listen at: a Unix socket, or a TCP port on Windows, as in go-plugin.
pub(super) fn place(environment: &Environment) -> Result<Place, Error> {
    if cfg!(windows) { port_range(environment) } else { Ok(socket_place(environment)) }
}

/// Returns whether the handshake line must have its seventh field. Older hosts read an unexpected
/// one as a part of the certificate.
pub(super) fn requests_multiplexing(environment: &Environment) -> bool {
    environment.path("PLUGIN_MULTIPLEX_GRPC").is_some()
}

/// Returns warnings about the protocol versions that the host offers. The handshake line always has
/// `ours`, the only version of this plugin; a host that does not support it reports that itself.
pub(super) fn version_warnings(ours: u32, environment: &Environment) -> Vec<String> {
    let Some(offered) = environment.text("PLUGIN_PROTOCOL_VERSIONS") else {
        return vec![format!("the host offers no protocol version; this plugin speaks {ours}")];
    };
    let mut warnings = Vec::new();
    let mut is_common = false;
    for word in offered.split(',') {
        match word.trim().parse::<u32>() {
            Ok(version) => is_common |= version == ours,
            Err(_) => {
                warnings.push(format!("the host offers the invalid protocol version {word:?}"));
            }
        }
    }
    if !is_common {
        warnings.push(format!(
            "the host offers protocol versions {offered}; this plugin speaks {ours}"
        ));
    }
    warnings
}

/// The handshake line: all that the host needs to connect.
pub(super) struct Line<'a> {
    pub(super) app_protocol: u32,
    pub(super) address: &'a Address,
    /// Certificate of the plugin; `None` for a connection without TLS.
    pub(super) certificate: Option<&'a CertificateDer<'static>>,
    /// Adds the seventh field, which says that multiplexing is not supported.
    pub(super) multiplexing_requested: bool,
}

impl Line<'_> {
    /// Returns the line without a line break. It may not be Unicode, since a path may not be.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let Address { network, text } = self.address;
        let mut line = format!("{CORE_PROTOCOL}|{}|{network}|", self.app_protocol).into_bytes();
        line.extend_from_slice(text.as_encoded_bytes());
        line.extend_from_slice(b"|grpc|");
        if let Some(certificate) = self.certificate {
            // The host decodes with Go's `base64.RawStdEncoding`, which refuses padding.
            line.extend_from_slice(STANDARD_NO_PAD.encode(certificate).as_bytes());
        }
        if self.multiplexing_requested {
            line.extend_from_slice(b"|false");
        }
        line
    }
}

/// Directory of the socket, as `serverListener_unix` in go-plugin's `server.go` selects it. An empty
/// variable counts as not set, as in Go's `os.TempDir`.
pub(super) fn socket_place(environment: &Environment) -> Place {
    let (variable, parent) = ["PLUGIN_UNIX_SOCKET_DIR", "TMPDIR"]
        .into_iter()
        .find_map(|variable| Some((variable, environment.path(variable)?)))
        .unwrap_or_else(|| ("TMPDIR", "/tmp".as_ref()));
    let group = environment.text("PLUGIN_UNIX_SOCKET_GROUP").map(str::to_owned);
    Place::Socket { parent: parent.into(), variable, group }
}

/// Range of ports, as in `serverListener_tcp` of go-plugin's `server.go`: a missing end is 0, and 0
/// to 0 is any free port.
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

/// Reads every variable of the handshake; returns the handshake line and the version warnings. For
/// the fuzz target in `fuzz/src/handshake.rs`, which lives in another crate.
pub fn fuzz(cookie: Cookie, environment: &Environment) -> Result<(Vec<u8>, Vec<String>), Error> {
    let _ = check_cookie(cookie, environment);
    let _ = (socket_place(environment), port_range(environment));
    let warnings = version_warnings(5, environment);
    let multiplexing_requested = requests_multiplexing(environment);
    let certificate = client_certificate(environment)?;
    let line = Line {
        app_protocol: 5,
        address: &Address { network: "unix", text: "/socket".into() },
        certificate: certificate.as_ref(),
        multiplexing_requested,
    };
    Ok((line.bytes(), warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    fn line(certificate: Option<&[u8]>, multiplexing_requested: bool) -> String {
        let certificate = certificate.map(|der| CertificateDer::from(der.to_vec()));
        let line = Line {
            app_protocol: 5,
            address: &Address { network: "unix", text: "/tmp/plugin1/s".into() },
            certificate: certificate.as_ref(),
            multiplexing_requested,
        };
        String::from_utf8(line.bytes()).unwrap()
    }

    #[test]
    fn line_has_certificate_and_seventh_field_only_on_request() {
        for (certificate, multiplexing_requested, rest) in [
            (None, false, ""),
            // Base64 without padding.
            (Some(&[0xfb, 0xff][..]), false, "+/8"),
            (None, true, "|false"),
        ] {
            let expected = format!("1|5|unix|/tmp/plugin1/s|grpc|{rest}");
            assert_eq!(line(certificate, multiplexing_requested), expected);
        }
    }

    #[test]
    fn unsupported_and_invalid_versions_are_warned_about() {
        for (offered, warnings) in
            [("5,6", 0), ("6,5", 0), (" 5", 0), ("6", 1), ("4,7", 1), ("x,5", 1), ("x", 2), ("", 1)]
        {
            let environment = environment(&[("PLUGIN_PROTOCOL_VERSIONS", offered)]);
            assert_eq!(version_warnings(5, &environment).len(), warnings, "{offered:?}");
        }
        assert_eq!(version_warnings(5, &Environment::default()).len(), 1);
    }

    #[test]
    fn socket_is_in_the_hosts_directory_or_the_temporary_one() {
        let (host, temporary) = ("PLUGIN_UNIX_SOCKET_DIR", "TMPDIR");
        for (variables, expected, source) in [
            (&[(host, "/run/host"), (temporary, "/scratch")][..], "/run/host", host),
            (&[(host, ""), (temporary, "/scratch")], "/scratch", temporary),
            (&[(temporary, "")], "/tmp", temporary),
            (&[], "/tmp", temporary),
        ] {
            let Place::Socket { parent, variable, .. } = socket_place(&environment(variables))
            else {
                panic!("ports instead of a socket")
            };
            assert_eq!((parent.as_path(), variable), (expected.as_ref(), source));
        }
    }

    #[test]
    fn missing_end_of_the_port_range_is_zero() {
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
