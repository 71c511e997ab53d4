//! When a plugin ends: by signal, or because nobody is left who wants it.

use std::{future, time::Duration};

use super::incoming::OpenConnections;

/// Who started the process, and so who may end it.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// A host did, for itself. `Shutdown` ends the process, and so does the host's own end.
    Host(Patience),
    /// A developer did, for any number of hosts. Only a signal ends the process.
    Developer,
}

/// How long a plugin waits for a host that is not connected, before it takes it for dead. Nothing
/// else would tell it that the host was killed.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first connection.
    pub first: Duration,
    /// For another connection after the last one was lost.
    pub again: Duration,
}

impl Default for Patience {
    /// The host itself waits one minute for a plugin's handshake line, and connects at once when it
    /// has read it. A lost connection it never renews; the few seconds let work in progress come to
    /// its end.
    fn default() -> Self {
        Self { first: Duration::from_secs(90), again: Duration::from_secs(5) }
    }
}

/// Ready when the owner is a host that has gone.
pub(super) async fn unwanted(owner: Owner, connections: &OpenConnections) {
    match owner {
        Owner::Host(patience) => abandoned(patience, connections).await,
        Owner::Developer => future::pending().await,
    }
}

async fn abandoned(patience: Patience, connections: &OpenConnections) {
    let mut count = connections.watch();
    let mut limit = patience.first;
    loop {
        let connected = count.wait_for(|count| *count > 0);
        if tokio::time::timeout(limit, connected).await.is_err() {
            return;
        }
        // Never an error: `connections` keeps the other end.
        let _ = count.wait_for(|count| *count == 0).await;
        limit = patience.again;
    }
}

#[cfg(unix)]
pub(super) use self::unix::Signals;
#[cfg(windows)]
pub(super) use self::windows::Signals;

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use crate::plugin::Error;

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
    use tokio::time::{Instant, sleep};

    use super::*;

    const PATIENCE: Patience =
        Patience { first: Duration::from_secs(90), again: Duration::from_secs(5) };

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_connects_is_given_up() {
        let begin = Instant::now();
        unwanted(Owner::Host(PATIENCE), &OpenConnections::default()).await;
        assert_eq!(begin.elapsed().as_secs(), 90);
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
        tokio::join!(life, unwanted(Owner::Host(PATIENCE), &connections));
        assert_eq!(begin.elapsed().as_secs(), 3009);
    }

    #[tokio::test(start_paused = true)]
    async fn a_developer_is_waited_for_without_end() {
        let a_day = Duration::from_secs(24 * 60 * 60);
        let connections = OpenConnections::default();
        let ended = tokio::time::timeout(a_day, unwanted(Owner::Developer, &connections)).await;
        assert!(ended.is_err());
    }
}
