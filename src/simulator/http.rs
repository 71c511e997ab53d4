//! The HTTP front: forms in, JSON out, and the control routes under `/simulator/`.
//!
//! The API answers everything under HTTP status 200, refusals too. A connection that has to close without an answer is
//! [`Cut`]: its socket fails at the next byte written, so nothing of an answer can get out.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, State, connect_info::Connected},
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
    serve::{IncomingStream, Listener},
};
use futures_util::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use url::form_urlencoded;

use super::{
    clock::Time,
    cloud::{Action, Cloud, Form, given, list},
    duration::parse_duration,
    faults::{Effect, Fault, Garbage, Kind},
    journal::Call,
    locked,
    refusal::Refusal,
    signature,
};

/// How much a huge answer has too much, in bytes.
const HUGE: usize = 5 << 20;

/// What all connections share.
pub(super) struct Front {
    /// A std mutex: it is never held across an await.
    pub(super) cloud: Mutex<Cloud>,
    pub(super) time: Time,
    pub(super) public_key: String,
    pub(super) private_key: String,
    pub(super) latency: Duration,
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, front: Arc<Front>) -> io::Result<()> {
    let routes = Router::new()
        .route("/", post(api))
        .route("/simulator/advance", post(advance))
        .route("/simulator/calls", get(calls).delete(clear_calls))
        .route("/simulator/faults", post(add_faults).delete(clear_faults))
        .route("/simulator/instances/{id}", post(patch_instance))
        .with_state(front);
    axum::serve(Door(listener), routes.into_make_service_with_connect_info::<Cut>()).await
}

