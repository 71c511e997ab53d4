//! Directories of the socket in which a provider in Go can start too.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use crate::support::host::{Address, Launch, Process, connect, entries, health, shut_down};

/// Maximum length of the path of a Unix socket.
const MAX_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Length of the longest `/plugin<number>`: go-plugin calls Go's `os.CreateTemp(dir, "plugin")`,
/// which appends a number of 32 bits.
const LONGEST_NAME: usize = "/plugin4294967295".len();

/// Starts the provider, connects to its socket as a host in `directory`, and shuts it down. Returns
/// the path in the handshake line.
async fn serve(process: Process, line: &[u8], directory: &Path) -> PathBuf {
    let fields: Vec<_> = line.trim_ascii_end().split(|byte| *byte == b'|').collect();
    let [b"1", b"5", b"unix", path, b"grpc", certificate] = fields[..] else {
        panic!("no handshake line: {}", line.escape_ascii())
    };
    let path = PathBuf::from(OsStr::from_bytes(path));
    let certificate = STANDARD_NO_PAD.decode(certificate).unwrap();
    let tls = process.identity().connector(certificate.into());
    let address = Address::Unix(directory.join(&path));
    let channel = connect(&address, Some(tls)).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    shut_down(&channel).await.unwrap();
    drop(channel);
    assert_eq!(process.ended().await.status.code(), Some(0));
    assert!(!directory.join(&path).parent().unwrap().exists(), "{} is left", path.display());
    path
}

/// Serves with `TMPDIR`.
async fn serve_in(temporary: impl AsRef<OsStr>) -> PathBuf {
    let launch = Launch::new().with("TMPDIR", temporary);
    let (process, line) = launch.start_and_read_bytes().await;
    serve(process, &line, Path::new("/")).await
}

#[tokio::test]
async fn longest_directory_of_go_providers_works() {
    let parent = tempfile::tempdir().unwrap();
    let padding = MAX_SOCKET_PATH - LONGEST_NAME - parent.path().as_os_str().len() - 1;
    let longest = parent.path().join("d".repeat(padding));
    fs::create_dir(&longest).unwrap();
    assert!(serve_in(&longest).await.starts_with(&longest));
}

#[tokio::test]
async fn unset_and_empty_tmpdir_are_the_default() {
    assert!(serve_in("").await.starts_with("/tmp"));
    let launch = Launch::new().with("PLUGIN_UNIX_SOCKET_DIR", "").without("TMPDIR");
    let (process, line) = launch.start_and_read_bytes().await;
    assert!(serve(process, &line, Path::new("/")).await.starts_with("/tmp"));
}

#[tokio::test]
async fn unusual_directory_names_work() {
    let parent = tempfile::tempdir().unwrap();
    let names = ["with space", "größe", "dots.", "-n", "trailing///", "$HOME", "\"quoted'"];
    let names = names.map(OsString::from).into_iter();
    for name in names.chain([OsString::from_vec(b"caf\xe9".to_vec())]) {
        let directory = parent.path().join(name);
        fs::create_dir(&directory).unwrap();
        assert!(serve_in(&directory).await.starts_with(&directory));
        assert!(entries(&directory).is_empty());
    }
}

#[tokio::test]
async fn relative_directory_becomes_absolute() {
    let script = "cd \"$TMPDIR\" && mkdir tmp && TMPDIR=tmp/ exec \"$0\"";
    let (process, line) = Launch::new().start_by("sh", &["-c", script]).await;
    let expected = process.directory().join("tmp");
    let path = serve(process, line.as_bytes(), Path::new("/")).await;
    assert!(path.starts_with(expected), "{}", path.display());
}

/// Go passes on the relative path, which also works in a working directory with a long path.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn relative_directory_works_in_deep_working_directory() {
    let deep = "d".repeat(120);
    let script = format!("cd \"$TMPDIR\" && mkdir {deep} && cd {deep} && TMPDIR=. exec \"$0\"");
    let (process, line) = Launch::new().start_by("sh", &["-c", &script]).await;
    // The test runs in another directory, to which the path would be too long.
    let directory = PathBuf::from(format!("/proc/{}/cwd", process.pid()));
    let path = serve(process, line.as_bytes(), &directory).await;
    assert!(path.starts_with("."), "{}", path.display());
}
