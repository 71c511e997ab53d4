//! Stories with real Terraform, the provider's own process and a simulated cloud in this process.
//!
//! `protocol` tests the responses to single requests; these stories test what a user sees in the
//! terminal.

#![cfg(unix)]

mod actions;
mod data_sources;
mod debug;
mod demo;
mod ephemeral;
mod examples;
mod fleet;
mod guides;
mod identity;
mod install;
mod instance;
mod interrupt;
mod kill;
mod kill_create;
mod lifecycle;
mod log;
mod no_gpu;
mod oldest;
mod power;
mod query;
mod refusals;
mod scripts;
mod secrets;
mod stage;
mod start;
mod states;
mod stop_schedule;
