//! End of a plugin process: by signal, or because the host that started it is gone.

use std::{
    future::{self, Future},
    io,
    time::Duration,
};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};
use tokio::time::{sleep, timeout};

use super::{connection::OpenConnections, error::Error};

/// The party that started the process and may end it.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// A host. Its `Shutdown` ends the process, and so does its own end.
    Host(HostTimeouts, Parent),
    /// A developer, for any number of hosts. Only a signal ends the process.
    Developer,
}

/// Times after which a host without a connection counts as dead. A killed host leaves no other
/// sign.
#[derive(Clone, Copy, Debug)]
pub struct HostTimeouts {
    /// Until the first connection.
    pub connect: Duration,
    /// Until the next connection after all were lost, and until the first one after the process
    /// that started this one has ended.
    pub reconnect: Duration,
}

impl Default for HostTimeouts {
    /// Terraform waits one minute for the handshake line and connects as soon as it has read it. It
    /// never reconnects; the few seconds are for hosts that do.
    fn default() -> Self {
        Self { connect: Duration::from_secs(90), reconnect: Duration::from_secs(5) }
    }
}

/// Completes when the owner is a host that is gone.
pub(super) async fn owner_gone(owner: Owner, connections: &OpenConnections) {
    match owner {
        Owner::Host(timeouts, parent) => host_gone(timeouts, parent.ended(), connections).await,
        Owner::Developer => future::pending().await,
    }
}

async fn host_gone(
    timeouts: HostTimeouts,
    orphaned: impl Future<Output = ()>,
    connections: &OpenConnections,
) {
    let mut count = connections.watch();
    let orphaned = async {
        orphaned.await;
        sleep(timeouts.reconnect).await;
    };
    // `wait_for` cannot fail here: `connections` holds the sender.
    tokio::select! {
        biased;
        _ = count.wait_for(|count| *count > 0) => {}
        () = sleep(timeouts.connect) => return,
        () = orphaned => return,
    }
    loop {
        let _ = count.wait_for(|count| *count == 0).await;
        let connected = count.wait_for(|count| *count > 0);
        if timeout(timeouts.reconnect, connected).await.is_err() {
            return;
        }
    }
}

/// The process that started this one. On Windows its end cannot be observed.
#[derive(Clone, Copy, Debug)]
pub struct Parent(#[cfg(unix)] Option<rustix::process::Pid>);

#[cfg(unix)]
impl Parent {
    const POLL_INTERVAL: Duration = Duration::from_secs(1);

    pub fn of_process() -> Self {
        Self(rustix::process::getppid())
    }

    /// Completes when it has ended: this process then has another parent.
    async fn ended(self) {
        while rustix::process::getppid() == self.0 {
            sleep(Self::POLL_INTERVAL).await;
        }
    }
}

#[cfg(not(unix))]
impl Parent {
    pub fn of_process() -> Self {
        Self()
    }

    /// Never completes.
    async fn ended(self) {
        future::pending().await
    }
}

/// Ignores SIGHUP, where there is one: Tokio's handler stays installed after the `Signal` is dropped.
pub(super) fn ignore_hangup() -> Result<(), Error> {
    #[cfg(unix)]
    drop(signal(SignalKind::hangup()).map_err(handler_error)?);
    Ok(())
}

fn handler_error(cause: io::Error) -> Error {
    Error::System { action: "install signal handlers", cause }
}

/// SIGINT and SIGTERM, or Ctrl-C and Ctrl-Break on Windows. Once this value has been created, they
/// no longer end the process by themselves.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(windows)]
    interrupt: CtrlC,
    #[cfg(windows)]
    terminate: CtrlBreak,
}

impl Signals {
    pub(super) fn install() -> Result<Self, Error> {
        #[cfg(unix)]
        let (interrupt, terminate) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        #[cfg(windows)]
        let (interrupt, terminate) = (ctrl_c(), ctrl_break());
        Ok(Self {
            interrupt: interrupt.map_err(handler_error)?,
            terminate: terminate.map_err(handler_error)?,
        })
    }

    /// Completes at the request to terminate, ignoring interrupts.
    pub(super) async fn terminated(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => {
                    tracing::debug!("ignoring SIGINT: the host decides when to end");
                }
            }
        }
    }

    pub(super) async fn interrupted_or_terminated(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const TIMEOUTS: HostTimeouts =
        HostTimeouts { connect: Duration::from_secs(90), reconnect: Duration::from_secs(5) };

    fn owner() -> Owner {
        Owner::Host(TIMEOUTS, Parent::of_process())
    }

    #[tokio::test(start_paused = true)]
    async fn host_that_never_connects_counts_as_gone() {
        let begin = Instant::now();
        owner_gone(owner(), &OpenConnections::default()).await;
        assert_eq!(begin.elapsed().as_secs(), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn host_that_ends_before_connecting_counts_as_gone_soon() {
        let begin = Instant::now();
        let orphaned = sleep(Duration::from_secs(10));
        host_gone(TIMEOUTS, orphaned, &OpenConnections::default()).await;
        assert_eq!(begin.elapsed().as_secs(), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn connection_outlives_the_process_that_started_the_plugin() {
        let connections = OpenConnections::default();
        let begin = Instant::now();
        let life = async {
            sleep(Duration::from_secs(4)).await;
            let connection = connections.open();
            sleep(Duration::from_secs(1000)).await;
            drop(connection);
        };
        tokio::join!(life, host_gone(TIMEOUTS, future::ready(()), &connections));
        assert_eq!(begin.elapsed().as_secs(), 1009);
    }

    #[tokio::test(start_paused = true)]
    async fn lost_host_counts_as_gone_unless_it_reconnects_in_time() {
        let connections = OpenConnections::default();
        let begin = Instant::now();
        let life = async {
            let (first, second) = (connections.open(), connections.open());
            sleep(Duration::from_secs(1000)).await;
            drop(first);
            sleep(Duration::from_secs(1000)).await;
            drop(second);
            sleep(Duration::from_secs(4)).await;
            let again = connections.open();
            sleep(Duration::from_secs(1000)).await;
            drop(again);
        };
        tokio::join!(life, owner_gone(owner(), &connections));
        assert_eq!(begin.elapsed().as_secs(), 3009);
    }

    #[tokio::test(start_paused = true)]
    async fn debug_mode_never_times_out() {
        let a_day = Duration::from_secs(24 * 60 * 60);
        let connections = OpenConnections::default();
        let ended = timeout(a_day, owner_gone(Owner::Developer, &connections)).await;
        assert!(ended.is_err());
    }
}
