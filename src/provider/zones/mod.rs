//! The zones of CompShare.

mod data_source;

pub(crate) use data_source::ZonesDataSource;
