//! Mutual TLS with exactly one peer: the host that started this process.
//!
//! go-plugin calls this AutoMTLS (`mtls.go`): each side generates a certificate for one run and
//! passes it to the other beforehand, so that a peer is authenticated by the private key of a known
//! certificate. Go verifies it by the rules of X.509; those of webpki refuse the host's certificate,
//! because it is marked as an authority and presented as an end entity. Comparing it byte by byte is
//! simpler and stricter. Its expiry is still checked by webpki.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore,
    ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivatePkcs8KeyDer, UnixTime,
        pem::{SectionKind, SliceIter},
    },
    server::{
        ParsedCertificate, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::error::Error;

/// Time limit of a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Name that go-plugin's hosts expect in the certificate.
const SERVER_NAME: &str = "localhost";

/// Time by which the host's clock may be behind the clock of this process.
const CLOCK_SLACK: Duration = Duration::from_secs(10 * 60);

/// Validity of the certificate; longer than any process runs.
const VALIDITY: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// Accepts TLS connections of one client: the owner of a given certificate.
#[derive(Clone)]
pub struct Acceptor {
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Acceptor {
    /// Generates a key and a certificate for this process, and pins `client` as the only peer.
    pub fn for_client(client: CertificateDer<'static>) -> Result<Self, Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = server_certificate(&key)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedClient::new(client, Arc::clone(&provider))
            .map_err(|error| Error::ClientCertificate(error.to_string()))?;
        // Not the default provider of the process: with one that lacks P-521, the host would present
        // no certificate.
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(
                vec![certificate.clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        // Newer versions of the host's gRPC library require ALPN.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // There is one connection, so no session is ever resumed.
        config.send_tls13_tickets = 0;
        Ok(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Completes the handshake on a new connection within [`HANDSHAKE_TIMEOUT`].
    pub(super) async fn accept<S>(&self, stream: S) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        tokio::time::timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await?
    }
}

/// Omits the key.
impl fmt::Debug for Acceptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

/// Returns the one certificate in `pem`, or the reason why there is none.
pub(super) fn certificate_from_pem(pem: &str) -> Result<CertificateDer<'static>, String> {
    let mut sections = SliceIter::<(SectionKind, Vec<u8>)>::new(pem.as_bytes());
    let (kind, der) = match sections.next() {
        Some(Ok(section)) => section,
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("it contains no PEM".to_owned()),
    };
    if sections.next().is_some() {
        return Err("it contains more than one section of PEM".to_owned());
    }
    if kind != SectionKind::Certificate {
        return Err(format!("it contains a {}", kind_name(kind)));
    }
    let certificate = CertificateDer::from(der);
    ParsedCertificate::try_from(&certificate).map_err(|error| error.to_string())?;
    Ok(certificate)
}

/// Name of a section. Its contents are never shown, since they may be a private key.
fn kind_name(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
            "private key"
        }
        SectionKind::PublicKey => "public key",
        _ => "section of an unexpected kind",
    }
}

/// Self-signed and not an authority: valid for this server only.
fn server_certificate(key: &KeyPair) -> Result<CertificateDer<'static>, rcgen::Error> {
    let now = SystemTime::now();
    let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, SERVER_NAME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = (now - CLOCK_SLACK).into();
    params.not_after = (now + VALIDITY).into();
    Ok(params.self_signed(key)?.der().clone())
}

/// Verifier that accepts one certificate until it expires, and requires its private key.
#[derive(Debug)]
struct PinnedClient {
    /// The host's certificate from the environment. It is not secret, so the client must also prove
    /// that it has the private key.
    certificate: CertificateDer<'static>,
    /// webpki's verifier with that certificate as the only authority. It verifies signatures, P-521
    /// included; of its checks of certificates only the expiry is used.
    webpki: Arc<dyn ClientCertVerifier>,
}

impl PinnedClient {
    fn new(
        certificate: CertificateDer<'static>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let mut authorities = RootCertStore::empty();
        authorities.add(certificate.clone())?;
        let webpki = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { certificate, webpki })
    }
}

