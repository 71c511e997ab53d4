//! One cell of the matrix: one operation, one thing that goes wrong, and everything that has to hold all the same.

use std::{collections::BTreeSet, fmt, mem, sync::Mutex, time::Duration};

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{
    Call, Clock, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator,
};
use tokio::time::{Instant, sleep};

use super::{
    elsewhere::Elsewhere,
    operation::{ID, Operation, Prepared},
    trouble::Trouble,
};
use crate::support::{
    actions::POWER_CALLS,
    host::Launch,
    terraform_core::{Errors, Terraform},
};

/// How long an operation may take where it comes to its end by itself: a fast machine needs a fifth of it.
const AMPLE: Duration = Duration::from_secs(40);
/// The same where it waits in vain for as long as it may. A slow machine must get as far as that in it.
const SHORT: Duration = Duration::from_secs(8);
/// What an operation may take beyond its time: a last request, pauses, a slow machine.
const SLACK: Duration = Duration::from_secs(12);

/// What a cell may take, with what comes before and after the operation.
const LONGEST: Duration = Duration::from_secs(150);

/// How long a start, a stop and a reboot take by the cloud's clock.
const MOMENT: Duration = Duration::from_secs(1);
/// How often the cloud's clock is thought of.
const TICK: Duration = Duration::from_millis(2);

/// What came of a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The practitioner notices nothing.
    Succeeded,
    /// The message, without what differs from instance to instance.
    Failed(String),
    /// It was cut off, and there is nobody to tell anything.
    Killed,
    /// It was over before anything went wrong.
    TooEarly,
}

/// Lets `trouble` come over `operation`, and then goes on as a practitioner would.
pub(super) async fn check(
    operation: Operation,
    trouble: Trouble,
    elsewhere: &Elsewhere,
) -> Outcome {
    let states = Mutex::new(BTreeSet::from([operation.origin().to_owned()]));
    let cell = Cell { operation, trouble, cloud: cloud(operation).await, states };
    tokio::select! {
        biased;
        outcome = cell.check(elsewhere) => outcome,
        never = cell.pass_time() => never,
        () = sleep(LONGEST) => panic!("{cell} does not end"),
    }
}

