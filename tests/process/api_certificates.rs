//! Check of the API's certificate: its name, its issuer, which the system must trust, and its
//! validity. No request is sent to a server with another certificate.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::json;
use terraform_provider_compshare::simulator::{Options, Simulator};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::account;
use crate::support::{host::Launch, terraform_core::Terraform, tls};

pub(super) const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// A certificate authority.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Returns a certificate for `name`, valid for the hour before `end`, and its key.
    pub(super) fn certificate(&self, name: &str, end: SystemTime) -> Certified {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = (end - AN_HOUR).into();
        params.not_after = end.into();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), key.serialize_der().into())
    }
}

/// TLS server in front of a simulator.
pub(super) struct TlsProxy {
    pub(super) url: String,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl TlsProxy {
    pub(super) async fn start(cloud: &Simulator, (certificate, key): Certified) -> Self {
        let acceptor = tls::server(certificate, key);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let cloud = cloud.url().strip_prefix("http://").unwrap().to_owned();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut upstream = TcpStream::connect(&cloud).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut stream, &mut upstream).await });
            }
        });
        Self { url, connections, task }
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A certificate and its key.
pub(super) type Certified = (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>);

/// Outcome of a read.
struct Outcome {
    error: Option<String>,
    /// Number of connections to the TLS server.
    connections: usize,
    /// Number of requests that reached the simulator.
    calls: usize,
}

/// Lists the instances through a TLS server with the certificate `certified`, with `trusted` as the
/// only authority of the system.
async fn list(trusted: &Authority, certified: Certified) -> Outcome {
    let cloud = Simulator::start(Options::default()).await.unwrap();
    let proxy = TlsProxy::start(&cloud, certified).await;
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), trusted.pem()).unwrap();
    let launch = Launch::new().with("SSL_CERT_FILE", roots.path().to_str().unwrap());
    let host = launch.start().await;
    let terraform = Terraform::on(host.provider().await).await;
    terraform.configure(account(&proxy.url)).await.unwrap();
    let listed = terraform.read_data("compshare_instances", &json!({})).await;
    Outcome {
        error: listed.err().map(|errors| errors.only().to_string()),
        connections: proxy.connections.load(Ordering::SeqCst),
        calls: cloud.calls().len(),
    }
}

#[tokio::test]
async fn valid_api_certificate_is_accepted() {
    let authority = Authority::new("Authority");
    let certified = authority.certificate("127.0.0.1", SystemTime::now() + AN_HOUR / 2);
    let outcome = list(&authority, certified).await;
    assert_eq!((outcome.error, outcome.calls), (None, 1));
}

#[tokio::test]
async fn invalid_api_certificate_is_refused_without_request() {
    let trusted = Authority::new("Authority");
    let (other, impostor) = (Authority::new("Another Authority"), Authority::new("Authority"));
    let now = SystemTime::now();
    let end = now + AN_HOUR / 2;
    for (certified, reason) in [
        (trusted.certificate("127.0.0.1", now - AN_HOUR / 60), "certificate expired"),
        (trusted.certificate("127.0.0.1", now + 2 * AN_HOUR), "not valid yet"),
        (trusted.certificate("127.0.0.2", end), "not valid for name"),
        (trusted.certificate("api.compshare.cn", end), "not valid for name"),
        (other.certificate("127.0.0.1", end), "UnknownIssuer"),
        (impostor.certificate("127.0.0.1", end), "BadSignature"),
        (self_signed("127.0.0.1"), "UnknownIssuer"),
    ] {
        let outcome = list(&trusted, certified).await;
        let error = outcome.error.unwrap_or_else(|| panic!("accepted, expected {reason}"));
        assert!(error.contains(reason), "{reason}: {error}");
        assert_eq!((outcome.connections, outcome.calls), (1, 0), "{reason}");
    }
}

fn self_signed(name: &str) -> Certified {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.der().clone(), made.signing_key.serialize_der().into())
}
