//! A proxy that redirects `https://api.compshare.cn` to the simulator.
//!
//! The base URL of the `compshare` program is fixed, but its HTTP library uses a proxy and a
//! certificate bundle from the environment. This proxy terminates TLS with a certificate of its own
//! authority.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::support::tls;

const HOST: &str = "api.compshare.cn";

pub(super) struct Gateway {
    address: SocketAddr,
    certificate: PathBuf,
    accepting: JoinHandle<()>,
}

impl Gateway {
    /// Redirects to the simulator at `url`; writes the certificate to trust into `folder`.
    pub(super) async fn start(url: String, folder: &Path) -> Self {
        let (authority, tls) = certificates();
        let certificate = folder.join("authority.pem");
        fs::write(&certificate, authority).unwrap();
        let simulator = url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (tls, simulator) = (tls.clone(), simulator.clone());
                // An error is a client that closed its connection.
                tokio::spawn(async move { forward(client, &tls, &simulator).await });
            }
        });
        Self { address, certificate, accepting }
    }

    /// Value of `HTTPS_PROXY`.
    pub(super) fn proxy(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Value of `REQUESTS_CA_BUNDLE`.
    pub(super) fn certificate(&self) -> &Path {
        &self.certificate
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(mut client: TcpStream, tls: &TlsAcceptor, simulator: &str) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(client.read_u8().await?);
    }
    assert!(request.starts_with(format!("CONNECT {HOST}:443 ").as_bytes()));
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let mut client = tls.accept(client).await?;
    let mut simulator = TcpStream::connect(simulator).await?;
    tokio::io::copy_bidirectional(&mut client, &mut simulator).await?;
    Ok(())
}

/// Certificate of an authority in PEM, and a TLS server with a certificate that it has signed.
fn certificates() -> (String, TlsAcceptor) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();

    let mut server = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    // With the default name, which is also the authority's, the certificate would look self-signed.
    server.distinguished_name.push(DnType::CommonName, HOST);
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate =
        server.signed_by(&server_key, &Issuer::new(authority, authority_key)).unwrap();

    (pem, tls::server(certificate.der().clone(), server_key.serialize_der().into()))
}
