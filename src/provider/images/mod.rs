//! The images of CompShare, of the account and of the community.

mod data_source;

pub(crate) use data_source::ImagesDataSource;
