//! The socket that a host connects to: private to its user, and removed when the process ends.
//!
//! Implements `serverListener` of go-plugin's `server.go`, with one difference: the socket is in a
//! directory that other users cannot enter, instead of directly among all temporary files.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
};

use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{error::Error, socket::Socket};

/// Place to listen at.
#[derive(Clone, Debug)]
pub enum Place {
    /// A Unix socket in a directory of its own, which is created in `parent`.
    Socket {
        parent: PathBuf,
        /// Name or number of a group whose members may connect as well.
        group: Option<String>,
    },
    /// The first free port of these on 127.0.0.1; port 0 is any free port.
    Ports(RangeInclusive<u16>),
}

/// Address that hosts connect to. Displays as in the handshake line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Absolute path of a Unix socket.
    Unix(String),
    /// A port on 127.0.0.1.
    Tcp(SocketAddr),
}

impl Address {
    /// Name of the kind of network in Go's `net` package.
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

/// A bound socket that accepts connections. Dropping it removes the socket from the file system.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
    /// Directory of a Unix socket. Dropping it removes both.
    directory: Option<TempDir>,
}

impl Listener {
    /// Binds a socket at `place`. Must be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// The directory, the group or the ports cannot be used.
    pub fn bind(place: &Place) -> Result<Self, Error> {
        match place {
            #[cfg(unix)]
            Place::Socket { parent, group } => unix::bind(parent, group.as_deref()),
            #[cfg(not(unix))]
            Place::Socket { parent, .. } => Err(Error::SocketPath(parent.clone())),
            Place::Ports(ports) => bind_tcp(ports),
        }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the socket and the directory that has to outlive it.
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

    use crate::plugin::{
        error::Error,
        listener::{Address, Listener},
        socket::Socket,
    };

    pub(super) fn bind(parent: &Path, group: Option<&str>) -> Result<Listener, Error> {
        let group = group.map(group_id).transpose()?;
        let directory_error = |source| Error::Directory { parent: parent.to_owned(), source };
        // Absolute, since the host may have or enter another working directory.
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
        // Groups of a directory service are not in this file; the error names the remedy.
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        find_group(&groups, group).ok_or_else(|| Error::Group(group.to_owned()))
    }

    /// Finds `name` in a file in the format of `group(5)`: name, password, number, members.
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
    async fn port_zero_binds_a_free_loopback_port() {
        let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let Address::Tcp(address) = listener.address() else { panic!("no TCP address") };
        assert!(address.ip().is_loopback());
        assert_ne!(address.port(), 0);
    }

    #[tokio::test]
    async fn port_in_use_is_skipped_and_a_full_range_is_an_error() {
        let in_use = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let Address::Tcp(address) = in_use.address() else { panic!("no TCP address") };
        let refused = Listener::bind(&Place::Ports(address.port()..=address.port()));
        assert!(matches!(refused, Err(Error::NoFreePort { .. })), "{refused:?}");
        let last = address.port().saturating_add(200);
        let next = Listener::bind(&Place::Ports(address.port()..=last)).unwrap();
        assert_ne!(next.address(), in_use.address());
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
        async fn socket_directory_is_private() {
            let parent = tempfile::tempdir().unwrap();
            let listener = bind(parent.path(), None).unwrap();
            let directory = path(&listener).parent().unwrap();
            assert_eq!(fs::metadata(directory).unwrap().mode() & 0o777, 0o700);
            assert_eq!(directory.parent(), Some(parent.path()));
        }

        #[tokio::test]
        async fn dropped_listener_removes_its_directory() {
            let parent = tempfile::tempdir().unwrap();
            let listener = bind(parent.path(), None).unwrap();
            assert!(path(&listener).exists());
            drop(listener);
            assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        }

        #[tokio::test]
        async fn configured_group_may_connect() {
            let parent = tempfile::tempdir().unwrap();
            // A user may always assign the group of its own new files.
            let group = fs::metadata(parent.path()).unwrap().gid();
            let listener = bind(parent.path(), Some(&group.to_string())).unwrap();
            let socket = fs::metadata(path(&listener)).unwrap();
            assert_eq!((socket.mode() & 0o777, socket.gid()), (0o660, group));
            let directory = fs::metadata(path(&listener).parent().unwrap()).unwrap();
            assert_eq!((directory.mode() & 0o777, directory.gid()), (0o710, group));
        }

        #[tokio::test]
        async fn too_long_path_is_an_error_and_leaves_no_directory() {
            let parent = tempfile::tempdir().unwrap();
            let deep = parent.path().join("d".repeat(120));
            fs::create_dir(&deep).unwrap();
            let refused = bind(&deep, None);
            assert!(matches!(refused, Err(Error::Listen { .. })), "{refused:?}");
            assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
        }

        #[tokio::test]
        async fn path_that_breaks_the_handshake_line_is_refused() {
            let parent = tempfile::tempdir().unwrap();
            let odd = parent.path().join("a|b");
            fs::create_dir(&odd).unwrap();
            assert!(matches!(bind(&odd, None), Err(Error::SocketPath(_))));
        }

        #[tokio::test]
        async fn missing_directory_and_unknown_group_are_errors() {
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
