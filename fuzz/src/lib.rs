//! Fuzz targets: one module for each kind of input that the provider reads from others.
//!
//! `run` takes any bytes. It may refuse them, but must not panic, hang, or allocate out of
//! proportion to their length; round trips and secrets are asserted in the target. `seeds` are
//! inputs that pass the first checks. `fuzz_targets/` runs the targets with cargo-fuzz,
//! `tests/fuzz.rs` of the provider with proptest.

pub mod credentials;
pub mod handshake;
pub mod json;
pub mod msgpack;
pub mod regex;
pub mod response;
pub mod rpc;
pub mod words;

mod values;

#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Panics on a fault of the provider.
    pub run: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Limit of allocated bytes for an input, and per byte of its length.
    pub memory: (u64, u64),
}

pub const TARGETS: [Target; 8] = [
    Target::new("credentials", credentials::run, credentials::seeds),
    Target::new("handshake", handshake::run, handshake::seeds),
    Target { memory: (1 << 20, 8 << 10), ..Target::new("json", json::run, json::seeds) },
    Target::new("msgpack", msgpack::run, msgpack::seeds),
    Target { memory: (16 << 20, 1 << 10), ..Target::new("regex", regex::run, regex::seeds) },
    Target::new("response", response::run, response::seeds),
    Target::new("rpc", rpc::run, rpc::seeds),
    Target::new("words", words::run, words::seeds),
];

impl Target {
    const fn new(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Self {
        Self { name, run, seeds, memory: (1 << 20, 1 << 10) }
    }
}

/// Depth of nesting at which a decoder with unlimited recursion overflows the stack.
const DEPTH: usize = 20_000;
