//! The actions `compshare_instance_start`, `compshare_instance_stop` and
//! `compshare_instance_reboot`.

mod power_action;
mod progress;

pub(crate) use power_action::PowerAction;
