//! The product `compshare_instance`: a resource that creates, changes and deletes an instance, and
//! its list resource. The data sources of the same name are in `instance`.

mod create;
mod list;
mod model;
mod offer;
mod plan;
mod resource;
mod state;
mod update;

pub(crate) use list::GpuInstanceList;
pub(crate) use resource::GpuInstance;
