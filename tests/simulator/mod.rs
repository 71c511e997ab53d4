//! The simulator: documented behavior of the API, faults, and control requests.

mod binary;
mod caller;
mod catalog;
mod control;
mod create;
mod credentials;
mod describe;
mod faults;
mod images;
mod power;
mod resize;
mod stop_scheduler;
mod terminate;
mod without_gpu;