async fn cloud(operation: Operation) -> Simulator {
    let options = Options {
        instances: vec![json!({"UHostId": ID, "State": operation.origin()})],
        start_time: MOMENT,
        stop_time: MOMENT,
        // What makes one request only must be long enough at it to be killed meanwhile.
        latency: Duration::from_millis(if operation.changes() { 4 } else { 40 }),
        clock: Clock::Stepped,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

struct Cell {
    operation: Operation,
    trouble: Trouble,
    cloud: Simulator,
    /// In which the instance has been.
    states: Mutex<BTreeSet<String>>,
}

impl Cell {
    async fn check(&self, elsewhere: &Elsewhere) -> Outcome {
        let limit = if self.trouble.outlasts_patience() { SHORT } else { AMPLE };
        let mut terraform = Terraform::with(&self.cloud.url(), json!({})).await;
        let prepared = self.operation.prepare(&mut terraform, limit).await;
        let before = terraform.state().cloned();
        self.cloud.clear_calls();

        let begin = Instant::now();
        let outcome = match &self.trouble {
            Trouble::Killed { after } => self.run_and_kill(&terraform, prepared, *after).await,
            trouble => {
                let url = elsewhere.url(trouble).unwrap_or_else(|| self.cloud.url());
                let mut struck = terraform.in_another_process(&url).await;
                struck.configure(self.provider()).await.unwrap();
                self.begin_trouble();
                let result = self.operation.run(&mut struck, prepared, limit).await;
                let took = begin.elapsed();
                self.check_time(took, limit);
                terraform = struck;
                self.outcome(result)
            }
        };
        self.check_state(&terraform, before.is_some(), &outcome);
        self.check_calls();
        self.go_on(terraform).await;
        outcome
    }

    /// How the provider is configured while it is in trouble.
    fn provider(&self) -> Json {
        let timeout = self.trouble.request_timeout();
        json!({"max_retries": 2, "request_timeout": format!("{}s", timeout.as_secs())})
    }

    fn begin_trouble(&self) {
        if let Trouble::Times(_, time) = self.trouble {
            let times = ["CreateTime", "StartTime", "StopTime", "ExpireTime", "StopSchedulerTime"];
            let patch = times.iter().map(|name| ((*name).to_owned(), json!(time))).collect();
            self.cloud.patch(ID, Json::Object(patch));
        }
        if !self.trouble.begins_after_a_call() {
            self.add_faults();
        }
    }

    fn add_faults(&self) {
        for fault in self.trouble.faults() {
            self.cloud.add_fault(fault);
        }
    }

    /// Lets the cloud's time go by. What begins after a call begins before anything can have come of that.
    ///
    /// Time goes by with the looks, not with ours: on a slow machine the same happens as on a fast one. After a call it stands
    /// still until the second look, so that what comes of it is seen even if the first is struck.
    async fn pass_time(&self) -> ! {
        let step = match self.trouble {
            Trouble::ClockJumps => Duration::from_secs(24 * 60 * 60),
            _ => MOMENT / 4,
        };
        let (mut waiting, mut passed) = (self.trouble.begins_after_a_call(), 0);
        loop {
            sleep(TICK).await;
            self.note_state();
            let calls = self.cloud.calls();
            let is_change = |call: &Call| POWER_CALLS.contains(&call.action.as_str());
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

    /// Often enough to miss none, since time goes by in no other place.
    fn note_state(&self) {
        let state = self.cloud.instance(ID).unwrap()["State"].as_str().unwrap().to_owned();
        self.states.lock().unwrap().insert(state);
    }

    fn was_asked(&self) -> bool {
        self.cloud.calls().iter().any(|call| POWER_CALLS.contains(&call.action.as_str()))
    }

    /// Runs it in a process of its own, which is killed when request number `after` is with the cloud, and not answered.
    async fn run_and_kill(
        &self,
        terraform: &Terraform,
        prepared: Prepared,
        after: usize,
    ) -> Outcome {
        let host = Launch::new()
            .with("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY)
            .with("COMPSHARE_PRIVATE_KEY", DEMO_PRIVATE_KEY)
            .with("COMPSHARE_BASE_URL", &self.cloud.url())
            .start()
            .await;
        let mut doomed = terraform.served_by(host.provider().await);
        doomed.configure(json!({"poll_interval": "20ms"})).await.unwrap();
        let killed = async {
            while self.cloud.calls().len() < after {
                sleep(Duration::from_millis(1)).await;
            }
            host.process.signal(rustix::process::Signal::KILL);
        };
        tokio::select! {
            biased;
            () = killed => Outcome::Killed,
            result = self.operation.run(&mut doomed, prepared, AMPLE) => {
                result.unwrap();
                Outcome::TooEarly
            }
        }
    }

    fn check_time(&self, took: Duration, limit: Duration) {
        assert!(took < limit + SLACK, "{self}: {took:?}");
    }

    fn outcome(&self, result: Result<(), Errors>) -> Outcome {
        let Err(errors) = result else { return Outcome::Succeeded };
        let error = errors.only();
        let first = error.detail.lines().next().unwrap_or_default();
        let instance = format!("`{ID}`");
        // What core says by itself names the address of the resource.
        let by_core = error.detail.is_empty();
        let names = error.detail.contains(&instance) || !self.operation.is_about_the_instance();
        let names = names || by_core;
        assert!(names, "{self} does not say of which instance: {error}");
        if self.was_asked() {
            let asked = POWER_CALLS.iter().any(|call| error.detail.contains(call));
            assert!(asked, "{self} does not say what was asked of the cloud: {error}");
        }
        assert!(
            error.detail.contains(self.trouble.network_says()),
            "{self} does not say why: {error}"
        );
        // From here on it is the system that speaks, and each has words of its own.
        let told = ["the response was lost: ", "the cloud could not be reached: "]
            .iter()
            .find_map(|words| Some(format!("{}{words}…", first.split_once(words)?.0)));
        let told = told.unwrap_or_else(|| first.to_owned());
        Outcome::Failed(format!("{}: {}", error.summary, told.replace(&instance, "…")))
    }

    /// The state says what is, or what was; and what exists is not forgotten.
    fn check_state(&self, terraform: &Terraform, existed: bool, outcome: &Outcome) {
        let Some(state) = terraform.state() else {
            let goes = matches!(self.operation, Operation::Destroy | Operation::DestroyOnly);
            let forgotten = existed && !(goes && *outcome == Outcome::Succeeded);
            assert!(
                !forgotten || self.trouble.denies_the_instance(),
                "{self} forgets the instance"
            );
            return;
        };
        assert!(!state.tainted, "{self} taints the instance");
        self.note_state();
        let told = terraform.attribute("state");
        let truth = self.cloud.instance(ID).unwrap()["State"].clone();
        if *outcome == Outcome::Succeeded {
            assert_eq!(told, truth, "{self}");
        }
        let states = self.states.lock().unwrap();
        assert!(states.iter().any(|state| told == *state), "{self}: {told} was never so");
    }

    /// What was taken by the cloud is not asked for again.
    fn check_calls(&self) {
        for action in POWER_CALLS {
            let calls = self.cloud.calls();
            let calls: Vec<_> = calls.iter().filter(|call| call.action == action).collect();
            let taken = calls.iter().position(|call| call.ret_code == Some(0));
            assert!(taken.is_none_or(|taken| taken == calls.len() - 1), "{self}: {calls:#?}");
        }
    }

    /// Nothing is wrong any more, and the practitioner tries again with a new process.
    async fn go_on(&self, terraform: Terraform) {
        self.cloud.clear_faults();
        let mut terraform = terraform.in_another_process(&self.cloud.url()).await;
        terraform.configure(json!({})).await.unwrap();
        let again = self.operation.run_again(&mut terraform, AMPLE).await;
        assert!(again.is_ok(), "{self}, then again: {again:?}");
        // A reboot that is asked for again is another one.
        if self.operation != Operation::Reboot {
            self.check_calls();
        }
        // What the cloud itself says is gone is not stopped, and forgotten.
        if self.operation == Operation::Destroy && self.trouble.denies_the_instance() {
            return;
        }
        let instance = self.cloud.instance(ID).unwrap();
        assert_eq!(instance["State"], self.operation.target(), "{self}: {instance}");
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` under `{}`", self.operation.name(), self.trouble)
    }
}
