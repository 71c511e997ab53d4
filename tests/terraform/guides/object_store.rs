//! An S3-compatible store with one bucket, as far as Terraform's backend needs it: objects,
//! conditional writes and an empty list.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
};

type Objects = Arc<Mutex<HashMap<String, Bytes>>>;

/// Its thread runs until the end of the tests.
pub(super) struct ObjectStore {
    url: String,
    objects: Objects,
}

impl ObjectStore {
    pub(super) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let objects = Objects::default();
        let routes = Router::new().fallback(respond).with_state(objects.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, routes).await.unwrap();
            });
        });
        Self { url: format!("http://{address}"), objects }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Text of an object, if it exists.
    pub(super) fn object(&self, path: &str) -> Option<String> {
        let objects = self.objects.lock().unwrap();
        objects.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Responds to a request. The signature is not checked.
async fn respond(
    State(objects): State<Objects>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Bytes) {
    let mut objects = objects.lock().unwrap();
    let path = uri.path();
    let missing = || error(StatusCode::NOT_FOUND, "NoSuchKey");
    if method == Method::GET && uri.query().is_some_and(|query| query.contains("list-type=2")) {
        return (StatusCode::OK, Bytes::from_static(b"<ListBucketResult/>"));
    }
    if method == Method::PUT {
        if headers.contains_key("if-none-match") && objects.contains_key(path) {
            return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        }
        objects.insert(path.to_owned(), body);
        return (StatusCode::OK, Bytes::new());
    }
    if method == Method::DELETE {
        objects.remove(path);
        return (StatusCode::NO_CONTENT, Bytes::new());
    }
    objects.get(path).map_or_else(missing, |body| (StatusCode::OK, body.clone()))
}

fn error(status: StatusCode, code: &str) -> (StatusCode, Bytes) {
    (status, format!("<Error><Code>{code}</Code></Error>").into())
}
