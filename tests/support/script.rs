//! A server that follows a script: an ordered list of expected requests, each with a reaction.
//!
//! The server uses raw sockets, so that it can violate HTTP. Of the API it knows only that the
//! `Action` parameter names the call. [`Script::finish`] fails the test if a request was not in the
//! script, or a step was not reached.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One step of the script.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Expected `Action`; `None` if the connection is closed before a request.
    action: Option<&'static str>,
    then: Then,
}

/// Reaction to a request.
#[derive(Clone, Debug)]
enum Then {
    /// The connection is closed before anything is read.
    CloseAtOnce,
    /// The request is read, then the connection is reset.
    Reset,
    /// The request is read and never answered.
    Silence,
    /// The bytes are sent, then the connection is closed.
    Send(Vec<u8>),
    /// The bytes are sent after the pause, and the connection is kept.
    Reply { after: Duration, bytes: Vec<u8> },
}

impl Step {
    pub(crate) fn close_at_once() -> Self {
        Self { action: None, then: Then::CloseAtOnce }
    }

    pub(crate) fn reset(action: &'static str) -> Self {
        Self { action: Some(action), then: Then::Reset }
    }

    pub(crate) fn silence(action: &'static str) -> Self {
        Self { action: Some(action), then: Then::Silence }
    }

    /// Sends the first half of `json` with the Content-Length of the whole.
    pub(crate) fn half_a_body(action: &'static str, json: &str) -> Self {
        let mut bytes = http(200, &[], json.as_bytes());
        bytes.truncate(bytes.len() - json.len() / 2);
        Self { action: Some(action), then: Then::Send(bytes) }
    }

    /// A complete HTTP response.
    pub(crate) fn http(
        action: &'static str,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Self {
        let bytes = http(status, headers, body);
        Self { action: Some(action), then: Then::Reply { after: Duration::ZERO, bytes } }
    }

    /// A response of the API, successful or with a `RetCode`.
    pub(crate) fn json(action: &'static str, json: &str) -> Self {
        let headers =
            [("Content-Type", "application/json"), ("X-UCLOUD-REQUEST-UUID", "request-1")];
        Self::http(action, 200, &headers, json.as_bytes())
    }

    /// Delays the response.
    pub(crate) fn after(mut self, pause: Duration) -> Self {
        if let Then::Reply { after, .. } = &mut self.then {
            *after = pause;
        }
        self
    }
}

fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head =
        format!("HTTP/1.1 {status} Scripted\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    /// By name, in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) form: BTreeMap<String, String>,
}

/// Progress of the script.
#[derive(Debug, Default)]
struct Progress {
    steps: VecDeque<Step>,
    requests: Vec<Request>,
    connections: usize,
    in_flight: usize,
    max_in_flight: usize,
    unexpected: Vec<String>,
}

/// A running script.
#[derive(Debug)]
pub(crate) struct Script {
    port: u16,
    progress: Arc<Mutex<Progress>>,
    task: JoinHandle<()>,
}

/// Received requests and their numbers.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) requests: Vec<Request>,
    pub(crate) connections: usize,
    /// Maximum number of concurrent requests.
    pub(crate) max_in_flight: usize,
}

impl Script {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let progress = Progress { steps: steps.into_iter().collect(), ..Progress::default() };
        let progress = Arc::new(Mutex::new(progress));
        let task = tokio::spawn(accept(listener, Arc::clone(&progress)));
        Self { port, progress, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends the script; panics if the requests differed from it.
    pub(crate) fn finish(self) -> Report {
        self.task.abort();
        let progress = self.progress.lock().unwrap();
        assert!(progress.unexpected.is_empty(), "not in the script: {:?}", progress.unexpected);
        assert!(progress.steps.is_empty(), "not reached: {:?}", progress.steps);
        Report {
            requests: progress.requests.clone(),
            connections: progress.connections,
            max_in_flight: progress.max_in_flight,
        }
    }
}

async fn accept(listener: TcpListener, progress: Arc<Mutex<Progress>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let closes = {
            let mut progress = progress.lock().unwrap();
            progress.connections += 1;
            let closes =
                progress.steps.front().is_some_and(|step| matches!(step.then, Then::CloseAtOnce));
            if closes {
                progress.steps.pop_front();
            }
            closes
        };
        if !closes {
            tokio::spawn(serve(stream, Arc::clone(&progress)));
        }
    }
}

/// Responds to requests until the script or the client closes the connection.
async fn serve(mut stream: TcpStream, progress: Arc<Mutex<Progress>>) {
    while let Some(request) = read(&mut stream).await {
        let then = progress.lock().unwrap().take(request);
        match then {
            Then::CloseAtOnce => return,
            Then::Reset => {
                progress.lock().unwrap().in_flight -= 1;
                stream.set_zero_linger().unwrap();
                return;
            }
            Then::Silence => {
                // Until the client closes the connection.
                let _ = stream.read(&mut [0]).await;
                progress.lock().unwrap().in_flight -= 1;
                return;
            }
            Then::Send(bytes) => {
                progress.lock().unwrap().in_flight -= 1;
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Then::Reply { after, bytes } => {
                tokio::time::sleep(after).await;
                progress.lock().unwrap().in_flight -= 1;
                // A client can close the connection early.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Progress {
    /// Takes the next step for `request`; an error response if the script has none.
    fn take(&mut self, request: Request) -> Then {
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
        let action = request.form.get("Action").cloned().unwrap_or_default();
        self.requests.push(request);
        match self.steps.pop_front() {
            Some(Step { action: Some(expected), then }) if expected == action => then,
            step => {
                self.unexpected.push(format!("{action} instead of {step:?}"));
                Then::Reply { after: Duration::ZERO, bytes: http(418, &[], b"") }
            }
        }
    }
}

/// Reads the next request; `None` if the client closed the connection.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or_default() == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.unwrap_or_default() == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[end..].to_vec()).unwrap();
    let form = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    Some(Request { line, headers, body, form })
}
