//! What the integration tests share.

pub(crate) mod python;
pub(crate) mod script;
