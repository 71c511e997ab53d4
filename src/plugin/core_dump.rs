//! Core dumps of this process.

/// Disables core dumps: an image of this process contains keys. A developer who wants one can raise
/// the limit again, or use debug mode, where it stays as it is.
#[cfg(unix)]
pub(super) fn disable() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
    // Lowering a limit is always allowed. If it failed, nothing would be worse than without it.
    let _ = setrlimit(Resource::Core, limit);
}

/// Does nothing: there are no core dumps.
#[cfg(not(unix))]
pub(super) fn disable() {}
