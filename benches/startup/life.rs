//! The life of one provider process, with the requests of Terraform and their times.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
        verify_tls13_signature,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

use crate::host::{Identity, Line, connect, handshake::variables, shut_down};

/// Size limit of a response, in bytes.
const MAX_RESPONSE: usize = 256 * 1024 * 1024;

/// A host with its client certificate.
pub(crate) struct Host {
    runtime: tokio::runtime::Runtime,
    identity: Identity,
}

/// Times since the start of a process, and its memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// The handshake line was printed.
    pub(crate) line: Duration,
    /// Resident memory after the handshake line, in KiB.
    pub(crate) resident: u64,
    /// The connection was established.
    pub(crate) connected: Duration,
    /// The schemas were received.
    pub(crate) schemas: Duration,
    /// The schemas were received a second time.
    pub(crate) again: Duration,
    /// The process ended after Shutdown.
    pub(crate) ended: Duration,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            identity: Identity::new(),
        }
    }

    /// Starts `binary`, requests its schemas twice, and ends it.
    pub(crate) fn live(&self, binary: &Path) -> Life {
        let mut process = Process::start(binary, &self.identity.pem);
        self.runtime.block_on(async {
            let channel = self.connect(&process.handshake).await;
            let connected = process.began.elapsed();
            get_schemas(&channel, process.handshake.protocol).await;
            let schemas = process.began.elapsed();
            get_schemas(&channel, process.handshake.protocol).await;
            let again = process.began.elapsed();
            process.end(channel).await;
            let ended = process.began.elapsed();
            let Process { line, resident, .. } = process;
            Life { line, resident, connected, schemas, again, ended }
        })
    }

    /// Starts `binary`, and calls `measure` with its process ID and a connection.
    pub(crate) fn with<T>(&self, binary: &Path, measure: impl AsyncFnOnce(u32, Channel) -> T) -> T {
        let mut process = Process::start(binary, &self.identity.pem);
        self.runtime.block_on(async {
            let channel = self.connect(&process.handshake).await;
            let result = measure(process.child.id(), channel.clone()).await;
            process.end(channel).await;
            result
        })
    }

    async fn connect(&self, handshake: &Line) -> Channel {
        let server = handshake.certificate.clone().expect("TLS was requested");
        connect(&handshake.address, Some(self.connector(server))).await.unwrap()
    }

    fn connector(&self, server: CertificateDer<'static>) -> TlsConnector {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Pinned::new(server, &provider);
        let certificate = vec![self.identity.certificate.clone()];
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(certificate, self.identity.key.clone_key().into())
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

/// Duration of a process that does nothing.
pub(crate) fn bare_process() -> Duration {
    let began = Instant::now();
    let mut child = Command::new("true")
        .env_clear()
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    io::read_to_string(child.stdout.take().unwrap()).unwrap();
    let took = began.elapsed();
    child.wait().unwrap();
    took
}

/// A running provider. It is killed if it is dropped.
struct Process {
    child: Child,
    began: Instant,
    line: Duration,
    resident: u64,
    handshake: Line,
    _directory: TempDir,
}

impl Process {
    /// Starts `binary` for a host with this client certificate.
    fn start(binary: &Path, certificate: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("TMPDIR", directory.path())
            .envs(variables(certificate))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut text = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut text).unwrap();
        let line = began.elapsed();
        let resident = resident(child.id());
        let handshake = Line::parse(&text);
        Self { child, began, line, resident, handshake, _directory: directory }
    }

    /// Calls Shutdown, closes the connection, and waits for the end of the process.
    async fn end(&mut self, channel: Channel) {
        // Other providers may end before the response.
        let _ = shut_down(&channel).await;
        drop(channel);
        while self.child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process, in KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Requests the schemas, and returns the size of the response.
async fn get_schemas(channel: &Channel, protocol: u32) -> usize {
    let path = match protocol {
        5 => "/tfplugin5.Provider/GetSchema",
        6 => "/tfplugin6.Provider/GetProviderSchema",
        other => panic!("unknown version of the plugin protocol: {other}"),
    };
    let mut client =
        tonic::client::Grpc::new(channel.clone()).max_decoding_message_size(MAX_RESPONSE);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(path);
    let size = client.unary(Request::new(()), path, Sizes).await.unwrap().into_inner();
    assert!(size > 0, "no schemas");
    size
}

/// Sends an empty message and counts the bytes of the response, which is not decoded: decoding is
/// time of the host.
#[derive(Clone, Copy)]
struct Sizes;

impl Codec for Sizes {
    type Encode = ();
    type Decode = usize;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Sizes {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), _: &mut EncodeBuf<'_>) -> Result<(), Status> {
        Ok(())
    }
}

impl Decoder for Sizes {
    type Item = usize;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        use prost::bytes::Buf as _;
        let size = bytes.remaining();
        bytes.advance(size);
        Ok(Some(size))
    }
}

/// Trusts exactly one certificate without further checks: certificates of providers in Go are marked
/// as authorities, which the default verifier refuses for a server.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn new(certificate: CertificateDer<'static>, provider: &CryptoProvider) -> Self {
        Self { certificate, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        assert_eq!(*certificate, self.certificate, "the certificate of the handshake line");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
