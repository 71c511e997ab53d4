//! What is left in the file system when the process crashes: nothing.

/// Lets a crash of this process write no image of its memory, in which there are keys. Whoever wants one for a debugger has the
/// debug mode, or can raise the limit again.
#[cfg(unix)]
pub(super) fn forbid() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
    // Only lowered, which is always allowed; and if it were not, nothing worse would follow than without this.
    let _ = setrlimit(Resource::Core, limit);
}

/// There are none.
#[cfg(not(unix))]
pub(super) fn forbid() {}
