//! The socket, for other users of the machine.
//!
//! If the tests run as root, another user really tries. Otherwise nobody here can become another one, and what is left to
//! look at are owner and modes, with which the kernel keeps others out.

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

/// A user and a group that own nothing.
const NOBODY: u32 = 65534;
/// A group that nobody is in.
const ANOTHER_GROUP: u32 = 65533;

/// Becomes another user and connects to sockets; prints what comes of each.
const KNOCK: &str = r"
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

/// A directory that every user can get to and into.
fn public_directory() -> TempDir {
    // Not where the user's own temporary files go, which may be out of others' reach as a whole.
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    directory
}

/// The provider, with its socket in `directory` and no help from the mask that usually takes rights away.
async fn start_unmasked(launch: Launch, directory: &Path) -> Host {
    let launch = launch.with("PLUGIN_UNIX_SOCKET_DIR", directory.to_str().unwrap());
    let (process, line) = launch.start_by("/bin/sh", &["-c", "umask 0; exec \"$0\""]).await;
    Host { line: Line::parse(&line), process }
}

/// What a user of `group` meets at each of `sockets`.
async fn knock(group: u32, sockets: &[&Path]) -> Vec<String> {
    let mut command = Command::new("python3");
    command.args(["-I", "-c", KNOCK, &NOBODY.to_string(), &group.to_string()]).args(sockets);
    let output = tokio::time::timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn another_user_does_not_reach_the_socket() {
    let directory = public_directory();
    let host = start_unmasked(Launch::new(), directory.path()).await;
    let socket = host.line.address.path();
    let private = fs::metadata(socket.parent().unwrap()).unwrap();
    assert_eq!((private.mode() & 0o7777, private.uid()), (0o700, geteuid().as_raw()));
    if geteuid().is_root() {
        // Without this, that the other user is kept out might come from anything.
        let open = directory.path().join("open");
        let _open = UnixListener::bind(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(knock(NOBODY, &[&open, socket]).await, ["connected", "EACCES"]);
    }
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn only_the_group_that_the_host_names_reaches_the_socket_as_well() {
    let directory = public_directory();
    // A user may give a file to a group of its own only, and root to any.
    let own = fs::metadata(directory.path()).unwrap().gid();
    let group = if geteuid().is_root() { NOBODY } else { own };
    let launch = Launch::new().with("PLUGIN_UNIX_SOCKET_GROUP", &group.to_string());
    let host = start_unmasked(launch, directory.path()).await;
    let socket = host.line.address.path();
    for (path, mode) in [(socket.parent().unwrap(), 0o710), (socket, 0o660)] {
        let shared = fs::metadata(path).unwrap();
        assert_eq!((shared.mode() & 0o7777, shared.gid()), (mode, group), "{}", path.display());
    }
    if geteuid().is_root() {
        assert_eq!(knock(NOBODY, &[socket]).await, ["connected"]);
        assert_eq!(knock(ANOTHER_GROUP, &[socket]).await, ["EACCES"]);
    }
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}
