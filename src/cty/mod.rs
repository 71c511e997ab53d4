//! Terraform's values and types, and their two encodings.
//!
//! A [`Value`] has a [`Type`] only together with a schema: the wire carries no types. A value can
//! be null, and it can be unknown ("known after apply"), at any depth.
//!
//! [`msgpack`] is the encoding of the plugin protocol, [`json`] that of state files. Both follow
//! Terraform's own library, [go-cty](https://github.com/zclconf/go-cty) (packages `cty`,
//! `cty/msgpack` and `cty/json`). [`conforms`] checks a value against a type; the encoders call it
//! first, so that no malformed value is sent.
//!
//! This module contains neither gRPC, HTTP, a clock or the environment, nor anything about a
//! particular provider. Input is treated as hostile: the depth of a value is bounded by its type,
//! and its memory by its input. No error contains a value, since any value may be a secret.

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

pub use conform::conforms;
pub use error::Error;
pub use number::Number;
pub use path::{Path, Step};
pub use types::Type;
pub use value::{Unknown, Value};
