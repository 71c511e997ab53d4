//! A running simulator.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{
    Router,
    routing::{get, post},
    serve::Listener,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, runtime::Builder};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{
    api_route::api,
    call::Call,
    capacity::Capacity,
    control_routes::{
        add_faults, advance, clear_calls, clear_faults, list_calls, list_instances, patch_image,
        patch_instance, set_capacity,
    },
    fault::Fault,
    options::Options,
    response::NoResponse,
    shared::Shared,
};

/// Failure to start a simulator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Control requests need no credentials, so the simulator must not be reachable from other
    /// machines.
    #[error("refusing to listen on {0}: only a loopback address is allowed")]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    /// A malformed instance. The text begins with its index.
    #[error("{0}")]
    Instance(String),
    #[error("cannot start the simulator's thread")]
    Thread(#[source] io::Error),
}

/// A running simulator. Dropping it closes its listener and every connection.
///
/// It has its own thread and runtime: a test can block, or pause Tokio's time, without stopping it.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts to listen. Requests are accepted when it returns.
    ///
    /// # Errors
    /// The address is not a loopback address or cannot be bound, or an instance is malformed.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let wanted = options.listen;
        if !wanted.ip().is_loopback() {
            return Err(Error::NotLoopback(wanted));
        }
        let shared = Arc::new(Shared::new(options).map_err(Error::Instance)?);
        let listen = |source| Error::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let listener = listener.into_std().map_err(listen)?;

        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let stop = CancellationToken::new();
        let thread = thread::Builder::new().name("compshare-simulator".to_owned()).spawn({
            let (shared, stop) = (Arc::clone(&shared), stop.clone());
            // The runtime is dropped with this closure, and all connections with the runtime.
            move || {
                runtime.block_on(async {
                    let Ok(listener) = TcpListener::from_std(listener) else { return };
                    stop.run_until_cancelled(serve(listener, shared)).await;
                });
            }
        });
        Ok(Self { shared, address, stop, thread: Some(thread.map_err(Error::Thread)?) })
    }

    /// Returns the base URL for clients, for example `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns every API request in order. Control requests are not included.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.account().calls.clone()
    }

    /// Clears the list of API requests.
    pub fn clear_calls(&self) {
        self.shared.account().calls.clear();
    }

    /// Returns the number of requests of `action`.
    pub fn count(&self, action: &str) -> usize {
        self.shared.account().calls.iter().filter(|call| call.action == action).count()
    }

    /// Returns the actual fields of an instance, as an element of `UHostSet`, without the effects
    /// of faults on describes.
    pub fn instance(&self, id: &str) -> Option<Value> {
        let now = self.shared.time.now();
        let mut account = self.shared.account();
        account.settle(now);
        account.instances.get(id).map(|instance| instance.view().into())
    }

    /// Returns the actual fields of all instances, as a describe would report them without faults
    /// and without the delay after a create.
    pub fn instances(&self) -> Vec<Value> {
        let now = self.shared.time.now();
        self.shared.account().views(now)
    }

    /// Merges `patch` into an image, for example `{"Status": "UnAvailable"}`.
    ///
    /// # Panics
    /// There is no such image, or the patch is invalid.
    #[track_caller]
    pub fn patch_image(&self, id: &str, patch: Value) {
        let Value::Object(patch) = patch else { panic!("a patch must be an object: {patch}") };
        match self.shared.account().patch_image(id, patch) {
            Ok(true) => {}
            Ok(false) => panic!("there is no image `{id}` to patch"),
            Err(problem) => panic!("cannot patch `{id}`: {problem}"),
        }
    }

    /// Returns the data disks that terminated instances have left.
    pub fn detached_disks(&self) -> Vec<Value> {
        self.shared.account().detached_disks.clone()
    }

    /// Merges `patch` into an instance, like a change in the console. A null field is removed; if
    /// `patch` itself is null, the instance is removed. A new `State` ends the transition in
    /// progress and its lock. `GPU: 0` on a running instance means no-GPU mode.
    ///
    /// # Panics
    /// There is no such instance, or the patch is invalid: the test would test nothing.
    #[track_caller]
    pub fn patch(&self, id: &str, patch: Value) {
        let now = self.shared.time.now();
        match self.shared.account().patch(id, patch, now) {
            Ok(true) => {}
            Ok(false) => panic!("there is no instance `{id}` to patch"),
            Err(problem) => panic!("cannot patch `{id}`: {problem}"),
        }
    }

    /// Removes an instance if it exists, like a deletion in the console.
    pub fn remove(&self, id: &str) {
        self.shared.account().instances.remove(id);
    }

    /// Adds a fault.
    pub fn add_fault(&self, fault: Fault) {
        let now = self.shared.time.now();
        self.shared.account().faults.add(fault, now);
    }

    /// Removes all faults. Their past effects remain.
    pub fn clear_faults(&self) {
        self.shared.account().faults.clear();
    }

    /// Sets the number of free GPUs.
    pub fn set_capacity(&self, capacity: Capacity) {
        let now = self.shared.time.now();
        self.shared.account().capacities.set(capacity, now);
    }

    /// Advances the clock, which may be stepped or real.
    pub fn advance(&self, by: Duration) {
        self.shared.time.advance(by);
    }
}

/// Omits keys and instances, which contain secrets.
impl fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // The thread panics only if a request did, and the client of that request has failed.
            let _ = thread.join();
        }
    }
}

/// Accepts connections until it is dropped.
async fn serve(mut listener: TcpListener, shared: Arc<Shared>) {
    let routes = Router::new()
        .route("/", post(api))
        .route("/simulator/advance", post(advance))
        .route("/simulator/capacity", post(set_capacity))
        .route("/simulator/calls", get(list_calls).delete(clear_calls))
        .route("/simulator/faults", post(add_faults).delete(clear_faults))
        .route("/simulator/images/{id}", post(patch_image))
        .route("/simulator/instances", get(list_instances))
        .route("/simulator/instances/{id}", post(patch_instance))
        .with_state(shared);
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        let routes = routes.clone();
        let service = service_fn(move |request| {
            let response = routes.clone().oneshot(request);
            async {
                let Ok(response) = response.await;
                // hyper closes the connection if the service fails.
                match response.extensions().get::<NoResponse>() {
                    Some(NoResponse) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                    None => Ok(response),
                }
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
