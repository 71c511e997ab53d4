//! State of the server: the provider, its definitions, and its configuration.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, OnceLock},
};

use tokio_util::sync::CancellationToken;

use super::tfplugin5 as wire;
use crate::{
    cty::Type,
    framework::{
        Context, Diagnostic, Diagnostics, ErasedAction, ErasedDataSource, ErasedDefinition,
        ErasedEphemeralResource, ErasedListResource, ErasedResource, Provider, Schema,
    },
    lock::lock,
};

/// Definitions of one kind, by type name.
pub(super) type ByName<T> = BTreeMap<&'static str, Entry<T>>;

/// Definition with the type of its values, which is built on first use.
pub(super) struct Entry<T: ?Sized> {
    definition: Box<T>,
    ty: OnceLock<Type>,
}

impl<T: ErasedDefinition + ?Sized> Entry<T> {
    fn ty(&self) -> &Type {
        self.ty.get_or_init(|| self.definition.schema().block.ty())
    }
}

impl<T: ?Sized> Deref for Entry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.definition
    }
}

/// All definitions of a provider.
pub(super) struct Registry<S> {
    pub(super) resources: ByName<dyn ErasedResource<S>>,
    pub(super) data_sources: ByName<dyn ErasedDataSource<S>>,
    pub(super) ephemeral_resources: ByName<dyn ErasedEphemeralResource<S>>,
    pub(super) list_resources: ByName<dyn ErasedListResource<S>>,
    pub(super) actions: ByName<dyn ErasedAction<S>>,
}

impl<S> Registry<S> {
    fn of<P: Provider<Session = S>>(provider: &P) -> Self {
        Self {
            resources: by_name(provider.resources()),
            data_sources: by_name(provider.data_sources()),
            ephemeral_resources: by_name(provider.ephemeral_resources()),
            list_resources: by_name(provider.list_resources()),
            actions: by_name(provider.actions()),
        }
    }
}

fn by_name<T: ErasedDefinition + ?Sized>(definitions: Vec<Box<T>>) -> ByName<T> {
    let entry =
        |definition: Box<T>| (definition.type_name(), Entry { definition, ty: OnceLock::new() });
    definitions.into_iter().map(entry).collect()
}

fn find<'a, T: ErasedDefinition + ?Sized>(
    definitions: &'a ByName<T>,
    kind: &str,
    type_name: &str,
) -> Found<'a, T> {
    let Some(entry) = definitions.get(type_name) else {
        return Err(unsupported_type(kind, type_name));
    };
    Ok((entry, entry.ty()))
}

/// gRPC server of one [`Provider`], for any number of hosts at once. Clones share their state.
pub struct Server<P: Provider>(Arc<Inner<P>>);

struct Inner<P: Provider> {
    provider: P,
    schema: OnceLock<Schema>,
    registry: OnceLock<Registry<P::Session>>,
    /// Session of the last Configure. Running operations keep the session that they started with.
    session: Mutex<Option<Arc<P::Session>>>,
    /// Cancelled and replaced by Stop, which ends the running operations and not the later ones.
    stop: Mutex<CancellationToken>,
}

impl<P: Provider> Server<P> {
    /// Schemas are built on first use.
    pub fn new(provider: P) -> Self {
        Self(Arc::new(Inner {
            provider,
            schema: OnceLock::new(),
            registry: OnceLock::new(),
            session: Mutex::default(),
            stop: Mutex::default(),
        }))
    }

    pub(super) fn provider(&self) -> &P {
        &self.0.provider
    }

    pub(super) fn schema(&self) -> &Schema {
        self.0.schema.get_or_init(|| self.0.provider.schema())
    }

    pub(super) fn registry(&self) -> &Registry<P::Session> {
        self.0.registry.get_or_init(|| Registry::of(&self.0.provider))
    }

    /// Returns a resource and the type of its values.
    pub(super) fn resource(&self, type_name: &str) -> Found<'_, dyn ErasedResource<P::Session>> {
        find(&self.registry().resources, "resource", type_name)
    }

    pub(super) fn data_source(
        &self,
        type_name: &str,
    ) -> Found<'_, dyn ErasedDataSource<P::Session>> {
        find(&self.registry().data_sources, "data source", type_name)
    }

    pub(super) fn ephemeral_resource(
        &self,
        type_name: &str,
    ) -> Found<'_, dyn ErasedEphemeralResource<P::Session>> {
        find(&self.registry().ephemeral_resources, "ephemeral resource", type_name)
    }

    pub(super) fn list_resource(
        &self,
        type_name: &str,
    ) -> Found<'_, dyn ErasedListResource<P::Session>> {
        find(&self.registry().list_resources, "list resource", type_name)
    }

    pub(super) fn action(&self, type_name: &str) -> Found<'_, dyn ErasedAction<P::Session>> {
        find(&self.registry().actions, "action", type_name)
    }

    fn session(&self) -> Option<Arc<P::Session>> {
        lock(&self.0.session).clone()
    }

    /// Returns a deferral if the provider's configuration is not known yet and the host supports
    /// deferred operations.
    pub(super) fn deferred(
        &self,
        host: Option<wire::ClientCapabilities>,
    ) -> Option<wire::Deferred> {
        if !host.is_some_and(|host| host.deferral_allowed) {
            return None;
        }
        let session = self.session()?;
        let reason = wire::deferred::Reason::ProviderConfigUnknown.into();
        self.0.provider.config_is_unknown(&session).then_some(wire::Deferred { reason })
    }

    /// Returns the context of an operation that starts now.
    pub(super) fn context(&self) -> Context<P::Session> {
        let session = self.session();
        let stop = lock(&self.0.stop).child_token();
        Context::new(session, stop)
    }

    pub(super) fn set_session(&self, session: P::Session) {
        *lock(&self.0.session) = Some(Arc::new(session));
    }

    /// Cancels all running operations.
    pub(super) fn stop(&self) {
        let mut stop = lock(&self.0.stop);
        std::mem::take(&mut *stop).cancel();
    }
}

impl<P: Provider> Clone for Server<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Provider> fmt::Debug for Server<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Definition and the type of its values.
pub(super) type Found<'a, T> = Result<(&'a T, &'a Type), Diagnostics>;

fn unsupported_type(kind: &str, name: &str) -> Diagnostics {
    Diagnostic::error(
        "Unsupported Type",
        format!(
            "This version of the provider has no {kind} `{name}`. If the provider's documentation \
             has it, run `terraform init -upgrade` to install a newer version."
        ),
    )
    .into()
}
