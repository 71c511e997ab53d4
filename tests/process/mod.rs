//! The real binary, as a host starts it and as a person does.

#![cfg(unix)]

mod by_hand;
#[cfg(target_os = "linux")]
mod cloud_certificates;
#[cfg(target_os = "linux")]
mod core_dump;
mod debug;
mod door;
mod ending;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod line_first;
mod log;
mod old_tls;
mod other_users;
mod rounds;
mod security;
mod services;
#[cfg(target_os = "linux")]
mod sockets;
#[cfg(target_os = "linux")]
mod stalled;
mod start;
mod tcp;
mod two_hosts;
mod waits;
#[cfg(target_os = "linux")]
mod weight;

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY};
use tokio::time::{sleep, timeout};

use crate::support::host::LIMIT;

/// Waits until `happened`, which has to be soon.
async fn until(happened: impl Fn() -> bool) {
    let waited = async {
        while !happened() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, waited).await.expect("it never happened");
}

/// The provider block for the simulator at `url`, which the binary's environment does not lead to.
fn account(url: &str) -> Json {
    json!({
        "base_url": url,
        "public_key": DEMO_PUBLIC_KEY,
        "private_key": DEMO_PRIVATE_KEY,
        "poll_interval": "50ms",
        "max_retries": 0,
    })
}
