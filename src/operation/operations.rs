//! Entry point of the module: describes instances and runs operations on them.

use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    describer::{Described, Describer},
    kept_running::KeptRunning,
    kind::Kind,
    locks::InstanceLocks,
    log::{Event, OperationLog},
    outcome::{Caveat, Failure, Reason, Success},
    pace::Pace,
    run::Run,
};
use crate::compshare::{BatchingClient, Scope};

/// All operations of one configured provider. They share a client and the locks of instances.
#[derive(Debug)]
pub(crate) struct Operations {
    client: BatchingClient,
    describer: Describer,
    locks: InstanceLocks,
    kept_running: KeptRunning,
    pace: Pace,
}

impl Operations {
    pub(crate) fn new(client: BatchingClient, pace: Pace, kept_running: KeptRunning) -> Self {
        let describer = Describer::new(client.clone(), pace.confirm);
        Self { client, describer, locks: InstanceLocks::default(), kept_running, pace }
    }

    /// Describes an instance. Returns `None` only if its absence is confirmed.
    ///
    /// # Errors
    ///
    /// As [`Client::call`](crate::compshare::Client::call).
    pub(crate) async fn describe(&self, id: &str, scope: &Scope) -> Described {
        self.describer.describe(id, scope).await
    }

    /// As [`Self::describe`], but returns the result of an earlier describe if it is recent. For
    /// the check of a plan only.
    ///
    /// # Errors
    ///
    /// As [`Self::describe`].
    pub(crate) async fn describe_recent(&self, id: &str, scope: &Scope) -> Described {
        self.describer.describe_recent(id, scope).await
    }

    /// As [`Self::describe`], after a pause, to confirm an earlier describe.
    ///
    /// # Errors
    ///
    /// As [`Self::describe`].
    pub(crate) async fn describe_again(&self, id: &str, scope: &Scope) -> Described {
        sleep(self.pace.recheck).await;
        self.describe(id, scope).await
    }

    /// As [`Self::describe`], for an instance that no describe has contained since its create:
    /// returns `None` only after the time for which it may be missing because it is new.
    ///
    /// # Errors
    ///
    /// As [`Self::describe`].
    pub(crate) async fn describe_new(&self, id: &str, scope: &Scope) -> Described {
        let end = Instant::now() + self.pace.visible;
        loop {
            let described = self.describe(id, scope).await?;
            if described.is_some() || Instant::now() >= end {
                return Ok(described);
            }
            sleep(self.pace.poll).await;
        }
    }

    /// Runs an operation to its end.
    ///
    /// Ends at the operation's timeout, and immediately when `stop` is cancelled. Calls that were
    /// accepted are not reverted.
    ///
    /// # Errors
    ///
    /// The reason of the failure, and the log.
    pub(crate) async fn run<K: Kind>(
        &self,
        kind: &K,
        stop: &CancellationToken,
    ) -> Result<Success, Failure<K::Reason>> {
        self.run_with_events(kind, stop, None).await
    }

