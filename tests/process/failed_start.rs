//! Failures before the handshake line: the host shows the first line on stdout in its place.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStringExt as _,
    path::Path,
};

use crate::support::host::{Ended, Identity, Launch, Line, Process, connect, entries, health};

/// Starts the binary, which fails. Returns its reason, after checking that the host can show it.
async fn reason(launch: Launch) -> String {
    let (process, line) = launch.start_and_read_line().await;
    assert_reason(line, &process.ended().await)
}

#[track_caller]
fn assert_reason(line: String, ended: &Ended) -> String {
    assert_eq!(ended.status.code(), Some(1), "{line}");
    assert_eq!(ended.stdout, "", "more than one line");
    // go-plugin reads a line with four fields as a handshake, and none above 64 KiB.
    assert!(line.matches('|').count() < 3 && line.len() < 2_000, "{line}");
    let reason = line.strip_suffix('\n').expect("a line break");
    assert!(!reason.contains(char::is_control), "{reason:?}");
    assert_eq!(ended.stderr, [format!("[ERROR] {reason}")]);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
    reason.to_owned()
}

/// Runs the binary with `value` in the variable `name`; expects a reason that contains `facts`.
async fn check(name: &str, value: impl AsRef<OsStr>, facts: &[&str]) {
    let reason = reason(Launch::new().with(name, value)).await;
    for fact in facts {
        assert!(reason.contains(fact), "`{fact}` is missing: {reason}");
    }
}

/// Creates a directory whose path ends with `name`, and returns its path.
fn subdirectory(parent: &Path, name: impl AsRef<Path>) -> OsString {
    let path = parent.join(name);
    fs::create_dir_all(&path).unwrap();
    path.into_os_string()
}

#[tokio::test]
async fn unusable_directory_is_shown_by_host() {
    let parent = tempfile::tempdir().unwrap();
    let parent = parent.path();
    let file = parent.join("file");
    fs::write(&file, "").unwrap();
    for variable in ["TMPDIR", "PLUGIN_UNIX_SOCKET_DIR"] {
        let remedy = format!("Set {variable} to a writable directory");
        for (value, fact) in [
            (parent.join("missing").as_os_str(), "No such file"),
            (file.as_os_str(), "Not a directory"),
            ("/sys".as_ref(), "/sys"),
        ] {
            check(variable, value, &["create", fact, &value.to_string_lossy(), &remedy]).await;
        }
    }
}

#[tokio::test]
async fn too_long_directory_is_shown_by_host() {
    let parent = tempfile::tempdir().unwrap();
    let parent = parent.path();
    for length in [100, 150, 250, 3000, 100_000] {
        let mut path = parent.to_owned();
        while path.as_os_str().len() < length {
            path.push("d".repeat(60));
        }
        let exists = length < 3000;
        if exists {
            fs::create_dir_all(&path).unwrap();
        }
        check("TMPDIR", &path, &["too long", "Set TMPDIR to a shorter path"]).await;
        assert!(!exists || entries(&path).is_empty(), "a directory is left");
    }
}

#[tokio::test]
async fn directory_that_breaks_the_line_is_shown_by_host() {
    let parent = tempfile::tempdir().unwrap();
    for (name, fact) in [("a|b", r"a\u{7c}b"), ("|1|5|unix|", r"\u{7c}"), ("c\nd", r"c\u{a}d")] {
        let path = subdirectory(parent.path(), name);
        check("TMPDIR", &path, &[fact, "line break", "Set TMPDIR to another directory"]).await;
        assert!(entries(path.as_ref()).is_empty(), "a directory is left");
    }
}

#[tokio::test]
async fn unusable_certificate_is_shown_by_host() {
    let (one, other) = (Identity::new(), Identity::new());
    let two = format!("{}{}", one.pem, other.pem);
    let cut = &one.pem[..one.pem.len() / 2];
    let invalid = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let facts = ["PLUGIN_CLIENT_CERT", "Unset"];
    for value in ["nonsense", two.as_str(), cut, invalid] {
        check("PLUGIN_CLIENT_CERT", value, &facts).await;
    }
    check("PLUGIN_CLIENT_CERT", OsString::from_vec(vec![b'-', 0xff]), &facts).await;
}

#[tokio::test]
async fn unknown_socket_group_is_shown_by_host() {
    let facts = ["PLUGIN_UNIX_SOCKET_GROUP", "no-such-group"];
    check("PLUGIN_UNIX_SOCKET_GROUP", "no-such-group", &facts).await;
    check("PLUGIN_UNIX_SOCKET_GROUP", "g".repeat(100_000), &facts[..1]).await;
}

/// Below a limit of a few files even the dynamic loader fails.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn lack_of_file_descriptors_is_shown_by_host() {
    let mut shown = 0;
    for limit in 4.. {
        let script = format!("ulimit -n {limit} && exec \"$0\"");
        let (process, line) = Launch::new().start_by("sh", &["-c", &script]).await;
        if line.starts_with("1|5|unix|") {
            assert_serves(process, &line).await;
            break;
        }
        let reason = assert_reason(line, &process.ended().await);
        assert!(reason.contains("Too many open files"), "{limit}: {reason}");
        assert!(reason.contains("ulimit -n"), "{limit}: {reason}");
        shown += 1;
    }
    assert!((8..30).contains(&shown), "{shown} starts failed");
}

/// Asserts that a provider that has printed `line` can accept its host.
async fn assert_serves(process: Process, line: &str) {
    let line = Line::parse(line);
    let tls = process.identity().connector(line.certificate.unwrap());
    let channel = connect(&line.address, Some(tls)).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
}
