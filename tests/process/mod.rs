//! The real binary: handshake, TLS, shutdown, logs, and use from a shell.

#![cfg(unix)]

#[cfg(target_os = "linux")]
mod api_certificates;
#[cfg(target_os = "linux")]
mod before_handshake;
#[cfg(target_os = "linux")]
mod core_dump;
mod debug;
mod endpoint;
mod failed_start;
mod handshake_line;
#[cfg(target_os = "linux")]
mod host_killed;
mod log;
mod long_calls;
mod manual_start;
#[cfg(target_os = "linux")]
mod memory;
mod old_tls;
mod other_users;
#[cfg(target_os = "linux")]
mod proxies;
mod restarts;
mod security;
mod services;
mod shutdown;
mod socket_path;
#[cfg(target_os = "linux")]
mod sockets;
#[cfg(target_os = "linux")]
mod stalled_handshakes;
mod tcp;
mod two_hosts;
mod user_files;

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY};
use tokio::time::{sleep, timeout};

use crate::support::host::LIMIT;

/// Waits until `condition` is true; panics after [`LIMIT`].
async fn until(condition: impl Fn() -> bool) {
    let waited = async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, waited).await.expect("the condition did not become true");
}

/// Returns the provider block for the simulator at `url`; the environment of the binary has no
/// configuration.
fn account(url: &str) -> Json {
    json!({
        "base_url": url,
        "public_key": DEMO_PUBLIC_KEY,
        "private_key": DEMO_PRIVATE_KEY,
        "poll_interval": "50ms",
        "max_retries": 0,
    })
}
