//! One provider process, by a host that does what Terraform does, and says when.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
        verify_tls13_signature,
    },
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
};
use tempfile::TempDir;
use terraform_provider_compshare::plugin::rpc::{
    Empty, grpc_controller_client::GrpcControllerClient,
};
use tokio::{net::UnixStream, time::Instant};
use tokio_rustls::TlsConnector;
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint, Uri},
};

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The largest answer that is taken, in bytes.
const LARGEST: usize = 256 * 1024 * 1024;

/// A host, with the certificate it presents.
pub(crate) struct Host {
    runtime: tokio::runtime::Runtime,
    certificate: CertificateDer<'static>,
    pem: String,
    key: PrivatePkcs8KeyDer<'static>,
}

/// When things happened in the life of a process, each from its start on, and what it held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// The handshake line is there.
    pub(crate) line: Duration,
    /// Resident memory then, in KiB.
    pub(crate) resident: u64,
    /// The connection is up.
    pub(crate) connected: Duration,
    /// The schemas are there.
    pub(crate) schemas: Duration,
    /// The schemas are there once more.
    pub(crate) again: Duration,
    /// The process has ended; the host asked it to.
    pub(crate) ended: Duration,
}

impl Host {
    /// With a certificate like that of Terraform: on P-521, an authority although it is none.
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key: key.serialize_der().into(),
        }
    }

    /// Starts `binary`, asks for its schemas twice, and ends it.
    pub(crate) fn live(&self, binary: &Path) -> Life {
        let mut process = Process::start(binary, &self.pem);
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

    /// Starts `binary`, and hands it with a connection to `use_it`.
    pub(crate) fn with<T>(&self, binary: &Path, use_it: impl AsyncFnOnce(u32, Channel) -> T) -> T {
        let mut process = Process::start(binary, &self.pem);
        self.runtime.block_on(async {
            let channel = self.connect(&process.handshake).await;
            let result = use_it(process.child.id(), channel.clone()).await;
            process.end(channel).await;
            result
        })
    }

    async fn connect(&self, handshake: &Handshake) -> Channel {
        let tls = self.connector(handshake.certificate.clone());
        let socket = handshake.socket.clone();
        let connector = tower::service_fn(move |_: Uri| {
            let (tls, socket) = (tls.clone(), socket.clone());
            async move {
                let stream = UnixStream::connect(socket).await?;
                let stream = tls.connect("localhost".try_into().unwrap(), stream).await?;
                Ok::<_, io::Error>(TokioIo::new(stream))
            }
        });
        Endpoint::from_static("http://unused").connect_with_connector(connector).await.unwrap()
    }

    fn connector(&self, server: CertificateDer<'static>) -> TlsConnector {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Pinned::new(server, &provider);
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(vec![self.certificate.clone()], self.key.clone_key().into())
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

/// Starting and ending a process that does nothing.
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
    handshake: Handshake,
    _directory: TempDir,
}

impl Process {
    /// Starts `binary` for a host with this certificate.
    fn start(binary: &Path, certificate: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("TMPDIR", directory.path())
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env("PLUGIN_CLIENT_CERT", certificate)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut text = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut text).unwrap();
        let line = began.elapsed();
        let resident = resident(child.id());
        let handshake = Handshake::parse(&text);
        Self { child, began, line, resident, handshake, _directory: directory }
    }

    /// Asks it to end, hangs up, and waits until it has ended.
    async fn end(&mut self, channel: Channel) {
        // The answer may be lost with the process.
        let _ = GrpcControllerClient::new(channel).shutdown(Empty {}).await;
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

/// What the process holds in memory, in KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// What stands in a handshake line.
struct Handshake {
    protocol: u32,
    socket: String,
    certificate: CertificateDer<'static>,
}

impl Handshake {
    fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.trim_end().split('|').collect();
        let [_, protocol, "unix", socket, "grpc", certificate, ..] = fields[..] else {
            panic!("not a handshake line that this host understands: {line:?}")
        };
        Self {
            protocol: protocol.parse().unwrap(),
            socket: socket.to_owned(),
            certificate: STANDARD_NO_PAD.decode(certificate).unwrap().into(),
        }
    }
}

/// The size of the answer, which must have come whole.
async fn get_schemas(channel: &Channel, protocol: u32) -> usize {
    let path = match protocol {
        5 => "/tfplugin5.Provider/GetSchema",
        6 => "/tfplugin6.Provider/GetProviderSchema",
        other => panic!("no such version of the plugin protocol: {other}"),
    };
    let mut client = tonic::client::Grpc::new(channel.clone()).max_decoding_message_size(LARGEST);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(path);
    let size = client.unary(Request::new(()), path, Sizes).await.unwrap().into_inner();
    assert!(size > 0, "no schemas");
    size
}

/// Asks with an empty message, and counts the bytes of the answer. What the host makes of them is
/// the host's own time.
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

/// Trusts exactly one certificate, whatever it says of itself: those of providers in Go say that
/// they are authorities.
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
