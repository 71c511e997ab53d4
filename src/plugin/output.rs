//! Writes to stdout: the line that the host reads, or the output of `--help` and `--version`.

use std::{
    io::{self, Write as _},
    thread,
    time::Duration,
};

use super::error::Error;

/// Maximum length of a reason, in characters. Hosts read no line above 64 KiB.
const MAX_REASON: usize = 1_000;

/// Time for the host to read a reason, and usually to kill this process thereupon. go-plugin before
/// 1.6.1 closes the pipe at the end of the process, even if it has not read the line yet.
const READING_TIME: Duration = Duration::from_millis(500);

/// Writes `line` and a line break to stdout and flushes it.
///
/// For output that a person has requested; [`serve`](super::serve::serve) prints the handshake line
/// itself.
pub fn print(line: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(line)
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush())
        .map_err(Error::Stdout)
}

/// Prints the handshake line, then redirects stdout to `/dev/null`. The host stops reading stdout
/// after a line above 64 KiB; a stray print of a dependency would then block or panic.
#[cfg(unix)]
pub(super) fn print_handshake(line: &[u8]) -> Result<(), Error> {
    let null_error = |cause| Error::System { action: "open /dev/null", cause };
    // Opened first, since a failure after the line would not be shown.
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null").map_err(null_error)?;
    print(line)?;
    rustix::stdio::dup2_stdout(null).map_err(|error| Error::Stdout(error.into()))
}

/// Prints the handshake line. Stdout cannot be replaced here without unsafe code, and nothing prints.
#[cfg(not(unix))]
pub(super) fn print_handshake(line: &[u8]) -> Result<(), Error> {
    print(line)
}

/// Prints a reason of [`in_one_line`] instead of a handshake line. Hosts show it as "Unrecognized
/// remote plugin message: …".
pub fn print_reason(reason: &str) {
    // An error means that the host is gone.
    let _ = print(reason.as_bytes());
    thread::sleep(READING_TIME);
}

/// Returns `text` as one line without `|`, so that no host reads it as a handshake line.
pub fn in_one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars().take(MAX_REASON) {
        if character == '|' || character.is_control() {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    line
}
