//! Terraform provider for CompShare: manages GPU instances and their power state.
//!
//! # Architecture
//!
//! ## Overview
//!
//! Terraform starts the binary, which serves version 5 of Terraform's plugin protocol over gRPC. The
//! provider compares the practitioner's configuration with the state that the CompShare API reports,
//! and sends requests such as StartCompShareInstance if they differ. Resources manage instances, their
//! power state and their scheduled stops. Around them there are data sources, list resources for
//! `terraform query`, actions, and an ephemeral resource for login data.
//!
//! ```text
//! host (Terraform, OpenTofu)
//!   │ process, handshake line, mutual TLS          plugin
//!   │ tfplugin5 over gRPC                          protocol
//!   │ values, schemas, plans, diagnostics          framework over cty
//!   │ resources, data sources, actions, messages   provider
//!   │ start, stop, reboot: targets and decisions   power
//!   │ create, resize, delete                       lifecycle
//!   │ describe, decide, call, wait                 operation
//!   │ sign, send, retry, limit, batch              compshare
//!   ▼
//! CompShare API (or the simulator)
//! ```
//!
//! ## Code map
//!
//! - [`plugin`]: go-plugin's side of a provider process. It serves any gRPC services.
//! - [`protocol`]: tfplugin5 over the framework, with one short function per RPC.
//! - [`framework`]: the API for provider authors, and the rules that Terraform enforces.
//! - [`cty`]: Terraform's values and types, in MessagePack and JSON.
//! - [`provider`]: the provider block and the products, with one folder per product; `message` turns
//!   failures into diagnostics.
//! - [`power`]: targets and decisions of operations on the power state of an instance, for the
//!   resource and the actions.
//! - [`lifecycle`]: create, resize and delete of an instance.
//! - [`operation`]: the loop, instance lock, retries and log that all kinds of operation share.
//! - [`compshare`]: the API client, with credentials, errors and batching.
//! - `simulator`: a small CompShare API for tests and the demo, behind the feature of that name.
//! - [`environment`]: snapshot of the process environment.
//! - [`panics`]: message and location of a panic, without secrets.
//! - [`error_chain`]: text of an error with its causes.
//!
//! ## Invariants
//!
//! Most invariants are absences, which `tests/architecture` checks in the source text:
//!
//! - `plugin` knows of Terraform only the cookie and the protocol version. Only `protocol` names
//!   generated tfplugin5 types.
//! - `framework` and `cty` contain no gRPC, HTTP, clock or environment.
//! - `compshare`, `operation`, `power` and `lifecycle` do not know Terraform. `provider` builds no
//!   request form and reads no JSON.
//! - `simulator` shares no request or response type with `compshare`, so that both cannot agree on
//!   the same mistake.
//! - Only `main` reads the environment of the process.
//! - Only `plugin` and the binaries write to stdout. During a run that is the handshake line alone.
//! - No two files import each other, directly or through others.
//!
//! ## Money and secrets
//!
//! A start is never repeated on a guess (see [`power`]), nor is a create (see [`lifecycle`]), and
//! none is sent for a host that is gone, since the next run may work on the same instance. Keys,
//! signatures and passwords have types that do not print them.

pub mod compshare;
pub mod cty;
pub mod environment;
pub mod error_chain;
pub mod framework;
pub mod lifecycle;
mod lock;
pub mod operation;
pub mod panics;
pub mod plugin;
pub mod power;
pub mod protocol;
pub mod provider;
#[cfg(feature = "simulator")]
pub mod simulator;
