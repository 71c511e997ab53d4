//! Facts about a process, from `/proc`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    thread,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::host::LIMIT;

/// A process of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Proc(PathBuf);

/// Resources of a process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// Memory, in KiB.
    pub(crate) resident: u64,
    pub(crate) threads: usize,
    /// Open files except TCP connections, whose number varies with the pool of API connections.
    pub(crate) descriptors: usize,
    /// TCP connections.
    pub(crate) connections: usize,
}

/// An open socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// `path` is `None` for client sockets and socket pairs.
    Unix {
        path: Option<PathBuf>,
        listens: bool,
    },
    Tcp {
        local: SocketAddr,
        peer: SocketAddr,
        listens: bool,
    },
    Udp {
        local: SocketAddr,
        peer: SocketAddr,
    },
    /// Any other kind.
    Other,
}

/// Accepted growth of resident memory, in KiB: memory that the allocator keeps after a peak.
const SLACK: u64 = 4 * 1024;
/// Limit of the API connections: the default of `max_concurrent_requests`.
const MAX_CONNECTIONS: usize = 30;

impl Holdings {
    /// Compares the numbers that do not vary over time.
    fn is_like(self, other: Self) -> bool {
        (self.threads, self.descriptors) == (other.threads, other.descriptors)
    }

    #[track_caller]
    pub(crate) fn assert_no_heavier_than(self, before: Self) {
        let fits = self.resident <= before.resident + SLACK && self.connections <= MAX_CONNECTIONS;
        assert!(fits && self.is_like(before), "{before:?} became {self:?}");
    }
}

impl Proc {
    pub(crate) fn of(pid: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{pid}")))
    }

    /// Size limit of a core dump.
    pub(crate) fn core_dump_limit(&self) -> String {
        let limits = fs::read_to_string(self.0.join("limits")).unwrap();
        let limits = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        limits.unwrap().split_whitespace().next().unwrap().to_owned()
    }

    /// Number of bytes read from all sources.
    pub(crate) fn read_so_far(&self) -> u64 {
        let counts = fs::read_to_string(self.0.join("io")).unwrap();
        let read = counts.lines().find_map(|line| line.strip_prefix("rchar: "));
        read.unwrap().parse().unwrap()
    }

