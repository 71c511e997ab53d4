//! The cloud, small: a stand-in for the CompShare API that needs no account and costs nothing.
//!
//! It answers the calls this project makes, over HTTP, the way the real one does where that is known: the request
//! signature, RetCodes under HTTP 200, states that take time, the operation lock, paging, its tolerance of unknown
//! parameters. The vendor's own clients work with it unmodified (`tests/vendor`).
//!
//! - [`Simulator`] runs it inside a test; the `compshare-simulator` binary runs it for a demonstration.
//! - [`Fault`] is what can go wrong, as data; [`Call`] is what was asked.
//! - `cloud` is the model: state machine, lock, paging. It knows neither HTTP nor the time of day.
//! - `http` is the front: forms, signature, connections that break.
//!
//! It shares no type and no code with [`crate::compshare`], the API client, so that the two cannot agree on a mistake.
//!
//! # What goes on under `/simulator/`
//!
//! | request | effect |
//! |---|---|
//! | `GET /simulator/calls` | every API call so far, as an array of [`Call`] |
//! | `DELETE /simulator/calls` | forgets them |
//! | `POST /simulator/instances/ID` | merges a JSON object into the instance, behind the API's back; `null` removes it |
//! | `POST /simulator/faults` | adds a [`Fault`], or an array of them |
//! | `DELETE /simulator/faults` | removes all of them |
//! | `POST /simulator/advance` | moves the clock on by a duration, such as `"30s"` |
//!
//! # Where the documents are silent
//!
//! - `Limit` counts (20 if absent) even where `UHostIds` is given. An `Offset` at or past the total is refused unless it is 0.
//! - The lock is looked at before the state, so a second start during a start is 8903; 226622 needs a `Starting` without lock.
//! - `Documented` mode takes the size from `WithoutGpuSpec` if the boolean is true and both are sent.
//! - A call without `ProjectId` sees only the default project; a project that no instance is in does not exist.
//! - A stop of a spot instance (`ChargeType` `Spot`) without `Force` is refused with 210.

mod clock;
mod cloud;
mod document;
mod duration;
mod faults;
mod http;
mod instance;
mod journal;
mod refusal;
mod signature;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::{
    clock::Clock,
    document::{Document, DocumentError},
    duration::parse_duration,
    faults::{Effect, Fault, Garbage},
    journal::Call,
};
use self::{clock::Time, cloud::Cloud, http::Front};

/// The public key of a simulator that is given none. It opens nothing.
pub const DEMO_PUBLIC_KEY: &str = "demo-public-key";
/// The private key that belongs to [`DEMO_PUBLIC_KEY`].
pub const DEMO_PRIVATE_KEY: &str = "demo-private-key";

/// Which of the two parameters of a start without GPU the cloud honours. The real one has changed its mind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutGpuMode {
    /// The documented boolean `WithoutGpu` decides; `WithoutGpuSpec` may only choose the size.
    #[default]
    Documented,
    /// `WithoutGpuSpec` decides; the boolean is ignored like any unknown parameter.
    Spec,
    /// `WithoutGpuSpec` decides; a call with the boolean is refused with 230.
    Strict,
}

/// What a simulator is made of. The default suits most tests: demo keys, no instance, everything done at once.
#[derive(Clone)]
pub struct Options {
    /// The account's public key.
    pub public_key: String,
    /// The account's private key.
    pub private_key: String,
    /// API fields of each instance; `UHostId` is required, the others override defaults (stopped, one GPU, `Postpay`).
    pub instances: Vec<Value>,
    /// How long a start or a reboot takes, by the clock. With zero the next call sees the instance `Running`.
    pub start_time: Duration,
    /// How long a stop takes.
    pub stop_time: Duration,
    /// How long the operation lock holds at most; the end of the operation releases it earlier.
    pub lock_ttl: Duration,
    /// How long each answer takes, in real time.
    pub latency: Duration,
    /// How a start without GPU is understood.
    pub without_gpu: WithoutGpuMode,
    /// Where to listen; a loopback address. Port 0 is any free one.
    pub listen: SocketAddr,
    /// The time it lives by.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_key: DEMO_PUBLIC_KEY.to_owned(),
            private_key: DEMO_PRIVATE_KEY.to_owned(),
            instances: Vec::new(),
            start_time: Duration::ZERO,
            stop_time: Duration::ZERO,
            lock_ttl: Duration::from_secs(10 * 60),
            latency: Duration::ZERO,
            without_gpu: WithoutGpuMode::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::default(),
        }
    }
}

