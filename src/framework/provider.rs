//! The provider as its author writes it.

use std::future::Future;

use super::{
    Diagnostics, ErasedAction, ErasedDataSource, ErasedEphemeralResource, ErasedListResource,
    ErasedResource, Model, Schema,
};

/// What is known of the host that configures the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The version it gives itself; for logs and the user agent only, since hosts do not all tell the truth here.
    pub terraform_version: String,
}

/// A provider: its own configuration, and what it offers.
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Model: Model;
    /// What a configured provider hands to its resources.
    type Session: Send + Sync + 'static;

    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks the provider block beyond its schema; values may be unknown. No network.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Takes the configuration. While planning values may be unknown: that is an error only once one is needed.
    ///
    /// # Errors
    /// The configuration cannot be used.
    fn configure(
        &self,
        config: Self::Model,
        host: Host,
    ) -> impl Future<Output = Result<Self::Session, Diagnostics>> + Send;

    /// Whether a configured provider cannot make calls yet, because values of its configuration are known only after apply.
    fn config_is_unknown(&self, _session: &Self::Session) -> bool {
        false
    }

    /// The managed resources.
    fn resources(&self) -> Vec<Box<dyn ErasedResource<Self::Session>>> {
        Vec::new()
    }

    /// The data sources.
    fn data_sources(&self) -> Vec<Box<dyn ErasedDataSource<Self::Session>>> {
        Vec::new()
    }

    /// The ephemeral resources.
    fn ephemeral_resources(&self) -> Vec<Box<dyn ErasedEphemeralResource<Self::Session>>> {
        Vec::new()
    }

    /// The lists of managed resources' objects.
    fn list_resources(&self) -> Vec<Box<dyn ErasedListResource<Self::Session>>> {
        Vec::new()
    }

    /// The actions.
    fn actions(&self) -> Vec<Box<dyn ErasedAction<Self::Session>>> {
        Vec::new()
    }
}