    /// Returns whether the process runs; a zombie does not.
    pub(crate) fn is_running(&self) -> bool {
        // `PID (NAME) STATE …`; the name can contain any character.
        let Ok(stat) = fs::read_to_string(self.0.join("stat")) else { return false };
        let state = stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next());
        !matches!(state, None | Some('Z' | 'X'))
    }

    pub(crate) fn holdings(&self) -> Holdings {
        let sockets = self.sockets();
        let connections =
            sockets.iter().filter(|socket| matches!(socket, Socket::Tcp { .. })).count();
        Holdings {
            resident: self.status("VmRSS:"),
            threads: usize::try_from(self.status("Threads:")).unwrap(),
            descriptors: self.descriptors().len() - connections,
            connections,
        }
    }

    /// Resources once they no longer change.
    pub(crate) async fn at_rest(&self) -> Holdings {
        let mut last = self.holdings();
        let mut alike = 0;
        while alike < 5 {
            sleep(Duration::from_millis(100)).await;
            let now = self.holdings();
            alike = if now.is_like(last) { alike + 1 } else { 0 };
            last = now;
        }
        last
    }

    /// Resources once they equal `before`, or after the time limit.
    pub(crate) async fn back_to(&self, before: Holdings) -> Holdings {
        let begin = Instant::now();
        loop {
            let now = self.holdings();
            if now.is_like(before) || begin.elapsed() > LIMIT {
                return now;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Number of open files.
    pub(crate) fn open_files(&self) -> usize {
        self.descriptors().len()
    }

    /// Open sockets.
    ///
    /// The tables of the kernel contain no sockets that are neither connected nor listening. That
    /// state is transitional, so the tables are read again.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        for _ in 0..50 {
            let sockets = self.sockets_now();
            if !sockets.contains(&Socket::Other) {
                return sockets;
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.sockets_now()
    }

    fn sockets_now(&self) -> Vec<Socket> {
        let before = self.socket_numbers();
        let known = self.known_sockets();
        // A socket that was opened or closed meanwhile can be missing from the table.
        let still = self.socket_numbers();
        let open = before.intersection(&still);
        open.map(|number| known.get(number).cloned().unwrap_or(Socket::Other)).collect()
    }

    fn socket_numbers(&self) -> BTreeSet<u64> {
        let number = |target: &String| {
            target.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
        };
        self.descriptors().iter().filter_map(number).collect()
    }

    /// Link target of each open descriptor.
    fn descriptors(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("fd")).unwrap();
        let target = |entry: fs::DirEntry| fs::read_link(entry.path()).ok();
        let targets = entries.filter_map(|entry| entry.ok().and_then(target));
        targets.map(|target| target.to_string_lossy().into_owned()).collect()
    }

    /// Sockets in the network namespace of the process, by inode.
    fn known_sockets(&self) -> BTreeMap<u64, Socket> {
        let mut known = BTreeMap::new();
        for line in self.table("unix") {
            let fields: Vec<_> = line.split_whitespace().collect();
            // The flag of a socket that accepts.
            let listens = u64::from_str_radix(fields[3], 16).unwrap() & 0x1_0000 != 0;
            let path = fields.get(7).map(PathBuf::from);
            known.insert(fields[6].parse().unwrap(), Socket::Unix { path, listens });
        }
        for table in ["tcp", "tcp6", "udp", "udp6"] {
            for line in self.table(table) {
                let fields: Vec<_> = line.split_whitespace().collect();
                let (local, peer) = (address(fields[1]), address(fields[2]));
                let socket = match table {
                    "tcp" | "tcp6" => Socket::Tcp { local, peer, listens: fields[3] == "0A" },
                    _ => Socket::Udp { local, peer },
                };
                known.insert(fields[9].parse().unwrap(), socket);
            }
        }
        known
    }

    /// Lines of a table below its heading; none if the system has no such table.
    fn table(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.0.join("net").join(name)).unwrap_or_default();
        text.lines().skip(1).map(str::to_owned).collect()
    }

    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(self.0.join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

/// Parses `0100007F:1F90`: words of the address in native byte order, then the port.
fn address(text: &str) -> SocketAddr {
    let (address, port) = text.split_once(':').unwrap();
    let words = address.as_bytes().chunks(8).map(|word| str::from_utf8(word).unwrap());
    let bytes: Vec<u8> =
        words.flat_map(|word| u32::from_str_radix(word, 16).unwrap().to_ne_bytes()).collect();
    let ip = match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(bytes) => IpAddr::from(Ipv4Addr::from(bytes)),
        Err(_) => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..]).unwrap())),
    };
    SocketAddr::new(ip.to_canonical(), u16::from_str_radix(port, 16).unwrap())
}

#[test]
fn sockets_are_classified_by_kind_and_peer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stream = std::net::TcpStream::connect(address).unwrap();
    let six = std::net::UdpSocket::bind("[::1]:0")
        .or_else(|_| std::net::UdpSocket::bind("127.0.0.1:0"))
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let _unix = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let sockets = Proc::of(std::process::id()).sockets();
    for (kind, found) in [
        (
            "listener",
            sockets.iter().any(
                |s| matches!(s, Socket::Tcp { local, listens: true, .. } if *local == address),
            ),
        ),
        (
            "stream",
            sockets.contains(&Socket::Tcp {
                local: stream.local_addr().unwrap(),
                peer: address,
                listens: false,
            }),
        ),
        (
            "datagrams",
            sockets.iter().any(
                |s| matches!(s, Socket::Udp { local, .. } if *local == six.local_addr().unwrap()),
            ),
        ),
        ("unix", sockets.contains(&Socket::Unix { path: Some(path), listens: true })),
    ] {
        assert!(found, "no {kind} in {sockets:?}");
    }
}
