//! The product `compshare_instance_power`: a resource and its list resource.

mod list;
mod model;
mod operation;
mod plan;
mod resource;
mod state;

pub(crate) use list::InstancePowerList;
pub(crate) use resource::InstancePower;
