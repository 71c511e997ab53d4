//! TLS identities of hosts.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio_rustls::TlsConnector;

/// A certificate like that of go-plugin's client, with its private key.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// Valid from half a minute ago for thirty years, as in go-plugin's `mtls.go`.
    pub(crate) fn new() -> Self {
        let now = SystemTime::now();
        Self::valid(now - Duration::from_secs(30), now + Duration::from_secs(262_980 * 60 * 60))
    }

    /// A self-signed P-521 certificate with the flags of an authority and this validity.
    pub(crate) fn valid(from: SystemTime, until: SystemTime) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = from.into();
        params.not_after = until.into();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der().into(),
        }
    }

    /// The same certificate with another private key, as available to a reader of the environment.
    pub(crate) fn with_a_wrong_key(&self) -> Self {
        let Self { pem, certificate, .. } = self;
        Self { pem: pem.clone(), certificate: certificate.clone(), key: Self::new().key }
    }

    /// A connector that presents this identity and trusts only `server`.
    pub(crate) fn connector(&self, server: CertificateDer<'static>) -> TlsConnector {
        self.connector_of(server, rustls::DEFAULT_VERSIONS)
    }

    /// The same for these versions of TLS.
    pub(crate) fn connector_of(
        &self,
        server: CertificateDer<'static>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsConnector {
        // Certificate and key are not compared here, so that the server receives a wrong key.
        let key = self.key.clone_key().into();
        let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
        let certified = CertifiedKey::new(vec![self.certificate.clone()], key);
        let config = trusting(server, versions)
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        connector(config)
    }
}

/// A connector that presents no certificate and trusts only `server`.
pub(crate) fn anonymous(server: CertificateDer<'static>) -> TlsConnector {
    connector(trusting(server, rustls::DEFAULT_VERSIONS).with_no_client_auth())
}

fn trusting(
    server: CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(server).unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
}

fn connector(mut config: ClientConfig) -> TlsConnector {
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}
