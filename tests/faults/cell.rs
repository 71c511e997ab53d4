//! One cell of the matrix: one operation under one fault, and its checks.

use std::{collections::BTreeSet, fmt, mem, sync::Mutex, time::Duration};

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{
    Call, Clock, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator,
};
use tokio::time::{Instant, sleep};

use super::{
    fault::{Fault, Kind},
    operation::{ID, Operation, Prepared},
    unreachable::UnreachableServers,
};
use crate::support::{
    actions::CHANGES,
    host::Launch,
    terraform_core::{Diagnostic, Errors, Terraform},
};

/// Timeout of operations that are expected to finish. A fast machine needs a fifth of it.
const LONG_TIMEOUT: Duration = Duration::from_secs(40);
/// Timeout of operations that are expected to time out. A slow machine must reach the wait in it.
const SHORT_TIMEOUT: Duration = Duration::from_secs(8);
/// Time that an operation can take beyond its timeout: a last request, pauses, a slow machine.
const SLACK: Duration = Duration::from_secs(12);
/// Time limit of a cell.
const CELL_LIMIT: Duration = Duration::from_secs(150);

/// Duration of a start, a stop and a reboot by the simulated clock.
const POWER_CALL_TIME: Duration = Duration::from_secs(1);
/// Interval between two updates of the simulated clock.
const TICK: Duration = Duration::from_millis(2);

/// Result of the operation of a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Succeeded,
    /// The message, and the reason in it.
    Failed {
        message: String,
        reason: Option<String>,
    },
    /// The provider was killed, and the next run completed the operation.
    Killed,
    /// The operation finished before the fault began.
    FinishedBefore,
}

impl Outcome {
    /// The reason in the message, if the operation failed for one.
    pub(super) fn reason(&self) -> Option<&str> {
        let Self::Failed { reason, .. } = self else { return None };
        reason.as_deref()
    }

    pub(super) fn without_reason(&self) -> Self {
        match self {
            Self::Failed { message, .. } => Self::Failed { message: message.clone(), reason: None },
            other => other.clone(),
        }
    }

    /// Splits the title of an error, `Unable to …: REASON`, into message and reason. A first line that
    /// names the instance describes the outcome of the operation, and belongs to the message, unless
    /// the outcome is open: its title then names the cause.
    fn failed(error: &Diagnostic) -> Self {
        let id = format!("`{ID}`");
        let line = error.detail.lines().next().unwrap_or_default();
        let is_open = error.summary.starts_with("Unable to Confirm");
        let Some((title, reason)) =
            error.summary.split_once(": ").filter(|_| is_open || !line.contains(&id))
        else {
            let message = format!("{}. {}", error.summary, line.replace(&id, "ID"));
            return Self::Failed { message: message.trim_end().to_owned(), reason: None };
        };
        Self::Failed { message: format!("{title}: REASON."), reason: Some(reason.to_owned()) }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Succeeded => "success",
            Self::Failed { message, .. } => message,
            Self::Killed => "killed; the next run completes it",
            Self::FinishedBefore => "finished before the fault",
        })
    }
}

/// Runs `operation` under `fault` and without it again, with all checks.
pub(super) async fn check(
    operation: Operation,
    fault: &Fault,
    servers: &UnreachableServers,
) -> Outcome {
    let states = Mutex::new(BTreeSet::from([operation.origin().to_owned()]));
    let cell = Cell { operation, fault, cloud: cloud(operation).await, states };
    tokio::select! {
        biased;
        outcome = cell.check(servers) => outcome,
        never = cell.advance_clock() => never,
        () = sleep(CELL_LIMIT) => panic!("{cell} does not end"),
    }
}

