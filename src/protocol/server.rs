//! The server's state: the provider, what it offers, and what it was configured with.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::tfplugin5 as wire;
use crate::{
    cty::Type,
    framework::{
        Context, Diagnostic, Diagnostics, ErasedAction, ErasedDataSource, ErasedDefinition,
        ErasedEphemeralResource, ErasedListResource, ErasedResource, Provider, Schema,
    },
};

/// What is offered of one kind, by its type's name.
pub(super) type ByName<T> = BTreeMap<&'static str, Registry<T>>;

/// Something that is offered, and the type of its values, which is put together when it is first asked for.
pub(super) struct Registry<T: ?Sized> {
    offered: Box<T>,
    ty: OnceLock<Type>,
}

impl<T: ErasedDefinition + ?Sized> Registry<T> {
    fn ty(&self) -> &Type {
        self.ty.get_or_init(|| self.offered.schema().block.ty())
    }
}

impl<T: ?Sized> Deref for Registry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.offered
    }
}

/// Everything that is offered.
struct Offers<S> {
    resources: ByName<dyn ErasedResource<S>>,
    data_sources: ByName<dyn ErasedDataSource<S>>,
    ephemeral_resources: ByName<dyn ErasedEphemeralResource<S>>,
    list_resources: ByName<dyn ErasedListResource<S>>,
    actions: ByName<dyn ErasedAction<S>>,
}

impl<S> Offers<S> {
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

fn by_name<T: ErasedDefinition + ?Sized>(offered: Vec<Box<T>>) -> ByName<T> {
    let offer = |offered: Box<T>| (offered.type_name(), Registry { offered, ty: OnceLock::new() });
    offered.into_iter().map(offer).collect()
}

/// The one of that name, with the type of its values.
fn find<'a, T: ErasedDefinition + ?Sized>(
    offered: &'a ByName<T>,
    kind: &str,
    type_name: &str,
) -> Found<'a, T> {
    let Some(one) = offered.get(type_name) else { return Err(not_offered(kind, type_name)) };
    Ok((one, one.ty()))
}

/// Serves one [`Provider`] to any number of hosts, one after another or at once. Cheap to clone: clones are one server.
pub struct Server<P: Provider>(Arc<Inner<P>>);

struct Inner<P: Provider> {
    provider: P,
    schema: OnceLock<Schema>,
    offers: OnceLock<Offers<P::Session>>,
    /// What the last Configure made. Operations under way keep the one they began with.
    session: Mutex<Option<Arc<P::Session>>>,
    /// Cancelled by Stop, and renewed then: a Stop ends what is under way, not what comes later.
    stop: Mutex<CancellationToken>,
}

impl<P: Provider> Server<P> {
    /// Nothing is built yet; schemas come into being when they are first asked for.
    pub fn new(provider: P) -> Self {
        Self(Arc::new(Inner {
            provider,
            schema: OnceLock::new(),
            offers: OnceLock::new(),
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

    fn offers(&self) -> &Offers<P::Session> {
        self.0.offers.get_or_init(|| Offers::of(&self.0.provider))
    }

    pub(super) fn resources(&self) -> &ByName<dyn ErasedResource<P::Session>> {
        &self.offers().resources
    }

    pub(super) fn data_sources(&self) -> &ByName<dyn ErasedDataSource<P::Session>> {
        &self.offers().data_sources
    }

    pub(super) fn ephemeral_resources(&self) -> &ByName<dyn ErasedEphemeralResource<P::Session>> {
        &self.offers().ephemeral_resources
    }

    pub(super) fn list_resources(&self) -> &ByName<dyn ErasedListResource<P::Session>> {
        &self.offers().list_resources
    }

    pub(super) fn actions(&self) -> &ByName<dyn ErasedAction<P::Session>> {
        &self.offers().actions
    }

    /// The resource of that name, with the type of its values; the others likewise.
    pub(super) fn resource(&self, type_name: &str) -> Found<'_, dyn ErasedResource<P::Session>> {
        find(self.resources(), "resource", type_name)
    }

    pub(super) fn data_source(
        &self,
        type_name: &str,
    ) -> Found<'_, dyn ErasedDataSource<P::Session>> {
        find(self.data_sources(), "data source", type_name)
    }

    pub(super) fn ephemeral_resource(
        &self,
        type_name: &str,
    ) -> Found<'_, dyn ErasedEphemeralResource<P::Session>> {
        find(self.ephemeral_resources(), "ephemeral resource", type_name)
    }

    pub(super) fn list_resource(
        &self,
        type_name: &str,
    ) -> Found<'_, dyn ErasedListResource<P::Session>> {
        find(self.list_resources(), "list resource", type_name)
    }

    pub(super) fn action(&self, type_name: &str) -> Found<'_, dyn ErasedAction<P::Session>> {
        find(self.actions(), "action", type_name)
    }

    fn session(&self) -> Option<Arc<P::Session>> {
        self.0.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer that the operation has to wait for a later run, if the provider cannot make calls before that and the
    /// host takes such an answer.
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

    /// The surroundings for one operation that begins now.
    pub(super) fn context(&self) -> Context<P::Session> {
        let session = self.session();
        let stop = self.0.stop.lock().unwrap_or_else(PoisonError::into_inner).child_token();
        Context::new(session, stop)
    }

    pub(super) fn set_session(&self, session: P::Session) {
        *self.0.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(session));
    }

    /// Ends what is under way.
    pub(super) fn stop(&self) {
        let mut stop = self.0.stop.lock().unwrap_or_else(PoisonError::into_inner);
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

/// What was looked for by its name.
type Found<'a, T> = Result<(&'a T, &'a Type), Diagnostics>;

/// The error for a name the schema does not have.
fn not_offered(kind: &str, name: &str) -> Diagnostics {
    Diagnostic::error(
        "Not Definition by This Provider",
        format!(
            "This version of the provider has no {kind} `{name}`. If it is in the provider's documentation, \
             `terraform init -upgrade` may bring a version that has it."
        ),
    )
    .into()
}
