//! The socket that a host connects to: private to its user, and removed when the process ends.
//!
//! Implements `serverListener` of go-plugin's `server.go`, with one difference: the socket is in a
//! directory that other users cannot enter, instead of directly among all temporary files.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
};

use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{connection::Socket, error::Error};

/// Place to listen at.
#[derive(Clone, Debug)]
pub enum Place {
    /// A Unix socket in a directory of its own, which is created in `parent`.
    Socket {
        parent: PathBuf,
        /// Environment variable that selects another parent.
        variable: &'static str,
        /// Name or number of a group whose members may connect as well.
        group: Option<String>,
    },
    /// The first free port of these on 127.0.0.1; port 0 is any free port.
    Ports(RangeInclusive<u16>),
}

/// Address that hosts connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Kind of network in Go's `net` package: `unix` or `tcp`.
    pub network: &'static str,
    /// Path of a Unix socket, or a port on 127.0.0.1.
    pub text: OsString,
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
    pub fn bind(place: &Place) -> Result<Self, Error> {
        match place {
            #[cfg(unix)]
            Place::Socket { parent, variable, group } => {
                unix::bind(parent, variable, group.as_deref())
            }
            #[cfg(not(unix))]
            Place::Socket { parent, variable, .. } => Err(Error::SocketPath {
                variable,
                path: parent.clone(),
                problem: "cannot be used on this system",
            }),
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
    let no_free_port = |cause| Error::NoFreePort { min: *ports.start(), max: *ports.end(), cause };
    let Some(listener) = bound else {
        let empty_range = || std::io::ErrorKind::InvalidInput.into();
        return Err(no_free_port(failure.unwrap_or_else(empty_range)));
    };
    let address: SocketAddr = listener.local_addr().map_err(no_free_port)?;
    let address = Address { network: "tcp", text: address.to_string().into() };
    listener.set_nonblocking(true).map_err(no_free_port)?;
    let socket = TcpListener::from_std(listener).map(Socket::Tcp).map_err(no_free_port)?;
    Ok(Listener { socket, address, directory: None })
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, Permissions},
        io,
        os::unix::{
            fs::{PermissionsExt as _, chown},
            net::SocketAddr,
        },
        path::{Path, PathBuf, absolute},
    };

    use tempfile::Builder;
    use tokio::net::UnixListener;

    use crate::plugin::{
        connection::Socket,
        error::Error,
        listener::{Address, Listener},
    };

    /// Name of the directory of a socket, before a random part of [`RANDOM`] characters.
    const PREFIX: &str = "plugin";
    const RANDOM: usize = 6;

    /// Name of the socket. The path is never longer than that of go-plugin, which is `plugin` and a
    /// number of up to ten digits, since the operating system limits it to about 100 bytes.
    const SOCKET: &str = "s";

    pub(super) fn bind(
        parent: &Path,
        variable: &'static str,
        group: Option<&str>,
    ) -> Result<Listener, Error> {
        let group = group.map(group_id).transpose()?;
        let parent = short_enough(parent)
            .ok_or_else(|| Error::TooLong { variable, length: parent.as_os_str().len() })?;
        let directory = Builder::new()
            .prefix(PREFIX)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(|cause| Error::Directory { variable, cause })?;
        let mut path = parent;
        path.extend(directory.path().file_name());
        path.push(SOCKET);
        if path.as_os_str().as_encoded_bytes().iter().any(|byte| b"|\n\r".contains(byte)) {
            let problem = "contains `|` or a line break";
            return Err(Error::SocketPath { variable, path, problem });
        }
        let listen_error = |cause| Error::Listen { variable, path: path.clone(), cause };
        let socket = UnixListener::bind(&path).map(Socket::Unix).map_err(listen_error)?;
        if let Some(group) = group {
            share(&path, 0o660, group).map_err(listen_error)?;
            share(directory.path(), 0o710, group).map_err(listen_error)?;
        }
        let address = Address { network: "unix", text: path.into_os_string() };
        Ok(Listener { socket, address, directory: Some(directory) })
    }

    /// Returns `parent` as an absolute path, since the host may have or enter another working
    /// directory. Returns a relative one, as Go does, only if the other is too long for a socket.
    fn short_enough(parent: &Path) -> Option<PathBuf> {
        let name = format!("{PREFIX}{}/{SOCKET}", "x".repeat(RANDOM));
        let is_short = |path: &PathBuf| SocketAddr::from_pathname(path.join(&name)).is_ok();
        absolute(parent).ok().into_iter().chain([parent.to_owned()]).find(is_short)
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

    fn socket_address(listener: &Listener) -> SocketAddr {
        listener.address().text.to_str().unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn port_zero_binds_a_free_loopback_port() {
        let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let address = socket_address(&listener);
        assert!(address.ip().is_loopback());
        assert_ne!(address.port(), 0);
        assert_eq!(listener.address().network, "tcp");
    }

    #[tokio::test]
    async fn port_in_use_is_skipped_and_a_full_range_is_an_error() {
        let in_use = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let port = socket_address(&in_use).port();
        let refused = Listener::bind(&Place::Ports(port..=port));
        assert!(matches!(refused, Err(Error::NoFreePort { .. })), "{refused:?}");
        let next = Listener::bind(&Place::Ports(port..=port.saturating_add(200))).unwrap();
        assert_ne!(next.address(), in_use.address());
    }

    #[cfg(unix)]
    #[test]
    fn groups_are_found_by_their_whole_name() {
        let groups = "root:x:0:\nstaff:x:50:ann,bob\nstaff2:x:51:\nodd\n";
        assert_eq!(unix::find_group(groups, "staff"), Some(50));
        assert_eq!(unix::find_group(groups, "staff2"), Some(51));
        assert_eq!(unix::find_group(groups, "sta"), None);
        assert_eq!(unix::find_group(groups, "odd"), None);
    }
}
