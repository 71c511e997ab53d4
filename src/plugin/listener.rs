//! The socket a host connects to: private to its user, and gone when the process is.
//!
//! Implements `serverListener` of go-plugin's `server.go`, with one difference: the socket lies in
//! a directory that nobody else may enter, instead of among all temporary files.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
};

use tempfile::TempDir;
use tokio::net::TcpListener;

use super::Error;

/// Where to listen.
#[derive(Clone, Debug)]
pub enum Place {
    /// A Unix socket in a directory of its own, which is made in `parent`.
    Socket {
        /// A directory that can be written to.
        parent: PathBuf,
        /// Name or number of a group whose members may connect too.
        group: Option<String>,
    },
    /// The first free one of these ports on 127.0.0.1; port 0 is any free one.
    Ports(RangeInclusive<u16>),
}

/// Where a host connects to. Displays as in the handshake line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The absolute path of a Unix socket.
    Unix(String),
    /// A port on 127.0.0.1.
    Tcp(SocketAddr),
}

impl Address {
    /// The name of the kind of network, as Go has it.
    pub fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => formatter.write_str(path),
            Self::Tcp(address) => address.fmt(formatter),
        }
    }
}

/// A bound socket that already accepts connections. Dropping it removes what it left in the file
/// system.
#[derive(Debug)]
pub struct Listener {
    /// What accepts.
    socket: Socket,
    /// Where hosts find it.
    address: Address,
    /// Holds the Unix socket, and removes it with itself.
    directory: Option<TempDir>,
}

/// What accepts connections.
#[derive(Debug)]
pub(super) enum Socket {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    /// Binds a socket in `place`. Must be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the place, or with the names and numbers in it.
    pub fn bind(place: &Place) -> Result<Self, Error> {
        match place {
            #[cfg(unix)]
            Place::Socket { parent, group } => unix::bind(parent, group.as_deref()),
            #[cfg(not(unix))]
            Place::Socket { parent, .. } => Err(Error::SocketPath(parent.clone())),
            Place::Ports(ports) => bind_tcp(ports),
        }
    }

    /// Where hosts find this socket.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The socket, and the guard that must outlive it.
    pub(super) fn into_parts(self) -> (Socket, Option<TempDir>) {
        (self.socket, self.directory)
    }
}

