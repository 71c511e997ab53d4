//! Mutual TLS with exactly one peer: the host that started this process.
//!
//! go-plugin calls this AutoMTLS (`mtls.go`): each side makes a certificate for this one run and
//! tells the other, so being the peer means having the private key to a certificate known
//! beforehand. Go checks that with the usual rules of X.509; those of webpki refuse the host's
//! certificate, since it is marked as an authority and presented as an end entity. Comparing it
//! byte by byte is simpler and stricter. One of the usual rules is left to hold, that a certificate
//! has an end.

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

use super::Error;

/// How long a peer may take over its handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// The name that the host expects in the certificate; go-plugin fixes it.
const SERVER_NAME: &str = "localhost";

/// How far the host's clock may be behind ours.
const CLOCK_SLACK: Duration = Duration::from_secs(10 * 60);

/// Longer than any process runs.
const VALIDITY: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// Lets one client in: the owner of the certificate it was made for.
#[derive(Clone)]
pub struct Acceptor {
    /// What the client will trust.
    certificate: CertificateDer<'static>,
    /// Does the handshakes.
    acceptor: TlsAcceptor,
}

impl Acceptor {
    /// Makes a key and a certificate for this process, and pins `client` as the only peer.
    ///
    /// # Errors
    ///
    /// If the operating system has no randomness, or the libraries disagree; neither is to be
    /// expected.
    pub fn for_client(client: CertificateDer<'static>) -> Result<Self, Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = server_certificate(&key)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedClient::new(client, Arc::clone(&provider))?;
        // The provider is named, not the process's default: another one that lacks P-521 would make
        // the host present no certificate at all.
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(
                vec![certificate.clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        // Newer versions of the host's gRPC library refuse a server that does not choose.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // There is one connection; nothing will ever be resumed.
        config.send_tls13_tickets = 0;
        Ok(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// The certificate the client must trust.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Does the handshake on a new connection, within [`HANDSHAKE_LIMIT`].
    pub(super) async fn accept<S>(&self, stream: S) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        tokio::time::timeout(HANDSHAKE_LIMIT, self.acceptor.accept(stream)).await?
    }
}

/// Without the key.
impl fmt::Debug for Acceptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

/// The one certificate in `pem`, or why that is not what it holds.
pub(super) fn certificate_from_pem(pem: &str) -> Result<CertificateDer<'static>, String> {
    let mut sections = SliceIter::<(SectionKind, Vec<u8>)>::new(pem.as_bytes());
    let (kind, der) = match sections.next() {
        Some(Ok(section)) => section,
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("there is no PEM in it".to_owned()),
    };
    if sections.next().is_some() {
        return Err("there is more than one section of PEM in it".to_owned());
    }
    if kind != SectionKind::Certificate {
        return Err(format!("it holds a {}", kind_name(kind)));
    }
    let certificate = CertificateDer::from(der);
    ParsedCertificate::try_from(&certificate).map_err(|error| error.to_string())?;
    Ok(certificate)
}

/// As a person calls it; never the contents, which may be a private key.
fn kind_name(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
            "private key"
        }
        SectionKind::PublicKey => "public key",
        _ => "section of another kind",
    }
}

/// Self-signed, and no authority: good for this server and nothing else.
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

/// Takes one certificate and no other, until its end, and checks that the peer has its private key.
#[derive(Debug)]
struct PinnedClient {
    /// What the host announced in the environment. It is no secret, and so proves nothing by
    /// itself.
    certificate: CertificateDer<'static>,
    /// The usual rules, with that certificate as the only authority. They check signatures, P-521
    /// among them; of their judgement about certificates, only the date is heeded.
    usual: Arc<dyn ClientCertVerifier>,
}

impl PinnedClient {
    fn new(
        certificate: CertificateDer<'static>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let mut authorities = RootCertStore::empty();
        authorities.add(certificate.clone())?;
        let usual = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { certificate, usual })
    }
}

impl ClientCertVerifier for PinnedClient {
    /// No hints: the client has one certificate only. go-plugin's gives it without.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    /// Past its end the certificate is refused, as Go's rules do. Before its beginning it is not:
    /// this process and its host read one clock, which may have been set back in between.
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if !intermediates.is_empty() || *end_entity != self.certificate {
            return Err(
                CertificateError::Other(OtherError(Arc::new(NotTheCertificateOfTheHost))).into()
            );
        }
        // The dates are the first thing that webpki looks at, before it takes offence at the
        // authority.
        match self.usual.verify_client_cert(end_entity, &[], now) {
            Err(error) if is_past_its_end(&error) => Err(error),
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

fn is_past_its_end(error: &rustls::Error) -> bool {
    use CertificateError::{Expired, ExpiredContext};
    matches!(error, rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }))
}

/// The peer has a certificate, but not the one of the host.
#[derive(Debug, thiserror::Error)]
#[error("the client's certificate is not the one that the host announced")]
struct NotTheCertificateOfTheHost;

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
    fn one_certificate_in_pem_is_read() {
        let certificate = certificate();
        let pem = format!("\n{}\n", certificate.pem());
        assert_eq!(certificate_from_pem(&pem).as_ref(), Ok(certificate.der()));
    }

    #[test]
    fn anything_but_one_certificate_is_refused_with_its_reason() {
        let pem = certificate().pem();
        let key = KeyPair::generate().unwrap().serialize_pem();
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
        let cut = pem[..pem.len() / 2].to_owned();
        for (text, reason) in [
            (String::new(), "there is no PEM"),
            ("plain words".to_owned(), "there is no PEM"),
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
    fn only_the_pinned_certificate_by_itself_is_taken() {
        let (host, stranger) = (certificate(), certificate());
        let verifier = pinned(host.der());
        let now = UnixTime::now();
        assert!(verifier.verify_client_cert(host.der(), &[], now).is_ok());
        assert!(verifier.verify_client_cert(stranger.der(), &[], now).is_err());
        let with_more = [stranger.der().clone()];
        assert!(verifier.verify_client_cert(host.der(), &with_more, now).is_err());
    }

    /// Marked as an authority or not: a host's is, and the other's dates are looked at by the same rule.
    #[test]
    fn the_certificate_is_taken_until_its_end_and_before_its_beginning() {
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
            assert!(is_past_its_end(&at(year(2031)).unwrap_err()));
        }
    }

    #[test]
    fn a_client_must_authenticate_and_may_do_so_with_p521() {
        let verifier = pinned(certificate().der());
        assert!(verifier.offer_client_auth());
        assert!(verifier.client_auth_mandatory());
        assert!(
            verifier.supported_verify_schemes().contains(&SignatureScheme::ECDSA_NISTP521_SHA512)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_dropped_after_a_while() {
        let acceptor = Acceptor::for_client(certificate().der().clone()).unwrap();
        let (server, _client) = tokio::io::duplex(1024);
        let dropped = acceptor.accept(server).await.unwrap_err();
        assert_eq!(dropped.kind(), std::io::ErrorKind::TimedOut);
    }
}