/// What goes back to the client.
enum Answer {
    Api(Value),
    Bytes { status: u16, content_type: &'static str, body: Vec<u8> },
    Drops { reply: Value, every: Duration },
    Nothing,
}

async fn api(
    State(front): State<Arc<Front>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    body: Bytes,
) -> Response<Body> {
    // The request is taken before anything waits: a client that gives up waiting has sent it all the same.
    let (answer, request_id, delay) = front.answer(&body);
    tokio::time::sleep(front.latency + delay).await;
    let mut response = match answer {
        Answer::Api(value) => Json(value).into_response(),
        Answer::Bytes { status, content_type, body } => {
            let status =
                StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Answer::Drops { reply, every } => {
            let body = Body::from_stream(drops(reply.to_string(), every));
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Answer::Nothing => {
            cut.now();
            Response::default()
        }
    };
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("X-UCLOUD-REQUEST-UUID", request_id);
    }
    response
}

impl Front {
    fn answer(&self, body: &[u8]) -> (Answer, String, Duration) {
        let form: Form = form_urlencoded::parse(body).into_owned().collect();
        let now = self.time.now();
        let mut cloud = locked(&self.cloud);
        let request_id = cloud.next_request_id();
        let name = form.get("Action").cloned().unwrap_or_default();
        let instance = given(&form, "UHostId").cloned();
        let instances = list(&form, "UHostIds").unwrap_or_default();
        let named: Vec<String> = instance.iter().chain(&instances).cloned().collect();

        let mut delay = Duration::ZERO;
        let (answer, ret_code) = match self.admit(&form) {
            Err(refusal) => (Answer::Api(refused(&name, &refusal)), Some(refusal.ret_code)),
            Ok(action) => {
                if let Some(Effect::Delay { by }) =
                    cloud.faults.strike(Kind::Delay, &name, &named, now)
                {
                    delay = by;
                }
                let fault = cloud.faults.strike(Kind::Transport, &name, &named, now);
                carry_out(&mut cloud, fault, &Request { action, name: &name, form: &form, now })
            }
        };
        cloud.journal.push(Call {
            action: name,
            instance,
            instances,
            at: now,
            parameters: form
                .into_iter()
                .filter(|(name, _)| name != "PublicKey" && name != "Signature")
                .collect(),
            ret_code,
            request_id: request_id.clone(),
        });
        (answer, request_id, delay)
    }

    /// What the gateway checks before it passes a request on.
    fn admit(&self, form: &Form) -> Result<Action, Refusal> {
        let name = given(form, "Action").ok_or_else(Refusal::missing_action)?;
        let action = Action::named(name).ok_or_else(|| Refusal::unknown_action(name))?;
        let (Some(public_key), Some(signature)) =
            (given(form, "PublicKey"), given(form, "Signature"))
        else {
            return Err(Refusal::missing_signature());
        };
        if *public_key != self.public_key {
            return Err(Refusal::unknown_public_key());
        }
        if *signature != signature::expected(form, &self.private_key) {
            return Err(Refusal::wrong_signature());
        }
        Ok(action)
    }
}

/// An API call that the gateway let through.
struct Request<'a> {
    action: Action,
    name: &'a str,
    form: &'a Form,
    now: Timestamp,
}

/// The answer to a request that `fault` strikes, and the RetCode the model came to if it took the request.
fn carry_out(
    cloud: &mut Cloud,
    fault: Option<Effect>,
    request: &Request<'_>,
) -> (Answer, Option<i64>) {
    match fault {
        Some(Effect::Refuse { ret_code, message }) => {
            let refusal = Refusal { ret_code, message };
            return (Answer::Api(refused(request.name, &refusal)), Some(ret_code));
        }
        Some(Effect::DropConnection) => return (Answer::Nothing, None),
        Some(Effect::Http { status, body, taken: false }) => {
            return (gateway_page(status, body), None);
        }
        _ => {}
    }
    let (reply, ret_code) =
        match cloud.take(request.action, request.name, request.form, request.now) {
            Ok(fields) => (accepted(request.name, fields), 0),
            Err(refusal) => (refused(request.name, &refusal), refusal.ret_code),
        };
    let answer = match fault {
        Some(Effect::LoseAnswer) => Answer::Nothing,
        Some(Effect::Http { status, body, .. }) => gateway_page(status, body),
        Some(Effect::Malformed(garbage)) => garbled(garbage, &reply),
        Some(Effect::Drip { every }) => Answer::Drops { reply, every },
        _ => Answer::Api(reply),
    };
    (answer, Some(ret_code))
}

/// `text` byte by byte, each after a pause.
fn drops(text: String, every: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    stream::iter(text.into_bytes()).then(move |byte| async move {
        tokio::time::sleep(every).await;
        Ok(Bytes::from(vec![byte]))
    })
}

fn accepted(name: &str, fields: Value) -> Value {
    let mut reply = json!({"Action": format!("{name}Response"), "RetCode": 0});
    if let (Value::Object(reply), Value::Object(fields)) = (&mut reply, fields) {
        reply.extend(fields);
    }
    reply
}

fn refused(name: &str, refusal: &Refusal) -> Value {
    json!({"Action": format!("{name}Response"), "RetCode": refusal.ret_code, "Message": refusal.message})
}

fn gateway_page(status: u16, body: String) -> Answer {
    Answer::Bytes { status, content_type: "text/html", body: body.into_bytes() }
}

fn garbled(garbage: Garbage, reply: &Value) -> Answer {
    let (content_type, body) = match garbage {
        Garbage::Truncated => {
            let mut body = reply.to_string().into_bytes();
            body.truncate(body.len() / 2);
            ("application/json", body)
        }
        Garbage::Html => ("text/html", b"<html><body><h1>It works!</h1></body></html>".to_vec()),
        Garbage::WrongTypes => {
            let reply = json!({
                "Action": 1, "RetCode": "zero", "Message": [1], "UHostId": 42,
                "TotalCount": "many", "UHostSet": {"0": true}, "ZoneInfo": "", "ProjectSet": 1,
            });
            ("application/json", reply.to_string().into_bytes())
        }
        Garbage::Huge => {
            let mut body = reply.to_string().into_bytes();
            body.resize(body.len() + HUGE, b' ');
            ("application/json", body)
        }
    };
    Answer::Bytes { status: 200, content_type, body }
}

async fn calls(State(front): State<Arc<Front>>) -> Json<Vec<Call>> {
    Json(locked(&front.cloud).journal.clone())
}

async fn clear_calls(State(front): State<Arc<Front>>) -> StatusCode {
    locked(&front.cloud).journal.clear();
    StatusCode::NO_CONTENT
}

async fn advance(
    State(front): State<Arc<Front>>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let by = match parse_json(&body)? {
        Value::String(text) => parse_duration(&text),
        _ => Err("a duration is expected, as a JSON string such as \"30s\"".to_owned()),
    };
    front.time.advance(by.map_err(|problem| (StatusCode::BAD_REQUEST, format!("{problem}\n")))?);
    Ok(StatusCode::NO_CONTENT)
}

/// One fault, or a list of them. The content type does not matter, so that `curl --data` is enough.
async fn add_faults(
    State(front): State<Arc<Front>>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let document = parse_json(&body)?;
    let documents = match document {
        Value::Array(documents) => documents,
        document => vec![document],
    };
    let faults: Result<Vec<Fault>, _> = documents.into_iter().map(serde_json::from_value).collect();
    let faults =
        faults.map_err(|error| (StatusCode::BAD_REQUEST, format!("not a fault: {error}\n")))?;
    let now = front.time.now();
    let mut cloud = locked(&front.cloud);
    for fault in faults {
        cloud.add_fault(fault, now);
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(front): State<Arc<Front>>) -> StatusCode {
    locked(&front.cloud).faults.clear();
    StatusCode::NO_CONTENT
}

async fn patch_instance(
    State(front): State<Arc<Front>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let patch = parse_json(&body)?;
    let now = front.time.now();
    match locked(&front.cloud).patch(&id, patch, now) {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err((StatusCode::NOT_FOUND, format!("there is no instance `{id}`\n"))),
        Err(problem) => Err((StatusCode::BAD_REQUEST, format!("{problem}\n"))),
    }
}

fn parse_json(body: &[u8]) -> Result<Value, (StatusCode, String)> {
    serde_json::from_slice(body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("not JSON: {error}\n")))
}

/// Accepts connections that can be cut.
struct Door(TcpListener);

impl Listener for Door {
    type Io = Connection;
    type Addr = Cut;

    async fn accept(&mut self) -> (Connection, Cut) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        let cut = Cut::default();
        (Connection { stream, cut: cut.clone() }, cut)
    }

    fn local_addr(&self) -> io::Result<Cut> {
        Ok(Cut::default())
    }
}

/// Whether a connection is to close without another byte.
#[derive(Clone, Debug, Default)]
struct Cut(Arc<AtomicBool>);

impl Cut {
    fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

impl Connected<IncomingStream<'_, Door>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A client's connection, as far as it was not [`Cut`].
struct Connection {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