/// Without the private key.
impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("public_key", &self.public_key)
            .field("instances", &self.instances.len())
            .field("without_gpu", &self.without_gpu)
            .field("listen", &self.listen)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It would have been reachable from elsewhere, and it takes orders from anyone.
    #[error("refusing to listen on {0}: only a loopback address is allowed")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// An instance is not what an instance has to be. The text begins with the place.
    #[error("{0}")]
    Instance(String),
    /// The system has no thread, or no event queue, to spare.
    #[error("cannot start the simulator's thread")]
    Thread(#[source] io::Error),
}

/// A running simulator. Dropping it closes its listener and every connection.
///
/// It has a thread and a runtime of its own, so a test may block, or pause Tokio's time, without holding it up.
pub struct Simulator {
    front: Arc<Front>,
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Begins to listen; from now on requests are answered.
    ///
    /// # Errors
    ///
    /// If the address is not a loopback one or cannot be had, or an instance is malformed.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let wanted = options.listen;
        if !wanted.ip().is_loopback() {
            return Err(Error::NotLoopback(wanted));
        }
        let front = Arc::new(front(options)?);
        let listen = |source| Error::Listen { address: wanted, source };
        let listener = tokio::net::TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let listener = listener.into_std().map_err(listen)?;

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Thread)?;
        let stop = CancellationToken::new();
        let thread = thread::Builder::new().name("compshare-simulator".to_owned()).spawn({
            let (front, stop) = (Arc::clone(&front), stop.clone());
            // The runtime ends with this closure, and all connections with the runtime.
            move || {
                runtime.block_on(async {
                    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                    let _ = stop.run_until_cancelled(http::serve(listener, front)).await;
                });
            }
        });
        Ok(Self { front, address, stop, thread: Some(thread.map_err(Error::Thread)?) })
    }

    /// The base URL for clients, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request the API received, in order. Control requests do not count.
    pub fn calls(&self) -> Vec<Call> {
        locked(&self.front.cloud).journal.clone()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        locked(&self.front.cloud).journal.clear();
    }

    /// How often `action` was called.
    pub fn count(&self, action: &str) -> usize {
        locked(&self.front.cloud).journal.iter().filter(|call| call.action == action).count()
    }

    /// The truth about an instance, as an element of `UHostSet`, whatever faults make describes say. `None`: there is none.
    pub fn instance(&self, id: &str) -> Option<Value> {
        let now = self.front.time.now();
        let mut cloud = locked(&self.front.cloud);
        cloud.settle(now);
        cloud.instances.get(id).map(|instance| instance.view())
    }

    /// Merges `patch` into an instance behind the API's back, as someone at the console might. A null in it removes that
    /// field; a `patch` that is itself null removes the instance. A new `State` ends the operation that was going on and its
    /// lock. `GPU: 0` on a running instance means that it runs without GPU.
    ///
    /// # Panics
    ///
    /// If there is no such instance, or the patch is not one: a test that changes nothing would prove nothing.
    #[track_caller]
    pub fn patch(&self, id: &str, patch: Value) {
        let now = self.front.time.now();
        match locked(&self.front.cloud).patch(id, patch, now) {
            Ok(true) => {}
            Ok(false) => panic!("there is no instance `{id}` to patch"),
            Err(problem) => panic!("cannot patch `{id}`: {problem}"),
        }
    }

    /// Removes an instance behind the API's back. It may be gone already.
    pub fn remove(&self, id: &str) {
        locked(&self.front.cloud).instances.remove(id);
    }

    /// Makes something go wrong from now on.
    pub fn add_fault(&self, fault: Fault) {
        let now = self.front.time.now();
        locked(&self.front.cloud).add_fault(fault, now);
    }

    /// Takes back all faults that have not struck yet. What a fault already did stays done.
    pub fn clear_faults(&self) {
        locked(&self.front.cloud).faults.clear();
    }

    /// Moves the clock on. A real clock can be moved on too.
    pub fn advance(&self, by: Duration) {
        self.front.time.advance(by);
    }
}

/// Without keys and instances, which hold secrets.
impl fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // It panicked only if one of its requests did, which that request's client has seen.
            let _ = thread.join();
        }
    }
}

fn front(options: Options) -> Result<Front, Error> {
    let time = Time::new(options.clock);
    let public_key = options.public_key.clone();
    let private_key = options.private_key.clone();
    let latency = options.latency;
    let cloud = Cloud::new(options, time.now()).map_err(Error::Instance)?;
    Ok(Front { cloud: Mutex::new(cloud), time, public_key, private_key, latency })
}

/// Locks, poisoned or not: a request that panicked must not take the others with it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
