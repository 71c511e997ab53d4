//! The simulator behaves as the API is documented to, and breaks as it is told to.

mod binary;
mod caller;
mod control;
mod credentials;
mod describe;
mod faults;
mod power;
mod without_gpu;
