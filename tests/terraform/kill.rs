//! SIGKILL of the provider, of Terraform or of both at a random moment of an apply; the next apply
//! recovers.
//!
//! A killed process cannot clean up, so recovery rests on the reports of the API: an accepted start
//! is joined, and an instance that was not stored is imported.
//!
//! The lock of the state is released when the last thread of Terraform has exited, which may be a
//! moment later: applies wait for it with `-lock-timeout`. The leftover lock file has no effect.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use fastrand::Rng;
use serde_json::{Value, json};
use terraform_provider_compshare::{
    environment::Environment,
    simulator::{Effect, Fault, Simulator},
};
use tokio::time::Instant;

use super::stage::Stage;
use crate::support::{
    actions::START,
    calls::Calls as _,
    effort,
    terraform::{Process, Run, Terraform, Workspace, by_turns},
};

const INSTANCES: usize = 50;

/// Duration of a start.
const START_TIME: Duration = Duration::from_millis(300);

/// Delay of the response to an accepted start.
const RESPONSE_TIME: Duration = Duration::from_millis(20);

/// Maximum duration of transitions that the test starts itself.
const MAX_TRANSITION: Duration = Duration::from_millis(2_500);

/// Options of each apply.
const OPTIONS: [&str; 2] = ["-parallelism=50", "-lock-timeout=30s"];

/// Time limit for one run.
const LIMIT: Duration = Duration::from_secs(60);

/// Maximum time that a provider outlives Terraform: five seconds until it notices, one to end, and
/// a margin for a busy machine.
const OUTLIVES: Duration = Duration::from_secs(12);

#[test]
fn next_apply_recovers_from_sigkill() {
    let seed = Environment::of_process().text("TEST_SEED").map(|seed| seed.parse().unwrap());
    let seed = seed.unwrap_or_else(|| fastrand::u32(..).into());
    let mut tally = Tally::default();
    let mut aftermath: Option<Aftermath> = None;
    let began = Instant::now();
    by_turns(seed..seed + effort::rounds(10) as u64, async |terraform, seed| {
        println!("with TEST_SEED={seed} and {terraform}");
        let ended = Round::new(terraform, seed).await.play(&mut tally);
        // A provider of the previous round has had the duration of this one to end.
        if let Some(before) = aftermath.replace(ended) {
            before.check();
        }
    });
    aftermath.unwrap().check();
    println!("{tally:?} in {:?}", began.elapsed());
    tally.assert_all_cases_occurred();
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Victim {
    Provider,
    Terraform,
    Both,
}

/// Time of the kill: after this number of starts in the run, and a delay.
#[derive(Clone, Copy, Debug)]
struct Moment {
    starts: usize,
    delay: Duration,
}

impl Victim {
    /// Alternates, so that a few rounds have all victims with each Terraform.
    pub(super) fn by_turns(seed: u64, attempt: u64) -> Self {
        match (seed / 3 + attempt) % 3 {
            0 => Self::Provider,
            1 => Self::Terraform,
            _ => Self::Both,
        }
    }

    pub(super) fn is(self, process: &Process) -> bool {
        match self {
            Self::Provider => process.is_provider(),
            Self::Terraform => !process.is_provider(),
            Self::Both => true,
        }
    }
}

impl Moment {
    /// Random moment of an apply that starts `due` instances.
    fn any(rng: &mut Rng, due: usize) -> Self {
        // The time before the first start can only be hit by the clock.
        if due == 0 || rng.u8(..4) == 0 {
            return Self { starts: 0, delay: Duration::from_millis(rng.u64(..1_500)) };
        }
        let delay = Duration::from_millis(rng.u64(..=START_TIME.as_millis() as u64));
        Self { starts: rng.usize(1..=due), delay }
    }
}

/// Counts over all rounds.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    provider_killed: usize,
    terraform_killed: usize,
    both_killed: usize,
    /// The victims had already ended.
    too_late: usize,
    before_the_first_start: usize,
    between_starts: usize,
    after_the_last_start: usize,
    /// Kills during starts, and the number of these starts.
    during_starts: usize,
    interrupted_starts: usize,
    starts: usize,
    /// State files that Terraform had not finished writing.
    broken_state_files: usize,
}

impl Tally {
    fn killed(&mut self, victim: Victim, progress: &Progress) {
        *match victim {
            Victim::Provider => &mut self.provider_killed,
            Victim::Terraform => &mut self.terraform_killed,
            Victim::Both => &mut self.both_killed,
        } += 1;
        *match progress.sent {
            0 => &mut self.before_the_first_start,
            sent if sent < progress.due => &mut self.between_starts,
            _ => &mut self.after_the_last_start,
        } += 1;
        self.during_starts += usize::from(progress.starting > 0);
        self.interrupted_starts += progress.starting;
    }

