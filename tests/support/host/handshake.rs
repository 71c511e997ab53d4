//! The environment of a plugin, and the handshake line that it prints.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::CertificateDer;
use terraform_provider_compshare::plugin::Listener;

/// Magic cookie: the environment variable by which a plugin recognizes a start by a host.
pub(crate) const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// Environment variables that Terraform sets for a provider; `certificate` is the client
/// certificate.
pub(crate) fn variables(certificate: &str) -> [(&'static str, &str); 5] {
    [
        COOKIE,
        ("PLUGIN_PROTOCOL_VERSIONS", "6,5"),
        ("PLUGIN_MIN_PORT", "10000"),
        ("PLUGIN_MAX_PORT", "25000"),
        ("PLUGIN_CLIENT_CERT", certificate),
    ]
}

/// The fields of a handshake line.
pub(crate) struct Line {
    /// The line without its line break.
    pub(crate) text: String,
    /// Version of the plugin protocol: 5 or 6.
    pub(crate) protocol: u32,
    pub(crate) address: Address,
    /// Server certificate; `None` without TLS.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.strip_suffix('\n').expect("a line break").to_owned();
        let fields: Vec<_> = text.split('|').collect();
        let [_, protocol, network, address, "grpc", certificate, ..] = fields[..] else {
            panic!("not a handshake line: {text:?}")
        };
        let certificate = STANDARD_NO_PAD.decode(certificate).unwrap();
        let certificate = (!certificate.is_empty()).then(|| CertificateDer::from(certificate));
        let (protocol, address) = (protocol.parse().unwrap(), Address::new(network, address));
        Self { text, protocol, address, certificate }
    }
}

/// Address of a plugin.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Unix(PathBuf),
    Tcp(String),
}

impl Address {
    pub(crate) fn new(network: &str, address: &str) -> Self {
        match network {
            "unix" => Self::Unix(address.into()),
            "tcp" => Self::Tcp(address.to_owned()),
            _ => panic!("unknown network: {network:?}"),
        }
    }

    pub(crate) fn of(listener: &Listener) -> Self {
        let address = listener.address();
        Self::new(address.network, address.text.to_str().unwrap())
    }

    /// Path of the Unix socket.
    pub(crate) fn path(&self) -> &Path {
        let Self::Unix(path) = self else { panic!("not a Unix socket: {self:?}") };
        path
    }
}
