//! Proxies between the provider and the API, and failures on the way, with their messages.

use std::{future::Future, io, net::SocketAddr, time::SystemTime};

use serde_json::json;
use terraform_provider_compshare::simulator::{Options, Simulator};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional,
    },
    net::{TcpListener, TcpStream},
};

use super::{
    account,
    api_certificates::{AN_HOUR, Authority, TlsProxy},
};
use crate::support::{
    closed_port::ClosedPort,
    host::Launch,
    terraform_core::{Diagnostic, Terraform},
};

/// Name of the API, which only a proxy can resolve.
const API: &str = "api.compshare.test";
/// `me:canary` in base64.
const LOGIN: &str = "Proxy-Authorization: Basic bWU6Y2FuYXJ5";

type Stream = BufReader<TcpStream>;

/// Starts a proxy: `greet` reads and answers the first messages of a connection, and returns true
/// if it is to be connected to `target`.
async fn proxy<G, F>(target: SocketAddr, greet: G) -> SocketAddr
where
    G: Fn(Stream) -> F + Send + 'static,
    F: Future<Output = io::Result<Option<Stream>>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(Some(mut stream)) = greet(BufReader::new(stream)).await {
                let mut api = TcpStream::connect(target).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut stream, &mut api).await });
            }
        }
    });
    address
}

/// Answers CONNECT with `status`.
async fn tunnel(mut stream: Stream, status: &str, login: bool) -> io::Result<Option<Stream>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await? > 0 {}
    let is_known = head.starts_with(&format!("CONNECT {API}:"));
    let is_accepted = is_known && (!login || head.to_lowercase().contains(&LOGIN.to_lowercase()));
    let status = if is_accepted { status } else { "407 Proxy Authentication Required" };
    stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await?;
    Ok(Some(stream).filter(|_| status.starts_with("200")))
}

/// SOCKS version 5 (RFC 1928, RFC 1929), for host names only.
async fn socks(mut stream: Stream, login: bool, reply: u8) -> io::Result<Option<Stream>> {
    let [_, count] = [stream.read_u8().await?, stream.read_u8().await?];
    let mut methods = vec![0; count.into()];
    stream.read_exact(&mut methods).await?;
    let method = if login { 2 } else { 0 };
    if !methods.contains(&method) {
        stream.write_all(&[5, 0xff]).await?;
        return Ok(None);
    }
    stream.write_all(&[5, method]).await?;
    if login {
        let mut expected = *b"\x01\x02me\x06canary";
        stream.read_exact(&mut expected).await?;
        let is_accepted = &expected == b"\x01\x02me\x06canary";
        stream.write_all(&[1, u8::from(!is_accepted)]).await?;
        if !is_accepted {
            return Ok(None);
        }
    }
    let mut request = [0; 5];
    stream.read_exact(&mut request).await?;
    assert_eq!(request[..4], [5, 1, 0, 3], "not a request for a host name");
    let mut host = vec![0; usize::from(request[4]) + 2];
    stream.read_exact(&mut host).await?;
    assert!(host.starts_with(API.as_bytes()));
    stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(Some(stream).filter(|_| reply == 0))
}

/// Simulated API behind TLS.
struct Api {
    cloud: Simulator,
    tls: TlsProxy,
    authority: Authority,
}

impl Api {
    async fn start() -> Self {
        let cloud = Simulator::start(Options::default()).await.unwrap();
        let authority = Authority::new("Authority");
        let certified = authority.certificate(API, SystemTime::now() + AN_HOUR / 2);
        let tls = TlsProxy::start(&cloud, certified).await;
        Self { cloud, tls, authority }
    }

    fn address(&self) -> SocketAddr {
        self.tls.url.strip_prefix("https://").unwrap().parse().unwrap()
    }

    fn url(&self) -> String {
        format!("https://{API}:{}", self.address().port())
    }

    /// Lists the instances with these environment variables. Returns the error, if any.
    async fn list(&self, variables: &[(&str, &str)]) -> Option<Diagnostic> {
        let roots = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(roots.path(), self.authority.pem()).unwrap();
        let roots = roots.path().to_str().unwrap();
        let trusting = [("SSL_CERT_FILE", roots)];
        list(&self.url(), &[&trusting, variables].concat()).await
    }
}

