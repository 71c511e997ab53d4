//! Connections: shared by describes, new for requests that must not be repeated and after a lost
//! response.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;

#[tokio::test]
async fn describes_share_a_connection_and_starts_do_not() {
    let describes = || Step::json(DESCRIBE, NONE);
    let starts = || Step::json(START, STARTED);
    let script = Script::start([describes(), starts(), describes(), starts(), describes()]).await;
    let client = client(settings(&script.url()));
    for _ in 0..2 {
        client.call(&describe()).await.unwrap();
        client.clone().call(&start()).await.unwrap();
    }
    client.call(&describe()).await.unwrap();
    assert_eq!(script.finish().connections, 3);
}

#[tokio::test]
async fn no_idle_connection_is_used_after_a_lost_response() {
    let slow = || Step::json(DESCRIBE, NONE).after(Duration::from_millis(200));
    let quick = Step::json(DESCRIBE, NONE);
    let script = Script::start([slow(), slow(), Step::reset(DESCRIBE), quick]).await;
    let client = client(settings(&script.url()));
    let (first, second) = (describe(), describe());
    let (first, second) = tokio::join!(client.call(&first), client.call(&second));
    first.unwrap();
    second.unwrap();
    // One of the two connections breaks. The other one is not trusted either.
    client.call(&describe()).await.unwrap();
    assert_eq!(script.finish().connections, 3);
}

/// Responds to the first request of each connection, and resets it at the second one.
async fn serve_once(mut stream: TcpStream, starts: Arc<AtomicUsize>) {
    let mut buffer = [0; 4096];
    for is_first in [true, false] {
        let length = stream.read(&mut buffer).await.unwrap_or_default();
        if length == 0 {
            return;
        }
        let is_start = String::from_utf8_lossy(&buffer[..length]).contains(START);
        starts.fetch_add(usize::from(is_start), Ordering::SeqCst);
        if is_first {
            let body = if is_start { STARTED } else { NONE };
            let length = body.len();
            let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(response.as_bytes()).await.unwrap();
        }
    }
    stream.set_zero_linger().unwrap();
}

/// A server that closes each connection shortly after its response can receive another request
/// meanwhile.
#[tokio::test]
async fn no_start_is_lost_on_a_connection_that_the_server_closes() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let starts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&starts);
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve_once(stream, Arc::clone(&counted)));
        }
    });
    let client = client(settings(&url));
    for _ in 0..5 {
        client.call(&describe()).await.unwrap();
        client.call(&start()).await.unwrap();
    }
    assert_eq!(starts.load(Ordering::SeqCst), 5);
    server.abort();
}
