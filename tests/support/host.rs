//! A host of plugins: starts the real binary as Terraform does, and speaks with it over its socket.
//!
//! What it sets, makes and expects follows go-plugin's `client.go` and `mtls.go`, as far as
//! Terraform uses them.
//! `Launch::new().start()` gives a running provider; `provider()` its client; `shutdown()` ends it as a host does.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustix::process::{Pid, Signal, kill_process};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tempfile::TempDir;
use terraform_provider_compshare::{
    plugin::rpc::{
        Empty, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    protocol::tfplugin5::provider_client::ProviderClient,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    net::{TcpStream, UnixStream},
    process::{Child, ChildStdout, Command},
    sync::watch,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use tonic::{
    Status,
    transport::{Channel, Endpoint, Uri},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// For everything that is awaited and should come at once. A test that waits as long has failed.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// The variable by which a plugin knows its host, and the value it must have.
pub(crate) const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The binary under test.
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-compshare");

/// The largest message a host takes or sends, in bytes.
const MESSAGE_LIMIT: usize = (1 << 31) - 1;

/// How the binary is to be started. Its environment is exactly what is said here, and a temporary
/// directory of its own.
pub(crate) struct Launch {
    variables: BTreeMap<String, String>,
    arguments: Vec<String>,
    identity: Identity,
    directory: TempDir,
}

impl Launch {
    /// As Terraform starts a provider, with the log at its most talkative.
    pub(crate) fn new() -> Self {
        let launch = Self::by_hand();
        let certificate = launch.identity.pem.clone();
        launch
            .with(COOKIE.0, COOKIE.1)
            .with("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .with("PLUGIN_MIN_PORT", "10000")
            .with("PLUGIN_MAX_PORT", "25000")
            .with("PLUGIN_CLIENT_CERT", &certificate)
            .with("TF_LOG", "TRACE")
    }

    /// As a person starts it: nothing is set.
    pub(crate) fn by_hand() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let launch = Self {
            variables: BTreeMap::new(),
            arguments: Vec::new(),
            identity: Identity::new(),
            directory,
        };
        let temporary = launch.directory.path().to_str().unwrap().to_owned();
        launch.with("TMPDIR", &temporary)
    }

    /// For a host that has another identity.
    pub(crate) fn of(self, identity: Identity) -> Self {
        let launch = self.with("PLUGIN_CLIENT_CERT", &identity.pem);
        Self { identity, ..launch }
    }

    /// As Terraform does with `TF_DISABLE_PLUGIN_TLS`.
    pub(crate) fn without_tls(self) -> Self {
        self.without("PLUGIN_CLIENT_CERT")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts the binary, and reads and parses its handshake line.
    pub(crate) async fn start(self) -> Host {
        let has_tls = self.variables.contains_key("PLUGIN_CLIENT_CERT");
        let (process, text) = self.start_and_read_line().await;
        let line = Line::parse(&text);
        assert_eq!(line.certificate.is_some(), has_tls, "TLS must be as the host asks: {text:?}");
        Host { line, process }
    }

    /// Starts the binary, and reads the first line on its stdout, which must come in time.
    pub(crate) async fn start_and_read_line(self) -> (Process, String) {
        self.spawn().line().await
    }

    /// Runs the binary until it ends by itself.
    pub(crate) async fn run(self) -> Ended {
        self.spawn().ended().await
    }

    /// Starts `program` in the binary's place, which is then up to it, with the first line on its stdout.
    pub(crate) async fn start_by(self, program: &str, arguments: &[&str]) -> (Process, String) {
        let mut command = Command::new(program);
        command.args(arguments).arg(PROVIDER);
        self.spawn_command(command).line().await
    }

    fn spawn(self) -> Process {
        self.spawn_command(Command::new(PROVIDER))
    }

    fn spawn_command(self, mut command: Command) -> Process {
        let mut child = command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (log, stderr) = watch::channel(Vec::new());
        tokio::spawn(async move {
            // Ends when nobody looks any more, so that a test can close the pipe.
            let mut reading = true;
            while reading {
                reading = tokio::select! {
                    line = lines.next_line() => match line.unwrap() {
                        Some(line) => { log.send_modify(|lines| lines.push(line)); true }
                        None => false,
                    },
                    () = log.closed() => false,
                };
            }
        });
        let Self { identity, directory, .. } = self;
        Process { child, stdout, stderr, identity, directory }
    }
}

/// The running binary. It is killed if it is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: watch::Receiver<Vec<String>>,
    identity: Identity,
    directory: TempDir,
}

impl Process {
    /// With the first line on its stdout.
    async fn line(mut self) -> (Self, String) {
        let mut line = String::new();
        timeout(LIMIT, self.stdout.read_line(&mut line)).await.unwrap().unwrap();
        if line.is_empty() {
            panic!("ended without a line on stdout: {:?}", self.ended().await);
        }
        (self, line)
    }

    /// The client certificate this was started with.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it puts its temporary files.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until `part` stands in some line of stderr.
    pub(crate) async fn logged(&mut self, part: &str) {
        let is_there = |lines: &Vec<String>| lines.iter().any(|line| line.contains(part));
        let found = timeout(LIMIT, self.stderr.wait_for(is_there)).await;
        assert!(matches!(found, Ok(Ok(_))), "no {part:?} on stderr");
    }

    /// The lines on stderr so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.stderr.borrow().clone()
    }

    /// What comes on stdout until it is closed.
    pub(crate) async fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        timeout(LIMIT, self.stdout.read_to_string(&mut rest)).await.unwrap().unwrap();
        rest
    }

    /// Closes this side of stdout and stderr, as when the host dies, and gives what is left to wait
    /// for.
    pub(crate) fn forsake(self) -> (Child, TempDir) {
        (self.child, self.directory)
    }

    /// Waits until the process has ended, and collects what there is to know.
    pub(crate) async fn ended(mut self) -> Ended {
        let begin = Instant::now();
        let status = timeout(LIMIT, self.child.wait()).await.expect("it does not end").unwrap();
        let took = begin.elapsed();
        let stdout = self.rest_of_stdout().await;
        // The reader goes away at the end of stderr; then all of it is here.
        while self.stderr.changed().await.is_ok() {}
        let stderr = self.log();
        let left = entries(self.directory.path());
        Ended { status, took, stdout, stderr, left }
    }
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// From the call to the end.
    pub(crate) took: Duration,
    /// What had not been read before.
    pub(crate) stdout: String,
    pub(crate) stderr: Vec<String>,
    /// What is left of its temporary files.
    pub(crate) left: Vec<PathBuf>,
}

/// What stands in `directory`.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A provider that this host started, with what its handshake line says.
pub(crate) struct Host {
    pub(crate) line: Line,
    pub(crate) process: Process,
}

impl Host {
    /// A connection as Terraform makes it.
    pub(crate) async fn connect(&self) -> Channel {
        self.connect_as(self.process.identity()).await.unwrap()
    }

    /// A connection with some other certificate, or key, than the right one.
    pub(crate) async fn connect_as(
        &self,
        identity: &Identity,
    ) -> Result<Channel, tonic::transport::Error> {
        let tls = self.line.certificate.clone().map(|server| identity.connector(server));
        connect(&self.line.address, tls).await
    }

    /// The client of the provider itself, on a new connection.
    pub(crate) async fn provider(&self) -> ProviderClient<Channel> {
        provider(self.connect().await)
    }

    /// Ends the provider as a host does: asks it to, hangs up, waits.
    pub(crate) async fn shutdown(self) -> Ended {
        let channel = self.connect().await;
        // A host ignores whether the answer comes through; it should.
        shut_down(&channel).await.unwrap();
        drop(channel);
        self.process.ended().await
    }
}

/// The fields of a handshake line.
pub(crate) struct Line {
    /// Without its line break.
    pub(crate) text: String,
    pub(crate) address: Address,
    /// What a host must trust.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.strip_suffix('\n').expect("a whole line").to_owned();
        let fields: Vec<_> = text.split('|').collect();
        let (network, address, certificate) = (fields[2], fields[3], fields[5]);
        let certificate = STANDARD_NO_PAD.decode(certificate).unwrap();
        let certificate = (!certificate.is_empty()).then(|| CertificateDer::from(certificate));
        let address = Address::new(network, address);
        Self { text, address, certificate }
    }
}

