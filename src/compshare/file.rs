//! Reading of files that the user names.
//!
//! Opening or reading a file can block for as long as the system likes: a pipe that has no writer, a
//! network share without its server. A blocking thread reads, and the caller gives up after
//! [`TIMEOUT`], or earlier by dropping the future. The thread remains until the process ends.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

use secrecy::zeroize::Zeroizing;
use tokio::{task::spawn_blocking, time::timeout};

/// Longest time for reading a file. A program that writes into a pipe needs milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// UTF-8's byte order mark, which some editors put before the text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the content of the file at `path` without a byte order mark. The content is wiped when
/// dropped.
///
/// # Errors
///
/// The file is unreadable, takes too long, or is longer than `max_length` bytes; a device file may
/// be endless.
pub(super) async fn read(path: &Path, max_length: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let path = path.to_owned();
    blocking(move || read_blocking(&path, max_length)).await
}

/// Runs `work` on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match timeout(TIMEOUT, spawn_blocking(work)).await {
        Ok(done) => done.unwrap_or_else(|panic| Err(io::Error::other(panic))),
        Err(_) => {
            let message = format!(
                "not read within {} seconds; a pipe needs a program that writes into it",
                TIMEOUT.as_secs()
            );
            Err(io::Error::new(io::ErrorKind::TimedOut, message))
        }
    }
}

pub(super) fn read_blocking(path: &Path, max_length: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::new());
    File::open(path)?.take(max_length + 1).read_to_end(&mut content)?;
    if content.len() as u64 > max_length {
        let message = format!("longer than {max_length} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    if content.starts_with(BYTE_ORDER_MARK) {
        content.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(content)
}
