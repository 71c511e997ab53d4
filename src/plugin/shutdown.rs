//! When a plugin ends: by signal, or because nobody is left who wants it.

use std::{
    future::{self, Future},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use super::incoming::OpenConnections;

/// Who started the process, and so who may end it.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// A host did, for itself. `Shutdown` ends the process, and so does the host's own end.
    Host(Patience, Parent),
    /// A developer did, for any number of hosts. Only a signal ends the process.
    Developer,
}

/// How long a plugin waits for a host that is not connected, before it takes it for dead. Nothing
/// else would tell it that the host was killed.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first connection.
    pub first: Duration,
    /// For another connection after the last one was lost, or for the first one after the process
    /// that started this one has ended.
    pub again: Duration,
}

impl Default for Patience {
    /// The host itself waits one minute for a plugin's handshake line, and connects at once when it
    /// has read it. A lost connection it never renews; the few seconds are for one that
    /// does.
    fn default() -> Self {
        Self { first: Duration::from_secs(90), again: Duration::from_secs(5) }
    }
}

/// Ready when the owner is a host that has gone.
pub(super) async fn unwanted(owner: Owner, connections: &OpenConnections) {
    match owner {
        Owner::Host(patience, parent) => abandoned(patience, parent.ended(), connections).await,
        Owner::Developer => future::pending().await,
    }
}

async fn abandoned(
    patience: Patience,
    orphaned: impl Future<Output = ()>,
    connections: &OpenConnections,
) {
    let mut count = connections.watch();
    let orphaned = async {
        orphaned.await;
        sleep(patience.again).await;
    };
    // Never an error: `connections` keeps the other end.
    tokio::select! {
        biased;
        _ = count.wait_for(|count| *count > 0) => {}
        () = sleep(patience.first) => return,
        () = orphaned => return,
    }
    loop {
        let _ = count.wait_for(|count| *count == 0).await;
        let connected = count.wait_for(|count| *count > 0);
        if timeout(patience.again, connected).await.is_err() {
            return;
        }
    }
}

/// The process that started this one, as far as it can be told from others.
#[derive(Clone, Copy, Debug)]
pub struct Parent(#[cfg(unix)] Option<rustix::process::Pid>);

#[cfg(unix)]
impl Parent {
    /// How often it is looked at.
    const INTERVAL: Duration = Duration::from_secs(1);

    /// That of this process now.
    pub fn of_process() -> Self {
        Self(rustix::process::getppid())
    }

    /// Ready when it has ended: somebody else is the parent then.
    async fn ended(self) {
        while rustix::process::getppid() == self.0 {
            sleep(Self::INTERVAL).await;
        }
    }
}

#[cfg(not(unix))]
impl Parent {
    /// That of this process now.
    pub fn of_process() -> Self {
        Self()
    }

    /// Never ready: its end shows in nothing.
    async fn ended(self) {
        future::pending().await
    }
}

#[cfg(unix)]
pub(super) use self::unix::{Signals, ignore_hangup};
#[cfg(windows)]
pub(super) use self::windows::{Signals, ignore_hangup};

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use crate::plugin::Error;

    /// From here on SIGHUP does nothing: what catches it stays when what tells of it is dropped.
    pub(in crate::plugin) fn ignore_hangup() -> Result<(), Error> {
        signal(SignalKind::hangup()).map(drop).map_err(Error::Signals)
    }

    /// The signals that are caught from its making on.
    pub(in crate::plugin) struct Signals {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Signals {
        /// From here on neither SIGINT nor SIGTERM ends the process by itself.
        pub(in crate::plugin) fn install() -> Result<Self, Error> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
                terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
            })
        }

        /// Ready at SIGTERM. SIGINT is ignored.
        pub(in crate::plugin) async fn terminated(&mut self) {
            loop {
                tokio::select! {
                    _ = self.terminate.recv() => return,
                    _ = self.interrupt.recv() => {
                        tracing::debug!("ignoring an interrupt: the host decides what ends");
                    }
                }
            }
        }

        /// Ready at SIGINT or SIGTERM.
        pub(in crate::plugin) async fn interrupted_or_terminated(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

    use crate::plugin::Error;

    /// There is none.
    pub(in crate::plugin) fn ignore_hangup() -> Result<(), Error> {
        Ok(())
    }

    /// The console events that are caught from its making on.
    pub(in crate::plugin) struct Signals {
        interrupt: CtrlC,
        terminate: CtrlBreak,
    }

    impl Signals {
        /// From here on neither Ctrl-C nor Ctrl-Break ends the process by itself.
        pub(in crate::plugin) fn install() -> Result<Self, Error> {
            Ok(Self {
                interrupt: ctrl_c().map_err(Error::Signals)?,
                terminate: ctrl_break().map_err(Error::Signals)?,
            })
        }

        /// Ready at Ctrl-Break. Ctrl-C is ignored.
        pub(in crate::plugin) async fn terminated(&mut self) {
            loop {
                tokio::select! {
                    _ = self.terminate.recv() => return,
                    _ = self.interrupt.recv() => {}
                }
            }
        }

        /// Ready at Ctrl-C or Ctrl-Break.
        pub(in crate::plugin) async fn interrupted_or_terminated(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Patience =
        Patience { first: Duration::from_secs(90), again: Duration::from_secs(5) };

    fn owner() -> Owner {
        Owner::Host(PATIENCE, Parent::of_process())
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_connects_is_given_up() {
        let begin = Instant::now();
        unwanted(owner(), &OpenConnections::default()).await;
        assert_eq!(begin.elapsed().as_secs(), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_ended_before_it_connected_is_given_up_soon() {
        let begin = Instant::now();
        let orphaned = sleep(Duration::from_secs(10));
        abandoned(PATIENCE, orphaned, &OpenConnections::default()).await;
        assert_eq!(begin.elapsed().as_secs(), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_may_leave_its_connection_to_another_process() {
        let connections = OpenConnections::default();
        let begin = Instant::now();
        let life = async {
            sleep(Duration::from_secs(4)).await;
            let connection = connections.open();
            sleep(Duration::from_secs(1000)).await;
            drop(connection);
        };
        tokio::join!(life, abandoned(PATIENCE, future::ready(()), &connections));
        assert_eq!(begin.elapsed().as_secs(), 1009);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_host_is_given_up_unless_it_comes_back_in_time() {
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
        tokio::join!(life, unwanted(owner(), &connections));
        assert_eq!(begin.elapsed().as_secs(), 3009);
    }

    #[tokio::test(start_paused = true)]
    async fn a_developer_is_waited_for_without_end() {
        let a_day = Duration::from_secs(24 * 60 * 60);
        let connections = OpenConnections::default();
        let ended = timeout(a_day, unwanted(Owner::Developer, &connections)).await;
        assert!(ended.is_err());
    }
}
