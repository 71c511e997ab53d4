//! Terraform provider for CompShare: the power state of rented GPU instances, as code.
//!
//! # Architecture
//!
//! ## In one picture
//!
//! Terraform starts the binary, and finds a gRPC server that speaks its plugin protocol, version 5. The practitioner's
//! configuration comes in as values, is compared with what the cloud reports, and ends in StartCompShareInstance or
//! StopCompShareInstance, or, most often, in nothing at all. Around that resource there is what people expect: data sources,
//! a list for `terraform query`, actions, and an ephemeral login.
//!
//! ```text
//! host (Terraform, OpenTofu)
//!   │ process, handshake line, mutual TLS          plugin
//!   │ tfplugin5 over gRPC                          protocol
//!   │ values, schemas, plans, diagnostics          framework over cty
//!   │ what there is, in Terraform's words          provider
//!   │ from one power state to another              power
//!   │ sign, send, judge, repeat, limit             compshare
//!   ▼
//! cloud (or the simulator)
//! ```
//!
//! ## Code map
//!
//! - [`plugin`]: how a process becomes a gRPC server for its host. It serves whatever router it is given.
//! - [`protocol`]: tfplugin5 on one side, the framework on the other; one short method per RPC.
//! - [`framework`]: what a provider author writes against, and the rules that Terraform checks.
//! - [`cty`]: Terraform's values and types, in MessagePack and JSON.
//! - [`provider`]: ours: the provider block, what it offers, one file each, and the one place where failures become messages.
//! - [`power`]: the decision what to do next about an instance, and the loop around it; for the resource and the actions alike.
//! - [`compshare`]: the API client, with credentials and errors.
//! - `simulator`: the simulated API, for tests and for the demo; behind the feature of that name.
//! - [`environment`]: the process environment, taken once by `main` and handed on.
//! - [`panics`]: what may be told of one, and where it was.
//!
//! ## Invariants
//!
//! Most of them are absences, and `tests/architecture` holds them over the `use` lines:
//!
//! - `plugin` knows no Terraform beyond cookie and version. `protocol` alone names generated tfplugin5 types.
//! - `framework` and `cty` know no gRPC, no HTTP, no clock and no environment.
//! - `compshare` and `power` know no Terraform. `provider` never builds a form or reads JSON.
//! - `simulator` shares no request or response type with `compshare`: else both would agree on the same mistake.
//! - Only `main` reads the environment; the handshake and the search for credentials are handed it.
//! - Only `plugin` writes to stdout, and there only the handshake line (or, in debug mode, how to attach).
//!
//! ## Money and secrets
//!
//! A start is never sent twice on a guess: see [`power`]. None is sent for a host that is gone: its next run may be at work on
//! the same instance. Keys, signatures and passwords are in types that do not print.

pub mod compshare;
pub mod cty;
pub mod environment;
pub mod error_chain;
pub mod framework;
mod lock;
pub mod panics;
pub mod plugin;
pub mod power;
pub mod protocol;
pub mod provider;
#[cfg(feature = "simulator")]
pub mod simulator;
