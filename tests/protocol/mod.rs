//! Tests of the provider through its protocol, in process: between a stand-in for Terraform core
//! and the simulated cloud.

mod actions;
mod computed;
mod conformance;
mod contradictions;
mod data_sources;
mod gpu_instance;
mod gpu_mode;
mod identity;
mod interruption;
mod keepalive;
mod location;
mod login;
mod messages;
mod minimal_resource;
mod offers;
mod padding;
mod panics;
mod plan;
mod provider;
mod query;
mod read_ahead;
mod recent;
mod setup;
mod sharing;
mod start;
mod state;
mod stop;
mod stop_schedule;
mod table;
mod unknowns;
