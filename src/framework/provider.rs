//! The trait of a provider.

use std::future::Future;

use super::{
    action::ErasedAction, data_source::ErasedDataSource, diagnostics::Diagnostics,
    ephemeral_resource::ErasedEphemeralResource, list_resource::ErasedListResource, model::Model,
    resource::ErasedResource, schema::Schema,
};

/// The host that configures the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The reported version; only for logs and the user agent, since some hosts report another one
    /// than their own.
    pub terraform_version: String,
}

/// A provider: its configuration, its resources, data sources, ephemeral resources, list resources
/// and actions.
pub trait Provider: Send + Sync + 'static {
    type Model: Model;
    /// Result of a configuration, passed to every operation.
    type Session: Send + Sync + 'static;

    fn description(&self) -> &'static str;

    fn schema(&self) -> Schema {
        Schema::new(self.description(), Self::Model::block())
    }

    /// Checks the provider block beyond its schema, without network access. Values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Configures the provider. During a plan, values may be unknown; that is an error only when
    /// one of them is needed.
    fn configure(
        &self,
        config: Self::Model,
        host: Host,
    ) -> impl Future<Output = Result<Self::Session, Diagnostics>> + Send;

    /// Returns `true` if the session cannot send requests yet because values of its configuration
    /// are known only after apply.
    fn config_is_unknown(&self, _session: &Self::Session) -> bool {
        false
    }

    fn resources(&self) -> Vec<Box<dyn ErasedResource<Self::Session>>> {
        Vec::new()
    }

    fn data_sources(&self) -> Vec<Box<dyn ErasedDataSource<Self::Session>>> {
        Vec::new()
    }

    fn ephemeral_resources(&self) -> Vec<Box<dyn ErasedEphemeralResource<Self::Session>>> {
        Vec::new()
    }

    fn list_resources(&self) -> Vec<Box<dyn ErasedListResource<Self::Session>>> {
        Vec::new()
    }

    fn actions(&self) -> Vec<Box<dyn ErasedAction<Self::Session>>> {
        Vec::new()
    }
}