/// Lists the instances of the API at `url` with these environment variables. Returns the error, if
/// any, after a check that neither it nor the log contains a password.
async fn list(url: &str, variables: &[(&str, &str)]) -> Option<Diagnostic> {
    let launch =
        variables.iter().fold(Launch::new(), |launch, (name, value)| launch.with(name, value));
    let host = launch.start().await;
    let terraform = Terraform::on(host.provider().await).await;
    terraform.configure(account(url)).await.unwrap();
    let listed = terraform.read_data("compshare_instances", &json!({})).await;
    let log = host.shutdown().await.stderr.join("\n");
    let error = listed.err().map(|errors| errors.only().clone());
    let texts = format!("{log}{error:?}");
    assert!(!texts.contains("canary") && !texts.contains("bWU6Y2FuYXJ5"), "{texts}");
    error
}

#[track_caller]
fn check(error: Option<Diagnostic>, title: &str, parts: &[&str]) {
    let error = error.expect("the list succeeded");
    assert_eq!(error.summary, title, "{error}");
    for part in parts {
        assert!(error.detail.contains(part), "{part:?} is not in: {error}");
    }
}

#[tokio::test]
async fn proxies_of_all_kinds_are_used() {
    let api = Api::start().await;
    let http = proxy(api.address(), |stream| tunnel(stream, "200 OK", false)).await;
    let http_login = proxy(api.address(), |stream| tunnel(stream, "200 OK", true)).await;
    let socks5 = proxy(api.address(), |stream| socks(stream, false, 0)).await;
    let socks5_login = proxy(api.address(), |stream| socks(stream, true, 0)).await;
    for (variable, value) in [
        ("https_proxy", format!("http://{http}")),
        ("HTTPS_PROXY", http.to_string()),
        ("https_proxy", format!("socks5://{socks5}")),
        ("https_proxy", format!("socks5h://{socks5}\n")),
        ("all_proxy", format!("socks5://{socks5}")),
        ("ALL_PROXY", format!("http://{http}")),
        ("https_proxy", format!("http://me:canary@{http_login}")),
        ("https_proxy", format!("socks5://me:canary@{socks5_login}")),
    ] {
        let error = api.list(&[(variable, &value), ("no_proxy", "localhost,.example")]).await;
        assert_eq!(error.map(|error| error.to_string()), None, "{variable}={value}");
    }
    assert_eq!(api.cloud.calls().len(), 8);
}

#[tokio::test]
async fn failing_proxy_is_named_without_its_password() {
    let api = Api::start().await;
    let closed = ClosedPort::new();
    let closed = closed.url().strip_prefix("http://").unwrap().to_owned();
    let forbidding = proxy(api.address(), |stream| tunnel(stream, "403 Forbidden", false)).await;
    let login = proxy(api.address(), |stream| tunnel(stream, "200 OK", true)).await;
    let socks_login = proxy(api.address(), |stream| socks(stream, true, 0)).await;
    let unreachable = proxy(api.address(), |stream| socks(stream, false, 4)).await;
    let title = |reason: &str| format!("Unable to List Instances: {reason}");
    for (proxy, address, reason, part) in [
        (format!("http://me:canary@{closed}"), closed.clone(), "API Not Reachable", "refused"),
        (format!("socks5h://me:canary@{closed}"), closed, "API Not Reachable", ""),
        (format!("http://{forbidding}"), forbidding.to_string(), "Refused by Proxy", "NO_PROXY"),
        (format!("http://{login}"), login.to_string(), "Proxy Login Required", "requires"),
        (format!("http://you:canary@{login}"), login.to_string(), "Proxy Login Required", "accept"),
        (
            format!("socks5://{socks_login}"),
            socks_login.to_string(),
            "Proxy Login Required",
            "requires",
        ),
        (
            format!("socks5://me:canari@{socks_login}"),
            socks_login.to_string(),
            "Proxy Login Required",
            "accept",
        ),
        (format!("socks5://{unreachable}"), unreachable.to_string(), "Refused by Proxy", "SOCKS"),
    ] {
        let error = api.list(&[("https_proxy", &proxy)]).await;
        let host = api.url().strip_prefix("https://").unwrap().to_owned();
        check(error, &title(reason), &[&address, &host, "`https_proxy`", part]);
    }
    for unusable in ["ftp://me:canary@proxy.example", "http://me:canary@"] {
        let error = api.list(&[("https_proxy", unusable)]).await;
        let title = "Unable to Set Up the API Client: Unusable Network Settings";
        check(error, title, &["`https_proxy`", "http://proxy.example:3128"]);
    }
    assert_eq!(api.cloud.calls().len(), 0);
}

