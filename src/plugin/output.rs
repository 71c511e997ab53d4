//! Writes to stdout: the handshake line, or the output of `--help` and `--version`.

use std::io::{self, Write as _};

use super::error::Error;

/// Writes `line` and a line break to stdout and flushes it.
///
/// For output that a person has requested; [`serve`](super::serve::serve) prints the handshake line
/// itself.
///
/// # Errors
///
/// [`Error::Stdout`] if stdout is closed.
pub fn print(line: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(Error::Stdout)
}

/// Redirects stdout to `/dev/null`. The host stops reading stdout after a line above 64 KiB; a stray
/// print of a dependency would then block or panic.
#[cfg(unix)]
pub(super) fn close() -> Result<(), Error> {
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null").map_err(Error::Stdout)?;
    rustix::stdio::dup2_stdout(null).map_err(|error| Error::Stdout(error.into()))
}

/// Does nothing: stdout cannot be replaced here without unsafe code, and nothing prints.
#[cfg(not(unix))]
pub(super) fn close() -> Result<(), Error> {
    Ok(())
}