impl ClientCertVerifier for PinnedClient {
    /// No hints: go-plugin's client has one certificate and presents it without.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    /// Refuses an expired certificate, as Go does. A certificate that is not valid yet is accepted:
    /// this process and its host read the same clock, which may have been set back in between.
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if !intermediates.is_empty() || *end_entity != self.certificate {
            return Err(
                CertificateError::Other(OtherError(Arc::new(UnknownClientCertificate))).into()
            );
        }
        // webpki checks the dates first, before it refuses the certificate as an authority.
        match self.webpki.verify_client_cert(end_entity, &[], now) {
            Err(error) if is_expired(&error) => Err(error),
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

fn is_expired(error: &rustls::Error) -> bool {
    use CertificateError::{Expired, ExpiredContext};
    matches!(error, rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }))
}

#[derive(Debug, thiserror::Error)]
#[error("the certificate of the client is not the certificate in PLUGIN_CLIENT_CERT")]
struct UnknownClientCertificate;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, IsCa};

    use super::*;

    fn certificate() -> rcgen::Certificate {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        CertificateParams::new([SERVER_NAME.to_owned()]).unwrap().self_signed(&key).unwrap()
    }

    fn pinned(certificate: &CertificateDer<'static>) -> PinnedClient {
        let provider = Arc::new(aws_lc_rs::default_provider());
        PinnedClient::new(certificate.clone(), provider).unwrap()
    }

    #[test]
    fn certificate_is_read_from_pem() {
        let certificate = certificate();
        let pem = format!("\n{}\n", certificate.pem());
        assert_eq!(certificate_from_pem(&pem).as_ref(), Ok(certificate.der()));
    }

    #[test]
    fn pem_without_exactly_one_certificate_is_refused() {
        let pem = certificate().pem();
        let key = KeyPair::generate().unwrap().serialize_pem();
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
        let cut = pem[..pem.len() / 2].to_owned();
        for (text, reason) in [
            (String::new(), "contains no PEM"),
            ("plain words".to_owned(), "contains no PEM"),
            (format!("{pem}{pem}"), "more than one"),
            (format!("{pem}{key}"), "more than one"),
            (key, "private key"),
            (empty, "invalid peer certificate"),
            (cut, "section end"),
        ] {
            let refused = certificate_from_pem(&text).unwrap_err();
            assert!(refused.contains(reason), "{refused:?} does not say {reason:?}");
        }
    }

    #[test]
    fn only_the_pinned_certificate_is_accepted() {
        let (host, stranger) = (certificate(), certificate());
        let verifier = pinned(host.der());
        let now = UnixTime::now();
        assert!(verifier.verify_client_cert(host.der(), &[], now).is_ok());
        assert!(verifier.verify_client_cert(stranger.der(), &[], now).is_err());
        let with_more = [stranger.der().clone()];
        assert!(verifier.verify_client_cert(host.der(), &with_more, now).is_err());
    }

    #[test]
    fn certificate_is_accepted_until_it_expires() {
        let year = |year: i32| {
            let begin = SystemTime::from(rcgen::date_time_ymd(year, 1, 1));
            UnixTime::since_unix_epoch(begin.duration_since(SystemTime::UNIX_EPOCH).unwrap())
        };
        for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::NoCa] {
            let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
            let mut params = CertificateParams::new([SERVER_NAME.to_owned()]).unwrap();
            params.is_ca = is_ca;
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2030, 1, 1);
            let certificate = params.self_signed(&key).unwrap();
            let verifier = pinned(certificate.der());
            let at = |now| verifier.verify_client_cert(certificate.der(), &[], now);
            assert!(at(year(2019)).is_ok() && at(year(2025)).is_ok() && at(year(2030)).is_ok());
            assert!(is_expired(&at(year(2031)).unwrap_err()));
        }
    }

    #[test]
    fn client_must_authenticate_and_may_use_p521() {
        let verifier = pinned(certificate().der());
        assert!(verifier.offer_client_auth());
        assert!(verifier.client_auth_mandatory());
        assert!(
            verifier.supported_verify_schemes().contains(&SignatureScheme::ECDSA_NISTP521_SHA512)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn silent_client_is_dropped_after_the_timeout() {
        let acceptor = Acceptor::for_client(certificate().der().clone()).unwrap();
        let (server, _client) = tokio::io::duplex(1024);
        let dropped = acceptor.accept(server).await.unwrap_err();
        assert_eq!(dropped.kind(), std::io::ErrorKind::TimedOut);
    }
}
