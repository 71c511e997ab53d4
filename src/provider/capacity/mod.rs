//! The free capacity of zones.

mod data_source;

pub(crate) use data_source::CapacityDataSource;
