//! The one thing that is ever written on stdout: the handshake line, or what else somebody has asked this program for.

use std::io::{self, Write as _};

use super::Error;

/// Writes `line` and a line break on stdout, at once and whole.
///
/// For a program that has been asked about itself, and then ends; [`serve`](super::serve) says itself what its host must know.
///
/// # Errors
///
/// [`Error::Stdout`] if nobody reads it.
pub fn say(line: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(Error::Stdout)
}

/// Points stdout at nothing. The host stops reading at a line above 64 KiB, and then a stray print
/// of some dependency would block or panic; this way it is lost and harmless.
#[cfg(unix)]
pub(super) fn silence() -> Result<(), Error> {
    let nowhere =
        std::fs::OpenOptions::new().write(true).open("/dev/null").map_err(Error::Stdout)?;
    rustix::stdio::dup2_stdout(nowhere).map_err(|error| Error::Stdout(error.into()))
}

/// Elsewhere stdout stays as it is: it cannot be replaced without unsafe code, and nothing here
/// prints.
#[cfg(not(unix))]
pub(super) fn silence() -> Result<(), Error> {
    Ok(())
}
