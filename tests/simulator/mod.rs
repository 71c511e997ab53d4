//! The simulator: documented behavior of the API, faults, and control requests.

mod binary;
mod caller;
mod control;
mod credentials;
mod describe;
mod faults;
mod power;
mod without_gpu;
