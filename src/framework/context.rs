//! Session, interruption and warnings of one operation.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::diagnostics::{Diagnostic, Diagnostics};
use crate::lock::lock;

/// Context of one operation, beside its own values.
#[derive(Debug)]
pub struct Context<S> {
    session: Option<Arc<S>>,
    /// Cancelled when the host is interrupted. The operation must then stop waiting and report the
    /// result so far.
    pub stop: CancellationToken,
    warnings: Mutex<Diagnostics>,
}

impl<S> Context<S> {
    /// A context without warnings. The session is absent if the provider is not configured.
    pub fn new(session: Option<Arc<S>>, stop: CancellationToken) -> Self {
        Self { session, stop, warnings: Mutex::default() }
    }

    /// The session of the configured provider.
    ///
    /// # Errors
    /// The host has requested an operation without configuring the provider.
    pub fn session(&self) -> Result<&S, Diagnostics> {
        self.session.as_deref().ok_or_else(|| {
            Diagnostic::error(
                "Provider Not Configured",
                "This operation requires a configured provider, but the host has not sent the \
                 configuration. This is a defect of the host or of a tool in between.",
            )
            .into()
        })
    }

    /// Awaits `work`; fails with `interrupted` if the host interrupts the operation before.
    pub async fn or_interrupted<T>(
        &self,
        work: impl Future<Output = T>,
        interrupted: impl FnOnce() -> Diagnostic,
    ) -> Result<T, Diagnostics> {
        tokio::select! {
            result = work => Ok(result),
            () = self.stop.cancelled() => Err(interrupted().into()),
        }
    }

    /// Adds a warning to the response, whether the operation succeeds or fails.
    pub fn warn(&self, warning: Diagnostic) {
        lock(&self.warnings).push(warning);
    }

    pub fn into_warnings(self) -> Diagnostics {
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
