//! Terraform's values and types, and their two encodings.
//!
//! A [`Value`] means something only together with its [`Type`], which comes from a schema: the wire carries no types, except
//! inside [`Type::Dynamic`]. A value can be null, and it can be unknown: "known after apply", at any depth.
//!
//! [`msgpack`] is the form of the plugin protocol; [`json`] that of state files. Both follow what Terraform's own library does,
//! [go-cty](https://github.com/zclconf/go-cty) (packages `cty`, `cty/msgpack` and `cty/json`). [`conforms`] says whether a value
//! has the shape a type asks for; the encoders ask it first, so nothing malformed leaves.
//!
//! This module never contains gRPC, HTTP, a clock, the environment, or anything about a particular provider: only bytes, values
//! and types. Input is taken as hostile: it can be refused, but it cannot exhaust the stack, and what it allocates is bounded
//! by its own size. No error repeats a value, since any value may be a secret.

mod conform;
mod error;
pub mod json;
pub mod msgpack;
mod number;
mod path;
#[cfg(test)]
mod samples;
mod types;
mod value;

pub use self::{
    conform::conforms,
    error::{Error, ErrorKind},
    number::{NotANumber, Number},
    path::{Path, Step},
    types::Type,
    value::{Unknown, Value},
};

/// How deep a value may nest. Schemas nest a handful of levels; more is an attack on the stack.
const MAX_DEPTH: usize = 128;