    /// Without kills of each victim and during starts the test would prove nothing.
    fn assert_all_cases_occurred(&self) {
        let each =
            [self.provider_killed, self.terraform_killed, self.both_killed, self.during_starts];
        assert!(each.iter().all(|count| *count > 0), "a case did not occur: {self:?}");
    }
}

/// Starts of an apply at the time of the kill.
struct Progress {
    due: usize,
    sent: usize,
    starting: usize,
}

/// An instance, and its transition that is not caused by Terraform.
struct Fate {
    id: String,
    state: &'static str,
    /// End of the transition, after this time.
    then: Option<(Duration, &'static str)>,
}

impl Fate {
    fn any(rng: &mut Rng, number: usize) -> Self {
        let moment = Duration::from_millis(rng.u64(..MAX_TRANSITION.as_millis() as u64));
        let (state, then) = match number % 10 {
            0 => ("Running", None),
            1 => ("Starting", Some((moment, "Running"))),
            2 => ("Stopping", Some((moment, "Stopped"))),
            _ => ("Stopped", None),
        };
        Self { id: format!("uhost-{number:02}"), state, then }
    }

    /// True if the instance runs only after a start by Terraform.
    fn needs_start(&self) -> bool {
        matches!(self.state, "Stopped" | "Stopping")
    }
}

struct Round {
    /// Seed and Terraform, for messages.
    name: String,
    seed: u64,
    rng: Rng,
    fates: Arc<[Fate]>,
    cloud: Arc<Simulator>,
    workspace: Workspace,
}

/// A run with a kill.
struct KilledRun {
    run: Run,
    killed: Instant,
    /// Number of killed providers, each of which may leave a folder.
    providers: usize,
    temporary: PathBuf,
}

impl Round {
    async fn new(terraform: &Terraform, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let fates: Arc<[_]> = (0..INSTANCES).map(|number| Fate::any(&mut rng, number)).collect();
        let instances: Vec<_> =
            fates.iter().map(|fate| json!({"UHostId": fate.id, "State": fate.state})).collect();
        let Stage { cloud, workspace } =
            Stage::with_transitions(terraform, &instances, START_TIME).await;
        cloud.add_fault(Fault::new(Effect::Delay { by: RESPONSE_TIME }).on_action(START).forever());
        let ids: Vec<_> = fates.iter().map(|fate| fate.id.as_str()).collect();
        let all = format!(
            "resource \"compshare_instance_power\" \"all\" {{\n  for_each    = toset({ids:?})\n  \
             instance_id = each.key\n}}\n"
        );
        workspace.write("main.tf", &all);
        let name = format!("TEST_SEED={seed}, {terraform}");
        Self { name, seed, rng, fates, cloud: cloud.into(), workspace }
    }

    fn play(mut self, tally: &mut Tally) -> Aftermath {
        let (fates, cloud) = (Arc::clone(&self.fates), Arc::clone(&self.cloud));
        let others = thread::spawn(move || end_transitions(&fates, &cloud));
        let mut runs = Vec::new();
        for attempt in 0..self.rng.u64(1..=3) {
            runs.extend(self.apply_and_kill(attempt, tally));
            tally.broken_state_files += usize::from(remove_broken_state(&self.workspace));
            assert_nothing_is_tainted(&self.workspace, &self.name);
        }
        self.workspace.renew_temporary();
        self.workspace.apply_with(&OPTIONS).says(&["0 changed, 0 destroyed"]);
        others.join().unwrap();
        self.check();
        tally.rounds += 1;
        tally.starts += self.cloud.count(START);
        Aftermath { name: self.name, runs, _workspace: self.workspace }
    }

    /// Kills the victim during an apply. `None` if the apply ended before.
    fn apply_and_kill(&mut self, attempt: u64, tally: &mut Tally) -> Option<KilledRun> {
        let before = self.cloud.count(START);
        let due = self.need_start().count().saturating_sub(before);
        let moment = Moment::any(&mut self.rng, due);
        let victim = Victim::by_turns(self.seed, attempt);

        let temporary = self.workspace.renew_temporary();
        let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
        let mut apply = self.workspace.spawn(&[&apply[..], &OPTIONS].concat());
        let started = || self.cloud.count(START) - before >= moment.starts;
        if !(apply.runs_until(started) && apply.runs_for(moment.delay)) {
            tally.too_late += 1;
            apply.finish(LIMIT).succeed();
            return None;
        }
        let providers = apply.kill(|process| victim.is(process));
        let killed = Instant::now();
        let sent = self.cloud.count(START) - before;
        let progress = Progress { due, sent, starting: self.starting() };
        let run = apply.finish(LIMIT);
        match victim {
            Victim::Provider if providers > 0 => tally.killed(victim, &progress),
            Victim::Terraform | Victim::Both if run.exit_code.is_none() => {
                tally.killed(victim, &progress)
            }
            _ => tally.too_late += 1,
        }
        Some(KilledRun { run, killed, providers, temporary })
    }