/// Where a plugin listens.
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
            _ => panic!("no such network: {network:?}"),
        }
    }

    /// The path of the socket.
    pub(crate) fn path(&self) -> &Path {
        let Self::Unix(path) = self else { panic!("no Unix socket: {self:?}") };
        path
    }
}

/// Connects to `address`, in plain text without `tls`.
pub(crate) async fn connect(
    address: &Address,
    tls: Option<TlsConnector>,
) -> Result<Channel, tonic::transport::Error> {
    let address = address.clone();
    let connector = tower::service_fn(move |_: Uri| {
        let (address, tls) = (address.clone(), tls.clone());
        async move {
            let stream = dial(&address).await?;
            let Some(tls) = tls else { return Ok(TokioIo::new(stream)) };
            let name = "localhost".try_into().unwrap();
            let stream = tls.connect(name, stream).await?;
            // As the host's gRPC library from grpc-go 1.67 on.
            if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                return Err(std::io::Error::other("the server did not choose h2"));
            }
            Ok(TokioIo::new(Box::new(stream) as Box<dyn Stream>))
        }
    });
    Endpoint::from_static("http://unused").connect_with_connector(connector).await
}

/// A bare connection to `address`.
pub(crate) async fn dial(address: &Address) -> std::io::Result<Box<dyn Stream>> {
    Ok(match address {
        Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // As every connection in Go.
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

/// What TLS and gRPC run on.
pub(crate) trait Stream:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin
{
}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

/// What the plugin says of its health under `service`: the number of a serving status.
pub(crate) async fn health(channel: &Channel, service: &str) -> Result<i32, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let check = HealthClient::new(channel.clone());
    let answer = timeout(LIMIT, { check }.check(request)).await.expect("no answer in time");
    answer.map(|answer| answer.into_inner().status)
}

/// The client of the provider itself.
pub(crate) fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}

/// The controller's `Shutdown`.
pub(crate) async fn shut_down(channel: &Channel) -> Result<(), Status> {
    let mut controller = GrpcControllerClient::new(channel.clone());
    timeout(LIMIT, controller.shutdown(Empty {})).await.expect("no answer in time").map(drop)
}

/// The client of the plugin's output.
pub(crate) fn stdio(channel: &Channel) -> GrpcStdioClient<Channel> {
    GrpcStdioClient::new(channel.clone())
}

/// The client of the plugin's broker.
pub(crate) fn broker(channel: &Channel) -> GrpcBrokerClient<Channel> {
    GrpcBrokerClient::new(channel.clone())
}

/// A certificate that go-plugin's client could have made, and a private key.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// As go-plugin's `mtls.go`: from half a minute ago, for thirty years.
    pub(crate) fn new() -> Self {
        let now = SystemTime::now();
        Self::valid(now - Duration::from_secs(30), now + Duration::from_secs(262_980 * 60 * 60))
    }

    /// The same with another beginning and end: P-521, self-signed, an authority although it is none.
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

    /// The same certificate with a private key that is not its own: all that somebody has who saw
    /// the environment.
    pub(crate) fn with_a_wrong_key(&self) -> Self {
        let Self { pem, certificate, .. } = self;
        Self { pem: pem.clone(), certificate: certificate.clone(), key: Self::new().key }
    }

    /// Presents this identity, and trusts only `server`.
    pub(crate) fn connector(&self, server: CertificateDer<'static>) -> TlsConnector {
        self.connector_of(server, rustls::DEFAULT_VERSIONS)
    }

    /// The same with nothing but these versions of TLS.
    pub(crate) fn connector_of(
        &self,
        server: CertificateDer<'static>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsConnector {
        // Nothing compares certificate and key here: with a wrong one it is for the server to find
        // out.
        let key = self.key.clone_key().into();
        let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
        let certified = CertifiedKey::new(vec![self.certificate.clone()], key);
        let config = trusting(server, versions)
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        connector(config)
    }
}

/// Presents no certificate, and trusts only `server`.
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
