//! A stand-in for Terraform core, in process.
//!
//! It plans, applies, refreshes, imports and destroys one resource of any type through the
//! generated client, reads data sources, opens ephemeral resources, runs queries and invokes
//! actions. Every response is checked against the rules that core itself enforces. A broken rule is
//! a panic that names the rule; diagnostics for the practitioner are a result.

mod action;
mod blocks;
mod connection;
mod data_source;
mod diagnostic;
mod ephemeral;
mod list;
mod plan;
mod resource;
mod rules;
mod schema;
mod storage;
mod terraform;
mod value;

pub(crate) use self::{
    blocks::BlockKind,
    connection::connect,
    diagnostic::{Diagnostic, Errors},
    list::Listed,
    plan::{Action, Plan},
    schema::{Block, UNKNOWN},
    terraform::Terraform,
};
