//! The price of a new instance.

mod data_source;

pub(crate) use data_source::PriceDataSource;
