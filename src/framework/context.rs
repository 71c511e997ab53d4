//! What an operation is given beside its own values.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::{Diagnostic, Diagnostics};

/// The surroundings of one operation.
#[derive(Debug)]
pub struct Context<S> {
    session: Option<Arc<S>>,
    /// Cancelled when the host is interrupted: end every wait at once and tell what was done.
    pub stop: CancellationToken,
    warnings: Mutex<Diagnostics>,
}

impl<S> Context<S> {
    /// With what the provider made of its configuration, if it was configured.
    pub fn new(session: Option<Arc<S>>, stop: CancellationToken) -> Self {
        Self { session, stop, warnings: Mutex::default() }
    }

    /// What the provider made of its configuration.
    ///
    /// # Errors
    /// The host asked for an operation before it configured the provider.
    pub fn session(&self) -> Result<&S, Diagnostics> {
        self.session.as_deref().ok_or_else(|| {
            Diagnostic::error(
                "Provider Not Configured",
                "This operation needs the provider's configuration, and the host has not handed it over. \
                 This is a fault of the host or of a tool in between.",
            )
            .into()
        })
    }

    /// Adds a warning to the answer, whether the operation succeeds or not.
    pub fn warn(&self, warning: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    /// The warnings added so far.
    pub fn into_warnings(self) -> Diagnostics {
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
