//! Access of other users of the machine to the socket.
//!
//! If the tests run as root, another user tries to connect. Without root only the owner and the
//! modes are checked.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::Path,
};

use rustix::process::geteuid;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::host::{Host, LIMIT, Launch, Line, health};

/// A user and a group that own no files.
const NOBODY: u32 = 65534;
/// A group without members.
const OTHER_GROUP: u32 = 65533;

/// Python program that connects to sockets as another user. Prints the result of each.
const CONNECT_AS: &str = r"
import errno, os, socket, sys

user, group, *paths = sys.argv[1:]
os.setgroups([])
os.setgid(int(group))
os.setuid(int(user))
for path in paths:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print('connected')
    except OSError as error:
        print(errno.errorcode[error.errno])
";

/// Creates a directory that every user can open.
fn public_directory() -> TempDir {
    // The user's own temporary directory can be closed to others.
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    directory
}

/// Starts the provider with its socket in `directory` and an empty umask, which removes no
/// permissions.
async fn start_unmasked(launch: Launch, directory: &Path) -> Host {
    let launch = launch.with("PLUGIN_UNIX_SOCKET_DIR", directory.to_str().unwrap());
    let (process, line) = launch.start_by("/bin/sh", &["-c", "umask 0; exec \"$0\""]).await;
    Host { line: Line::parse(&line), process }
}

/// Connects to each of `sockets` as a member of `group`. Returns the results.
async fn connect_as(group: u32, sockets: &[&Path]) -> Vec<String> {
    let mut command = Command::new("python3");
    command.args(["-I", "-c", CONNECT_AS, &NOBODY.to_string(), &group.to_string()]).args(sockets);
    let output = tokio::time::timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn other_user_cannot_connect_to_socket() {
    let directory = public_directory();
    let host = start_unmasked(Launch::new(), directory.path()).await;
    let socket = host.line.address.path();
    let private = fs::metadata(socket.parent().unwrap()).unwrap();
    assert_eq!((private.mode() & 0o7777, private.uid()), (0o700, geteuid().as_raw()));
    if geteuid().is_root() {
        // Control: shows that the user can connect to an open socket.
        let open = directory.path().join("open");
        let _open = UnixListener::bind(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(connect_as(NOBODY, &[&open, socket]).await, ["connected", "EACCES"]);
    }
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn only_the_named_group_can_connect_to_socket() {
    let directory = public_directory();
    // Only root may give a file to a group that it is not a member of.
    let own = fs::metadata(directory.path()).unwrap().gid();
    let group = if geteuid().is_root() { NOBODY } else { own };
    let launch = Launch::new().with("PLUGIN_UNIX_SOCKET_GROUP", group.to_string());
    let host = start_unmasked(launch, directory.path()).await;
    let socket = host.line.address.path();
    for (path, mode) in [(socket.parent().unwrap(), 0o710), (socket, 0o660)] {
        let shared = fs::metadata(path).unwrap();
        assert_eq!((shared.mode() & 0o7777, shared.gid()), (mode, group), "{}", path.display());
    }
    if geteuid().is_root() {
        assert_eq!(connect_as(NOBODY, &[socket]).await, ["connected"]);
        assert_eq!(connect_as(OTHER_GROUP, &[socket]).await, ["EACCES"]);
    }
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}
