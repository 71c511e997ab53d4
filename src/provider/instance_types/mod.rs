//! The GPU types on sale.

mod data_source;

pub(crate) use data_source::InstanceTypesDataSource;
