//! Data sources and the ephemeral login of an instance.

mod data_source;
pub(crate) mod facts;
pub(crate) mod filter;
pub(crate) mod identity;
mod list_data_source;
mod login;
mod read;
pub(crate) mod reported;

pub(crate) use data_source::InstanceDataSource;
pub(crate) use list_data_source::InstancesDataSource;
pub(crate) use login::InstanceLogin;