#[tokio::test]
async fn unreachable_host_is_named() {
    let proxied = ("https_proxy", "http://127.0.0.1:9");
    let exempt = ("no_proxy", ".invalid:443");
    let closed = ClosedPort::new();
    let closed_url = closed.url().replace("http://", "https://");
    for (url, variables) in [
        ("https://compshare.invalid", &[][..]),
        ("https://compshare.invalid", &[proxied, exempt]),
        (closed_url.as_str(), &[proxied]),
    ] {
        let error = list(url, variables).await;
        let host = url.strip_prefix("https://").unwrap();
        let title = "Unable to List Instances: API Not Reachable";
        assert!(!error.as_ref().unwrap().detail.contains("https_proxy"), "{error:?}");
        check(error, title, &[&format!("no connection to {host}")]);
    }
}

#[tokio::test]
async fn certificate_file_is_named() {
    let api = Api::start().await;
    let http = proxy(api.address(), |stream| tunnel(stream, "200 OK", false)).await;
    let http = format!("http://{http}");
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("other"), Authority::new("Another Authority").pem()).unwrap();
    std::fs::write(path("empty"), "").unwrap();
    std::fs::write(path("garbage"), "-----BEGIN CERTIFICATE-----\ncanary\n").unwrap();
    std::fs::write(path("trusted"), format!("\u{feff}{}", api.authority.pem())).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());

    let untrusted = "Unable to List Instances: Certificate Not Trusted";
    let unusable = "Unable to Set Up the API Client: Unusable Network Settings";
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    for (variable, value, title, part) in [
        ("SSL_CERT_FILE", path("other").as_str(), untrusted, "UnknownIssuer"),
        ("SSL_CERT_FILE", &path("none"), unusable, "No such file"),
        ("SSL_CERT_FILE", &path("empty"), unusable, "has no certificate"),
        ("SSL_CERT_FILE", &path("garbage"), unusable, "has no certificate"),
        ("SSL_CERT_FILE", &path("pipe"), unusable, "not read within 5 seconds"),
        ("SSL_CERT_FILE", "/dev/zero", unusable, "longer than"),
        ("SSL_CERT_FILE", empty, unusable, "directory"),
        ("SSL_CERT_DIR", &path("none"), unusable, "No such file"),
        ("SSL_CERT_DIR", empty, unusable, "has no certificate"),
    ] {
        let error = list(&api.url(), &[("https_proxy", &http), (variable, value)]).await;
        check(error, title, &[value, &format!("`{variable}`"), part]);
    }

    let none = path("none");
    let parent = directory.path().to_str().unwrap();
    for (file, directory) in [(path("trusted").as_str(), ""), (&none, parent), ("", parent)] {
        let variables = [("SSL_CERT_FILE", file), ("SSL_CERT_DIR", directory)];
        let error = list(&api.url(), &[&variables[..], &[("https_proxy", &http)]].concat()).await;
        assert_eq!(error.map(|error| error.to_string()), None, "{variables:?}");
    }
    // Empty variables count as not set: the certificates of the system are trusted.
    let variables = [("SSL_CERT_FILE", ""), ("SSL_CERT_DIR", ""), ("https_proxy", http.as_str())];
    check(list(&api.url(), &variables).await, untrusted, &["UnknownIssuer"]);
}
