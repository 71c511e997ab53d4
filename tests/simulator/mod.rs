//! The simulator: documented behavior of the API, faults, and control requests.

mod binary;
mod caller;
mod catalog;
mod control;
mod credentials;
mod describe;
mod faults;
mod power;
mod stop_scheduler;
mod without_gpu;
