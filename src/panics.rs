//! Message and location of a panic, passed from the panic hook to the code that catches the panic.

use std::{any::Any, cell::RefCell, panic::Location};

/// Beginning of the diagnostic that reports a panic.
pub const REPORT: &str = "The provider panicked in";

thread_local! {
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Returns the panic message, if it is a `&'static str`. A formatted message may contain a secret:
/// `unwrap` and slicing of text format the value itself.
pub fn fixed_text(payload: &(dyn Any + Send)) -> Option<&'static str> {
    payload.downcast_ref().copied()
}

/// Stores the location of a panic for the code that catches it, which runs on the same thread.
/// Called by the panic hook.
pub fn set_location(location: Option<&Location<'_>>) {
    LOCATION.set(location.map(Location::to_string));
}

/// Returns the location of the panic that was caught last on this thread, if the hook stored it.
pub fn take_location() -> Option<String> {
    LOCATION.take()
}
