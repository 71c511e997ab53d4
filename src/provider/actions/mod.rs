//! The actions `compshare_instance_start`, `compshare_instance_stop`, `compshare_instance_reboot`
//! and `compshare_instance_keepalive`.

mod keepalive;
mod power_action;
mod progress;

pub(crate) use self::{keepalive::KeepaliveAction, power_action::PowerAction};