async fn cloud(operation: Operation) -> Simulator {
    let options = Options {
        instances: vec![json!({
            "UHostId": ID, "State": operation.origin(),
            "SchedulerStopTime": operation.scheduled_before(),
        })],
        start_time: POWER_CALL_TIME,
        stop_time: POWER_CALL_TIME,
        // A read sends one request, which must be slow enough to be killed in flight.
        latency: Duration::from_millis(if operation.changes_the_instance() { 4 } else { 40 }),
        clock: Clock::Stepped,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

struct Cell<'a> {
    operation: Operation,
    fault: &'a Fault,
    cloud: Simulator,
    /// States that the instance has had.
    states: Mutex<BTreeSet<String>>,
}

impl Cell<'_> {
    async fn check(&self, servers: &UnreachableServers) -> Outcome {
        let limit = if self.fault.ends_in_timeout() { SHORT_TIMEOUT } else { LONG_TIMEOUT };
        let mut terraform = Terraform::with(&self.cloud.url(), json!({})).await;
        let prepared = self.operation.prepare(&mut terraform, limit).await;
        let before = terraform.state().cloned();
        self.cloud.clear_calls();

        let begin = Instant::now();
        let outcome = if let Kind::Killed { during } = self.fault.kind {
            self.run_and_kill(&terraform, prepared, during).await
        } else {
            let url = servers.url(self.fault).unwrap_or_else(|| self.cloud.url());
            terraform = terraform.in_another_process(&url).await;
            terraform.configure(self.provider_config()).await.unwrap();
            self.begin_fault();
            let result = self.operation.run(&mut terraform, prepared, limit).await;
            let took = begin.elapsed();
            assert!(took < limit + SLACK, "{self} took {took:?}");
            self.outcome(result)
        };
        self.check_state(&terraform, before.is_some(), &outcome);
        self.check_calls();
        self.check_next_run(terraform).await;
        outcome
    }

    /// Configuration of the provider under the fault.
    fn provider_config(&self) -> Json {
        let timeout = self.fault.request_timeout();
        json!({"max_retries": 2, "request_timeout": format!("{}s", timeout.as_secs())})
    }

    fn begin_fault(&self) {
        if let Kind::Times(time) = self.fault.kind {
            let times = ["CreateTime", "StartTime", "StopTime", "ExpireTime", "StopSchedulerTime"];
            let patch = times.iter().map(|name| ((*name).to_owned(), json!(time))).collect();
            self.cloud.patch(ID, Json::Object(patch));
        }
        if !self.fault.begins_after_a_change() {
            self.add_faults();
        }
    }

    fn add_faults(&self) {
        for fault in self.fault.simulator_faults(self.operation) {
            self.cloud.add_fault(fault);
        }
    }

    /// Advances the simulated clock, and adds a fault that begins after the first change.
    ///
    /// The clock advances on each describe rather than by wall time, so that slow machines see the
    /// same sequence. After a change it stands still until the second describe, so that the
    /// operation observes the transition even if the first describe fails.
    async fn advance_clock(&self) -> ! {
        let step = match self.fault.kind {
            Kind::ClockJumps => Duration::from_secs(24 * 60 * 60),
            _ => POWER_CALL_TIME / 4,
        };
        let (mut waiting, mut passed) = (self.fault.begins_after_a_change(), 0);
        loop {
            sleep(TICK).await;
            self.note_state();
            let calls = self.cloud.calls();
            let is_change = |call: &Call| CHANGES.contains(&call.action.as_str());
            let Some(last) = calls.iter().rposition(is_change) else { continue };
            if mem::take(&mut waiting) {
                self.add_faults();
            }
            if calls.len() > last + 2 && calls.len() > passed {
                passed = calls.len();
                self.cloud.advance(step);
            }
        }
    }

    /// Records the state of the instance. Called before each advance of the clock, so that no state
    /// is missed.
    fn note_state(&self) {
        let state = self.cloud.instance(ID).unwrap()["State"].as_str().unwrap().to_owned();
        self.states.lock().unwrap().insert(state);
    }

    fn sent_change(&self) -> bool {
        self.cloud.calls().iter().any(|call| CHANGES.contains(&call.action.as_str()))
    }

    /// Runs the operation in a real process, which is killed while request number `during` is in
    /// flight.
    async fn run_and_kill(
        &self,
        terraform: &Terraform,
        prepared: Prepared,
        during: usize,
    ) -> Outcome {
        let host = Launch::new()
            .with("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY)
            .with("COMPSHARE_PRIVATE_KEY", DEMO_PRIVATE_KEY)
            .with("COMPSHARE_BASE_URL", self.cloud.url())
            .start()
            .await;
        let mut doomed = terraform.served_by(host.provider().await);
        doomed.configure(json!({"poll_interval": "20ms"})).await.unwrap();
        let killed = async {
            while self.cloud.calls().len() < during {
                sleep(Duration::from_millis(1)).await;
            }
            host.process.signal(rustix::process::Signal::KILL);
        };
        tokio::select! {
            biased;
            () = killed => Outcome::Killed,
            result = self.operation.run(&mut doomed, prepared, LONG_TIMEOUT) => {
                result.unwrap();
                Outcome::FinishedBefore
            }
        }
    }

    fn outcome(&self, result: Result<(), Errors>) -> Outcome {
        let Err(errors) = result else { return Outcome::Succeeded };
        let error = errors.only();
        // An error of core itself has no detail, and names the resource.
        let named = error.detail.contains(&format!("`{ID}`")) || error.detail.is_empty();
        let must_be_named = self.operation.names_the_instance();
        assert!(named || !must_be_named, "{self}: the message does not name the instance: {error}");
        if self.sent_change() {
            let listed = CHANGES.iter().any(|call| error.detail.contains(call));
            assert!(listed, "{self}: the message does not list the sent call: {error}");
        }
        let network_error = self.fault.network_error();
        assert!(error.detail.contains(network_error), "{self}: no network error: {error}");
        Outcome::failed(error)
    }

    /// Checks that the stored state matches a state that the instance has had, and that an existing
    /// instance is still in the state.
    fn check_state(&self, terraform: &Terraform, existed: bool, outcome: &Outcome) {
        let Some(state) = terraform.state() else {
            let is_destroyed = self.operation.is_destroy() && *outcome == Outcome::Succeeded;
            let expected = !existed || is_destroyed;
            assert!(
                expected || self.fault.denies_the_instance(),
                "{self} removes the instance from the state"
            );
            return;
        };
        if self.operation.is_about_a_schedule() {
            return self.check_schedule(terraform, outcome);
        }
        assert!(!state.tainted, "{self} taints the instance");
        self.note_state();
        let stored = terraform.attribute("state");
        let actual = self.cloud.instance(ID).unwrap()["State"].clone();
        if *outcome == Outcome::Succeeded {
            assert_eq!(stored, actual, "{self}");
        }
        let states = self.states.lock().unwrap();
        assert!(
            states.iter().any(|state| stored == *state),
            "{self}: the instance was never {stored}"
        );
    }

    /// Checks that the state of a schedule matches the result. A failed cancellation keeps it.
    fn check_schedule(&self, terraform: &Terraform, outcome: &Outcome) {
        let is_stored = terraform.attribute("status") == "scheduled";
        let is_expected = self.operation.is_destroy() || *outcome == Outcome::Succeeded;
        assert_eq!(is_stored, is_expected, "{self}: the status of the schedule");
        let is_set = self.scheduled_stop() != 0;
        assert!(is_set || *outcome != Outcome::Succeeded, "{self}: no stop is scheduled");
    }

    fn scheduled_stop(&self) -> i64 {
        self.cloud.instance(ID).unwrap()["SchedulerStopTime"].as_i64().unwrap()
    }

    /// Checks that no accepted call was repeated.
    fn check_calls(&self) {
        for action in CHANGES {
            let calls = self.cloud.calls();
            let calls: Vec<_> = calls.iter().filter(|call| call.action == action).collect();
            let accepted = calls.iter().position(|call| call.ret_code == Some(0));
            assert!(accepted.is_none_or(|at| at == calls.len() - 1), "{self}: {calls:#?}");
        }
    }

    /// Checks that the next run, in a new process and without the fault, converges.
    async fn check_next_run(&self, terraform: Terraform) {
        self.cloud.clear_faults();
        let mut terraform = terraform.in_another_process(&self.cloud.url()).await;
        terraform.configure(json!({})).await.unwrap();
        let next = self.operation.run_until_converged(&mut terraform, LONG_TIMEOUT).await;
        assert!(next.is_ok(), "the next run after {self}: {next:?}");
        if !self.operation.is_repeated_with_its_call() {
            self.check_calls();
        }
        // If the API denies the instance, a destroy succeeds without a call.
        if self.operation.is_destroy() && self.fault.denies_the_instance() {
            return;
        }
        let instance = self.cloud.instance(ID).unwrap();
        assert_eq!(instance["State"], self.operation.target(), "{self}: {instance}");
        assert_eq!(self.scheduled_stop(), self.operation.scheduled_after(), "{self}: {instance}");
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` under `{}`", self.operation.name(), self.fault)
    }
}