    /// As [`Self::run`], and sends the events of the operation to `events`.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub(crate) async fn run_with_events<K: Kind>(
        &self,
        kind: &K,
        stop: &CancellationToken,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<Success, Failure<K::Reason>> {
        let mut run = Run {
            kind,
            log: OperationLog::new(&kind.instance().id, events)
                .with_known_state(kind.known_state()),
            describer: &self.describer,
            client: self.client.client(),
            pace: &self.pace,
        };
        let (id, timeout) = (&kind.instance().id, kind.timeout());
        // Before the lock: an operation that holds it must not stop the instance first.
        if kind.keeps_running() {
            self.kept_running.add(id);
        }
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Reason::Interrupted),
            result = self.run_locked(&mut run) => result,
            () = sleep(timeout) => Err(Reason::TimedOut(timeout)),
        };
        if kind.keeps_running() && result.is_err() {
            self.kept_running.remove(id);
        }
        result.map_err(|reason| Failure { reason, log: Box::new(run.log) })
    }

    async fn run_locked<K: Kind>(
        &self,
        run: &mut Run<'_, K>,
    ) -> Result<Success, Reason<K::Reason>> {
        let id = &run.kind.instance().id;
        let _guard = if run.kind.is_passive() { None } else { Some(self.locks.lock(id).await) };
        if run.kind.ends_with_object() && self.kept_running.contains(id) {
            return Ok(Success { instance: None, caveat: Some(Caveat::LeftRunning) });
        }
        run.finish().await
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use serde_json::json;

    use super::*;
    use crate::{
        compshare::{Client, Credentials, Network, PowerAction, PowerCall, Settings, State},
        operation::{
            decision::{Situation, Step},
            instance_ref::InstanceRef,
        },
        simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Options, Simulator},
    };

    const STOP: &str = "StopCompShareInstance";

    /// The smallest kind of operation.
    struct Shutdown(InstanceRef);

    impl Kind for Shutdown {
        type Call = PowerCall;
        type Reason = Infallible;

        fn instance(&self) -> &InstanceRef {
            &self.0
        }

        fn timeout(&self) -> Duration {
            Duration::from_secs(10)
        }

        fn decide(&self, situation: &Situation<'_>) -> Step<PowerCall, Infallible> {
            match situation.seen.state {
                State::Stopped => Step::Done,
                State::Running => situation.send(PowerCall {
                    instance_id: self.0.id.clone(),
                    scope: self.0.scope_at(situation.seen),
                    action: PowerAction::Stop { force: false },
                }),
                _ => Step::Wait,
            }
        }
    }

    fn shutdown() -> Shutdown {
        Shutdown(InstanceRef { id: "uhost-1".to_owned(), ..InstanceRef::default() })
    }

    async fn simulator(instances: serde_json::Value) -> (Simulator, Operations) {
        let instances = instances.as_array().unwrap().clone();
        let simulator =
            Simulator::start(Options { instances, ..Options::default() }).await.unwrap();
        let settings =
            Settings { base_url: simulator.url().parse().unwrap(), ..Settings::default() };
        let credentials = Credentials {
            public_key: DEMO_PUBLIC_KEY.into(),
            private_key: DEMO_PRIVATE_KEY.into(),
        };
        let client = Client::new(settings, Network::default(), credentials).unwrap();
        let short = Duration::from_millis(5);
        let pace = Pace { confirm: short, retry: short, ..Pace::new(short) };
        (simulator, Operations::new(BatchingClient::new(client), pace, KeptRunning::default()))
    }

    #[tokio::test]
    async fn any_kind_of_operation_has_loop_retry_and_log() {
        let (simulator, operations) =
            simulator(json!([{"UHostId": "uhost-1", "State": "Running"}])).await;
        simulator.add_fault(Fault::refuse(8903, "in progress").on_action(STOP).times(2));
        let (events, mut received) = tokio::sync::mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let success = operations.run_with_events(&shutdown(), &stop, Some(events)).await.unwrap();
        assert_eq!(success.instance.unwrap().state, State::Stopped);
        assert_eq!(simulator.count(STOP), 3);
        let mut states = Vec::new();
        while let Ok(event) = received.try_recv() {
            if let Event::State(state) = event {
                states.push(state);
            }
        }
        assert_eq!(states, ["Running", "Stopped"]);
    }

    #[tokio::test]
    async fn concurrent_operations_on_one_instance_send_one_call() {
        let (simulator, operations) =
            simulator(json!([{"UHostId": "uhost-1", "State": "Running"}])).await;
        let stop = CancellationToken::new();
        let (one, other) = (shutdown(), shutdown());
        let (one, other) = tokio::join!(operations.run(&one, &stop), operations.run(&other, &stop));
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert_eq!(simulator.count(STOP), 1);
    }

    #[tokio::test]
    async fn absence_counts_after_two_describes() {
        let (simulator, operations) = simulator(json!([])).await;
        let failure = operations.run(&shutdown(), &CancellationToken::new()).await.unwrap_err();
        assert!(matches!(failure.reason, Reason::NotFound), "{failure:?}");
        assert_eq!(simulator.calls().len(), 2);

        let (simulator, operations) =
            self::simulator(json!([{"UHostId": "uhost-1", "State": "Pending"}])).await;
        let (events, mut received) = tokio::sync::mpsc::unbounded_channel();
        let remove = async {
            received.recv().await;
            simulator.remove("uhost-1");
        };
        let (kind, stop) = (shutdown(), CancellationToken::new());
        let (result, ()) =
            tokio::join!(operations.run_with_events(&kind, &stop, Some(events)), remove);
        assert!(matches!(result.unwrap_err().reason, Reason::Vanished));
    }
}
