//! A cloud that follows a script: an ordered list of expected requests, each with what is done about it.
//!
//! It knows nothing of the API but that `Action` names the call. Raw sockets, so that it can misbehave below HTTP too.
//! A request that is not in the script, or a line of it that was never reached, fails the test in [`Script::finish`].

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

/// One line of the script.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The `Action` that has to come; `None` if the connection is closed before any can.
    action: Option<&'static str>,
    then: Then,
}

/// What to do about a request.
#[derive(Clone, Debug)]
enum Then {
    /// Nothing is read: the connection is closed as soon as it is there.
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

    /// Announces the whole of `json` and sends half of it.
    pub(crate) fn half_a_body(action: &'static str, json: &str) -> Self {
        let mut bytes = http(200, &[], json.as_bytes());
        bytes.truncate(bytes.len() - json.len() / 2);
        Self { action: Some(action), then: Then::Send(bytes) }
    }

    /// A complete answer of any status.
    pub(crate) fn http(
        action: &'static str,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Self {
        let bytes = http(status, headers, body);
        Self { action: Some(action), then: Then::Reply { after: Duration::ZERO, bytes } }
    }

    /// What the API answers when all is well, or refuses with a `RetCode`.
    pub(crate) fn json(action: &'static str, json: &str) -> Self {
        let headers =
            [("Content-Type", "application/json"), ("X-UCLOUD-REQUEST-UUID", "request-1")];
        Self::http(action, 200, &headers, json.as_bytes())
    }

    /// The same, but later.
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

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) form: BTreeMap<String, String>,
}

/// What happened so far.
#[derive(Debug, Default)]
struct Course {
    steps: VecDeque<Step>,
    requests: Vec<Request>,
    connections: usize,
    under_way: usize,
    most_under_way: usize,
    surprises: Vec<String>,
}

/// The running script.
#[derive(Debug)]
pub(crate) struct Script {
    port: u16,
    course: Arc<Mutex<Course>>,
    task: JoinHandle<()>,
}

/// What is left when it is over.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) requests: Vec<Request>,
    pub(crate) connections: usize,
    /// The most requests that were under way at the same time.
    pub(crate) most_under_way: usize,
}

impl Script {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let course = Course { steps: steps.into_iter().collect(), ..Course::default() };
        let course = Arc::new(Mutex::new(course));
        let task = tokio::spawn(accept(listener, Arc::clone(&course)));
        Self { port, course, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it; panics if it was not followed to the letter.
    pub(crate) fn finish(self) -> Report {
        self.task.abort();
        let course = self.course.lock().unwrap();
        assert!(course.surprises.is_empty(), "not in the script: {:?}", course.surprises);
        assert!(course.steps.is_empty(), "never asked for: {:?}", course.steps);
        Report {
            requests: course.requests.clone(),
            connections: course.connections,
            most_under_way: course.most_under_way,
        }
    }
}

async fn accept(listener: TcpListener, course: Arc<Mutex<Course>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let closes = {
            let mut course = course.lock().unwrap();
            course.connections += 1;
            let closes =
                course.steps.front().is_some_and(|step| matches!(step.then, Then::CloseAtOnce));
            if closes {
                course.steps.pop_front();
            }
            closes
        };
        if !closes {
            tokio::spawn(serve(stream, Arc::clone(&course)));
        }
    }
}

/// Answers one request after the other, until the script or the client ends the connection.
async fn serve(mut stream: TcpStream, course: Arc<Mutex<Course>>) {
    while let Some(request) = read(&mut stream).await {
        let then = course.lock().unwrap().take(request);
        match then {
            Then::CloseAtOnce => return,
            Then::Reset => {
                course.lock().unwrap().under_way -= 1;
                stream.set_zero_linger().unwrap();
                return;
            }
            Then::Silence => {
                // Until the client gives up.
                let _ = stream.read(&mut [0]).await;
                course.lock().unwrap().under_way -= 1;
                return;
            }
            Then::Send(bytes) => {
                course.lock().unwrap().under_way -= 1;
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Then::Reply { after, bytes } => {
                tokio::time::sleep(after).await;
                course.lock().unwrap().under_way -= 1;
                // A client that has seen enough closes early.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Course {
    /// Takes the next step for `request`; something harmless and final if there is none.
    fn take(&mut self, request: Request) -> Then {
        self.under_way += 1;
        self.most_under_way = self.most_under_way.max(self.under_way);
        let action = request.form.get("Action").cloned().unwrap_or_default();
        self.requests.push(request);
        match self.steps.pop_front() {
            Some(Step { action: Some(expected), then }) if expected == action => then,
            step => {
                self.surprises.push(format!("{action} instead of {step:?}"));
                Then::Reply { after: Duration::ZERO, bytes: http(418, &[], b"") }
            }
        }
    }
}

/// The next request; `None` when the client is done with the connection.
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
