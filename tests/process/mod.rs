//! The real binary, as a host starts it and as a person does.

#![cfg(unix)]

mod by_hand;
mod debug;
mod ending;
mod log;
mod security;
mod services;
mod start;
mod tcp;