fn bind_tcp(ports: &RangeInclusive<u16>) -> Result<Listener, Error> {
    let (mut bound, mut failure) = (None, None);
    for port in ports.clone() {
        match std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => {
                bound = Some(listener);
                break;
            }
            Err(error) => failure = Some(error),
        }
    }
    let no_free_port =
        |source| Error::NoFreePort { min: *ports.start(), max: *ports.end(), source };
    let Some(listener) = bound else {
        let empty_range = || std::io::ErrorKind::InvalidInput.into();
        return Err(no_free_port(failure.unwrap_or_else(empty_range)));
    };
    let address = listener.local_addr().map_err(no_free_port)?;
    listener.set_nonblocking(true).map_err(no_free_port)?;
    let socket = TcpListener::from_std(listener).map(Socket::Tcp).map_err(no_free_port)?;
    Ok(Listener { socket, address: Address::Tcp(address), directory: None })
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, Permissions},
        io,
        os::unix::fs::{PermissionsExt as _, chown},
        path::{Path, absolute},
    };

    use tempfile::{Builder, TempDir};
    use tokio::net::UnixListener;

    use super::{Address, Error, Listener, Socket};

    pub(super) fn bind(parent: &Path, group: Option<&str>) -> Result<Listener, Error> {
        let group = group.map(group_id).transpose()?;
        let directory_error = |source| Error::Directory { parent: parent.to_owned(), source };
        // Absolute, since the host need not stand in the same directory for long.
        let directory = absolute(parent).and_then(private_directory).map_err(directory_error)?;
        let path = directory.path().join("socket");
        let address = match path.to_str() {
            Some(text) if !text.contains(['|', '\n', '\r']) => Address::Unix(text.to_owned()),
            _ => return Err(Error::SocketPath(path)),
        };
        let listen_error = |source| Error::Listen { path: path.clone(), source };
        let socket = UnixListener::bind(&path).map(Socket::Unix).map_err(listen_error)?;
        if let Some(group) = group {
            share(&path, 0o660, group).map_err(listen_error)?;
            share(directory.path(), 0o710, group).map_err(listen_error)?;
        }
        Ok(Listener { socket, address, directory: Some(directory) })
    }

    fn private_directory(parent: impl AsRef<Path>) -> io::Result<TempDir> {
        Builder::new()
            .prefix("plugin")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
    }

    fn share(path: &Path, mode: u32, group: u32) -> io::Result<()> {
        chown(path, None, Some(group))?;
        fs::set_permissions(path, Permissions::from_mode(mode))
    }

    fn group_id(group: &str) -> Result<u32, Error> {
        if let Ok(number) = group.parse() {
            return Ok(number);
        }
        // Groups of a directory service are not found here; the error says what to do then.
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        find_group(&groups, group).ok_or_else(|| Error::Group(group.to_owned()))
    }

    /// Looks `name` up in a file in the form of `group(5)`: name, password, number, members.
    pub(super) fn find_group(groups: &str, name: &str) -> Option<u32> {
        groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next()? != name {
                return None;
            }
            fields.nth(1)?.parse().ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn any_free_port_is_taken_on_loopback_only() {
        let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let Address::Tcp(address) = listener.address() else { panic!("no TCP address") };
        assert!(address.ip().is_loopback());
        assert_ne!(address.port(), 0);
    }

    #[tokio::test]
    async fn a_taken_port_is_skipped_and_a_range_without_a_free_one_is_an_error() {
        let taken = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let Address::Tcp(address) = taken.address() else { panic!("no TCP address") };
        let refused = Listener::bind(&Place::Ports(address.port()..=address.port()));
        assert!(matches!(refused, Err(Error::NoFreePort { .. })), "{refused:?}");
        let last = address.port().saturating_add(200);
        let next = Listener::bind(&Place::Ports(address.port()..=last)).unwrap();
        assert_ne!(next.address(), taken.address());
    }

    #[cfg(unix)]
    mod unix {
        use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

        use super::{
            super::unix::find_group,
            {Address, Error, Listener, Place},
        };

        fn bind(parent: &Path, group: Option<&str>) -> Result<Listener, Error> {
            Listener::bind(&Place::Socket {
                parent: parent.to_owned(),
                group: group.map(str::to_owned),
            })
        }

        fn path(listener: &Listener) -> &Path {
            let Address::Unix(path) = listener.address() else { panic!("no Unix address") };
            Path::new(path)
        }

        #[tokio::test]
        async fn nobody_else_may_enter_the_directory_of_the_socket() {
            let parent = tempfile::tempdir().unwrap();
            let listener = bind(parent.path(), None).unwrap();
            let directory = path(&listener).parent().unwrap();
            assert_eq!(fs::metadata(directory).unwrap().mode() & 0o777, 0o700);
            assert_eq!(directory.parent(), Some(parent.path()));
        }

        #[tokio::test]
        async fn a_dropped_listener_leaves_nothing_behind() {
            let parent = tempfile::tempdir().unwrap();
            let listener = bind(parent.path(), None).unwrap();
            assert!(path(&listener).exists());
            drop(listener);
            assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        }

        #[tokio::test]
        async fn a_group_may_connect_if_the_host_says_so() {
            let parent = tempfile::tempdir().unwrap();
            // The group of this user's own new files: one that it may always give.
            let group = fs::metadata(parent.path()).unwrap().gid();
            let listener = bind(parent.path(), Some(&group.to_string())).unwrap();
            let socket = fs::metadata(path(&listener)).unwrap();
            assert_eq!((socket.mode() & 0o777, socket.gid()), (0o660, group));
            let directory = fs::metadata(path(&listener).parent().unwrap()).unwrap();
            assert_eq!((directory.mode() & 0o777, directory.gid()), (0o710, group));
        }

        #[tokio::test]
        async fn a_path_that_is_too_long_is_explained_and_leaves_nothing_behind() {
            let parent = tempfile::tempdir().unwrap();
            let deep = parent.path().join("d".repeat(120));
            fs::create_dir(&deep).unwrap();
            let refused = bind(&deep, None);
            assert!(matches!(refused, Err(Error::Listen { .. })), "{refused:?}");
            assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
        }

        #[tokio::test]
        async fn a_path_that_would_break_the_handshake_line_is_refused() {
            let parent = tempfile::tempdir().unwrap();
            let odd = parent.path().join("a|b");
            fs::create_dir(&odd).unwrap();
            assert!(matches!(bind(&odd, None), Err(Error::SocketPath(_))));
        }

        #[tokio::test]
        async fn a_missing_directory_and_an_unknown_group_are_explained() {
            let parent = tempfile::tempdir().unwrap();
            let missing = bind(&parent.path().join("missing"), None);
            assert!(matches!(missing, Err(Error::Directory { .. })), "{missing:?}");
            let unknown = bind(parent.path(), Some("no such group"));
            assert!(matches!(unknown, Err(Error::Group(_))), "{unknown:?}");
        }

        #[test]
        fn groups_are_found_by_their_whole_name() {
            let groups = "root:x:0:\nstaff:x:50:ann,bob\nstaff2:x:51:\nodd\n";
            assert_eq!(find_group(groups, "staff"), Some(50));
            assert_eq!(find_group(groups, "staff2"), Some(51));
            assert_eq!(find_group(groups, "sta"), None);
            assert_eq!(find_group(groups, "odd"), None);
        }
    }
}
