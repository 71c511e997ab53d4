//! The server's state: the provider, what it offers, and what it was configured with.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::{
    cty::Type,
    framework::{AnyResource, Context, Diagnostic, Diagnostics, Provider, Schema},
};

type Resources<S> = BTreeMap<&'static str, Box<dyn AnyResource<S>>>;

/// Serves one [`Provider`] to any number of hosts, one after another or at once. Cheap to clone: clones are one server.
pub struct Server<P: Provider>(Arc<Inner<P>>);

struct Inner<P: Provider> {
    provider: P,
    schema: OnceLock<Schema>,
    resources: OnceLock<Resources<P::Session>>,
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
            resources: OnceLock::new(),
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

    pub(super) fn resources(&self) -> &Resources<P::Session> {
        self.0.resources.get_or_init(|| {
            self.0.provider.resources().into_iter().map(|r| (r.type_name(), r)).collect()
        })
    }

    /// The resource of that name, with the type of its values.
    pub(super) fn resource(
        &self,
        type_name: &str,
    ) -> Result<(&dyn AnyResource<P::Session>, Type), Diagnostics> {
        let Some(resource) = self.resources().get(type_name) else {
            return Err(not_offered("resource", type_name));
        };
        Ok((resource.as_ref(), resource.schema().block.ty()))
    }

    /// The surroundings for one operation that begins now.
    pub(super) fn context(&self) -> Context<P::Session> {
        let session = self.0.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
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

/// The error for a name the schema does not have.
pub(super) fn not_offered(kind: &str, name: &str) -> Diagnostics {
    Diagnostic::error(
        "Not Offered by This Provider",
        format!(
            "This version of the provider has no {kind} `{name}`. If it is in the provider's documentation, \
             `terraform init -upgrade` may bring a version that has it."
        ),
    )
    .into()
}
