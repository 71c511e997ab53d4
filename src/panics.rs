//! What may be told of a panic, and where it was: from the hook that sees it to whoever catches it.

use std::{any::Any, cell::RefCell, panic::Location};

/// Beginning of the diagnostic that reports a panic.
pub const REPORT: &str = "The provider failed inside";

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The message, if it is a fixed text. What was formatted into one is told nowhere: `unwrap` and a slice of text put the very
/// value there, which may be a secret.
pub fn fixed_text(payload: &(dyn Any + Send)) -> Option<&'static str> {
    payload.downcast_ref().copied()
}

/// Keeps the place of a panic for whoever catches it, which happens on the same thread. For the hook.
pub fn remember(location: Option<&Location<'_>>) {
    PLACE.set(location.map(Location::to_string));
}

/// Where the panic was that has just been caught on this thread, if a hook remembered it.
pub fn take_place() -> Option<String> {
    PLACE.take()
}
