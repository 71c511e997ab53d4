//! Resource limits of this process.

use super::error::Error;

/// Maximum number of file descriptors open at once until the host is connected.
#[cfg(unix)]
const FILES: usize = 16;

/// Checks that file descriptors for the start are available. Tokio panics without them, or the host
/// would wait for a connection that is never accepted.
pub fn check_files() -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let stderr = std::io::stderr();
        let copies = std::iter::repeat_with(|| stderr.as_fd().try_clone_to_owned());
        copies.take(FILES).collect::<Result<Vec<_>, _>>().map_err(Error::Files)?;
    }
    Ok(())
}

/// Disables core dumps: an image of this process contains keys. A developer who wants one can raise
/// the limit again, or use debug mode, where it stays as it is.
pub(super) fn disable_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
        // Lowering a limit is always allowed. If it failed, nothing would be worse than without it.
        let _ = setrlimit(Resource::Core, limit);
    }
}