    fn need_start(&self) -> impl Iterator<Item = &Fate> {
        self.fates.iter().filter(|fate| fate.needs_start())
    }

    /// Number of unfinished starts by Terraform.
    fn starting(&self) -> usize {
        let state = |fate: &Fate| self.cloud.instance(&fate.id).unwrap()["State"].clone();
        self.need_start().filter(|fate| state(fate) == "Starting").count()
    }

    /// Checks that all is as without a kill: each instance runs, started at most once, and the plan
    /// is empty.
    fn check(&self) {
        let name = &self.name;
        for fate in self.fates.iter() {
            let state = &self.cloud.instance(&fate.id).unwrap()["State"];
            assert_eq!(state, "Running", "{}: {name}", fate.id);
            let starts = starts_of(&self.cloud, &fate.id);
            let expected = if fate.needs_start() { vec![Some(0)] } else { vec![] };
            assert_eq!(starts, expected, "starts of {}, {}: {name}", fate.id, fate.state);
        }
        let changes = self.cloud.mutating_calls();
        assert!(changes.iter().all(|action| action == START), "{changes:?}: {name}");
        assert_nothing_is_tainted(&self.workspace, name);
        assert_eq!(stored(&self.workspace).len(), INSTANCES, "in the state: {name}");
        let plan = ["plan", "-no-color", "-input=false", "-detailed-exitcode"];
        self.workspace.run(&plan).succeed();
    }
}

/// Ends the transitions that Terraform does not cause.
fn end_transitions(fates: &[Fate], cloud: &Simulator) {
    let began = Instant::now();
    let mut due: Vec<_> =
        fates.iter().filter_map(|fate| Some((fate.then?, fate.id.as_str()))).collect();
    due.sort_unstable();
    for ((moment, state), id) in due {
        thread::sleep(moment.saturating_sub(began.elapsed()));
        cloud.patch(id, json!({"State": state}));
    }
}

/// RetCodes of the starts of an instance.
fn starts_of(cloud: &Simulator, id: &str) -> Vec<Option<i64>> {
    let calls = cloud.calls().into_iter();
    let starts = calls.filter(|call| call.action == START && call.instance.as_deref() == Some(id));
    starts.map(|call| call.ret_code).collect()
}

/// Removes a state file that Terraform has not finished writing, as its user has to. Returns true
/// if there was one.
pub(super) fn remove_broken_state(workspace: &Workspace) -> bool {
    let Some(text) = workspace.stored_text() else { return false };
    let is_broken = serde_json::from_str::<Value>(&text).is_err();
    // Terraform accepts an empty file.
    if is_broken && !text.is_empty() {
        workspace.remove("terraform.tfstate");
    }
    is_broken
}

fn assert_nothing_is_tainted(workspace: &Workspace, name: &str) {
    for instance in stored(workspace) {
        assert_eq!(instance["status"], Value::Null, "{}: {name}", instance["index_key"]);
    }
}

/// Instances in the stored state.
pub(super) fn stored(workspace: &Workspace) -> Vec<Value> {
    let text = workspace.stored_text().filter(|text| !text.is_empty());
    let Some(text) = text else { return Vec::new() };
    let state: Value = serde_json::from_str(&text).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    resources.flat_map(|resource| resource["instances"].as_array().unwrap().clone()).collect()
}

/// Runs of a round whose processes may still be ending.
struct Aftermath {
    name: String,
    runs: Vec<KilledRun>,
    /// Keeps the folders.
    _workspace: Workspace,
}

impl Aftermath {
    /// Checks that all processes have ended, and that only killed providers left folders.
    fn check(&self) {
        for KilledRun { run, killed, providers, temporary } in &self.runs {
            let left = run.left_behind_after(OUTLIVES.saturating_sub(killed.elapsed()));
            assert!(left.is_empty(), "{}: {left:?}: {run}", self.name);
            let folders = left_in(temporary);
            assert!(
                folders.len() <= *providers,
                "{folders:?} of {providers}: {}, {run}",
                self.name
            );
        }
    }
}

/// Entries of a temporary folder, without those of Terraform: its log (up to 1.0), and the parents
/// of the providers' folders.
fn left_in(folder: &Path) -> Vec<PathBuf> {
    let begins_with = |path: &Path, words: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(words))
    };
    let mut left = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if begins_with(&path, "plugin-dir") {
            left.extend(left_in(&path));
        } else if !begins_with(&path, "terraform-log") {
            left.push(path);
        }
    }
    left
}
