//! SIGKILL, to the provider, to Terraform or to both, at any moment of an apply: the next apply takes it from there.
//!
//! Nothing can be cleaned up then, so everything rests on what the cloud says afterwards: a start that got out is joined, and
//! what was not stored is adopted.
//!
//! Terraform's lock of the state is only waited for: the system takes it from a process that is gone, which its last thread may
//! be a moment after the others, and the file that says who had it does not count.

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

use super::{changes, stage};
use crate::support::{
    actions::START,
    effort,
    terraform::{Process, Run, Terraform, Workspace, by_turns},
};

const INSTANCES: usize = 50;

/// How long a start takes.
const START_TIME: Duration = Duration::from_millis(300);

/// How long the answer to a start is under way, during which it is taken and nobody knows.
const ANSWER_TIME: Duration = Duration::from_millis(20);

/// How long instances can be on their way that somebody else has stopped or started.
const OTHERS_TAKE: Duration = Duration::from_millis(2_500);

/// What each apply is told, besides what all are.
const OPTIONS: [&str; 2] = ["-parallelism=50", "-lock-timeout=30s"];

/// No run takes this long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a provider outlives its Terraform: five seconds of patience, one to end, and what a busy machine adds.
const OUTLIVES: Duration = Duration::from_secs(12);

#[test]
fn whoever_is_killed_the_next_apply_takes_it_from_there() {
    let seed = Environment::of_process().text("TEST_SEED").map(|seed| seed.parse().unwrap());
    let seed = seed.unwrap_or_else(|| fastrand::u32(..).into());
    let mut tally = Tally::default();
    let mut aftermath: Option<Aftermath> = None;
    let began = Instant::now();
    by_turns(seed..seed + effort::rounds(10) as u64, async |terraform, seed| {
        println!("with TEST_SEED={seed} and {terraform}");
        let ended = Round::new(terraform, seed).await.play(&mut tally);
        // By now a provider that lost its Terraform in the round before has had its time.
        if let Some(before) = aftermath.replace(ended) {
            before.check();
        }
    });
    aftermath.unwrap().check();
    // What is printed is shown if it fails, or with `--nocapture`.
    println!("{tally:?} in {:?}", began.elapsed());
    tally.assert_everything_was_tried();
}

/// Who is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Provider,
    Terraform,
    Both,
}

/// When: the cloud has been asked for so many starts in this run, and then some time has passed.
#[derive(Clone, Copy, Debug)]
struct Moment {
    starts: usize,
    later: Duration,
}

impl Victim {
    /// Each in its turn, so that a few rounds have them all, with every Terraform.
    fn by_turns(seed: u64, attempt: u64) -> Self {
        match (seed / 3 + attempt) % 3 {
            0 => Self::Provider,
            1 => Self::Terraform,
            _ => Self::Both,
        }
    }

    fn is(self, process: &Process) -> bool {
        match self {
            Self::Provider => process.is_provider(),
            Self::Terraform => !process.is_provider(),
            Self::Both => true,
        }
    }
}

impl Moment {
    /// Any one in an apply in which `due` instances are to be started.
    fn any(rng: &mut Rng, due: usize) -> Self {
        // What comes before the first start, or is all there is, can only be met by the clock.
        if due == 0 || rng.u8(..4) == 0 {
            return Self { starts: 0, later: Duration::from_millis(rng.u64(..1_500)) };
        }
        let later = Duration::from_millis(rng.u64(..=START_TIME.as_millis() as u64));
        Self { starts: rng.usize(1..=due), later }
    }
}

/// What happened in all rounds.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    provider_killed: usize,
    terraform_killed: usize,
    both_killed: usize,
    /// The apply, or the providers, had ended before.
    came_too_late: usize,
    before_the_first_start: usize,
    between_starts: usize,
    after_the_last_start: usize,
    /// Kills that left starts under way, and how many of them.
    left_starts_under_way: usize,
    starts_left_under_way: usize,
    starts: usize,
    /// Terraform was killed in the middle of writing them.
    broken_state_files: usize,
}

impl Tally {
    fn killed(&mut self, victim: Victim, stage: &Stage) {
        *match victim {
            Victim::Provider => &mut self.provider_killed,
            Victim::Terraform => &mut self.terraform_killed,
            Victim::Both => &mut self.both_killed,
        } += 1;
        *match stage.asked {
            0 => &mut self.before_the_first_start,
            asked if asked < stage.due => &mut self.between_starts,
            _ => &mut self.after_the_last_start,
        } += 1;
        self.left_starts_under_way += usize::from(stage.starting > 0);
        self.starts_left_under_way += stage.starting;
    }

    /// A test that never killed anybody, or nobody who was at work, would prove nothing.
    fn assert_everything_was_tried(&self) {
        let each = [
            self.provider_killed,
            self.terraform_killed,
            self.both_killed,
            self.left_starts_under_way,
        ];
        assert!(each.iter().all(|count| *count > 0), "something was never tried: {self:?}");
    }
}

/// How far an apply was when somebody was killed.
struct Stage {
    due: usize,
    asked: usize,
    starting: usize,
}

/// An instance, and what becomes of it without anybody's asking.
struct Fate {
    id: String,
    state: &'static str,
    /// When it gets where it was going, if it was on its way: by somebody else's doing.
    then: Option<(Duration, &'static str)>,
}

impl Fate {
    fn any(rng: &mut Rng, number: usize) -> Self {
        let moment = Duration::from_millis(rng.u64(..OTHERS_TAKE.as_millis() as u64));
        let (state, then) = match number % 10 {
            0 => ("Running", None),
            1 => ("Starting", Some((moment, "Running"))),
            2 => ("Stopping", Some((moment, "Stopped"))),
            _ => ("Stopped", None),
        };
        Self { id: format!("uhost-{number:02}"), state, then }
    }

    /// Whether it has to be started by somebody.
    fn needs_start(&self) -> bool {
        matches!(self.state, "Stopped" | "Stopping")
    }
}

/// A cloud, a configuration for it, and what is going to happen to both.
struct Round {
    /// For messages: how to have it again.
    name: String,
    seed: u64,
    rng: Rng,
    fates: Arc<[Fate]>,
    cloud: Arc<Simulator>,
    workspace: Workspace,
}

/// A run in which somebody was killed.
struct Struck {
    run: Run,
    killed: Instant,
    /// How many providers were killed; of each a folder may remain.
    providers: usize,
    temporary: PathBuf,
}

impl Round {
    async fn new(terraform: &Terraform, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let fates: Arc<[_]> = (0..INSTANCES).map(|number| Fate::any(&mut rng, number)).collect();
        let instances: Vec<_> =
            fates.iter().map(|fate| json!({"UHostId": fate.id, "State": fate.state})).collect();
        let (cloud, workspace) = stage(terraform, &instances, START_TIME).await;
        cloud.add_fault(Fault::new(Effect::Delay { by: ANSWER_TIME }).on_action(START).forever());
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
        let others = thread::spawn(move || let_happen(&fates, &cloud));
        let mut struck = Vec::new();
        for attempt in 0..self.rng.u64(1..=3) {
            struck.extend(self.strike(attempt, tally));
            tally.broken_state_files += usize::from(mend_state(&self.workspace));
            assert_nothing_is_tainted(&self.workspace, &self.name);
        }
        self.workspace.renew_temporary();
        self.workspace.apply_with(&OPTIONS).says(&["0 changed, 0 destroyed"]);
        others.join().unwrap();
        self.check();
        tally.rounds += 1;
        tally.starts += self.cloud.count(START);
        Aftermath { name: self.name, struck, _workspace: self.workspace }
    }

    /// Applies, and kills somebody on the way. `None` if the apply ended before that.
    fn strike(&mut self, attempt: u64, tally: &mut Tally) -> Option<Struck> {
        let before = self.cloud.count(START);
        let due = self.need_start().count().saturating_sub(before);
        let moment = Moment::any(&mut self.rng, due);
        let victim = Victim::by_turns(self.seed, attempt);

        let temporary = self.workspace.renew_temporary();
        let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
        let mut apply = self.workspace.spawn(&[&apply[..], &OPTIONS].concat());
        let has_come = || self.cloud.count(START) - before >= moment.starts;
        if !(apply.goes_on_until(has_come) && apply.goes_on_for(moment.later)) {
            tally.came_too_late += 1;
            apply.finish(LIMIT).succeed();
            return None;
        }
        let providers = apply.kill(|process| victim.is(process));
        let killed = Instant::now();
        let asked = self.cloud.count(START) - before;
        let stage = Stage { due, asked, starting: self.starting() };
        let run = apply.finish(LIMIT);
        match victim {
            Victim::Provider if providers > 0 => tally.killed(victim, &stage),
            Victim::Terraform | Victim::Both if run.exit_code.is_none() => {
                tally.killed(victim, &stage)
            }
            _ => tally.came_too_late += 1,
        }
        Some(Struck { run, killed, providers, temporary })
    }

    /// The instances that have to be started by somebody.
    fn need_start(&self) -> impl Iterator<Item = &Fate> {
        self.fates.iter().filter(|fate| fate.needs_start())
    }

    /// How many starts that somebody has asked for are under way.
    fn starting(&self) -> usize {
        let state = |fate: &Fate| self.cloud.instance(&fate.id).unwrap()["State"].clone();
        self.need_start().filter(|fate| state(fate) == "Starting").count()
    }

    /// That everything is as if nobody had been killed.
    fn check(&self) {
        let name = &self.name;
        for fate in self.fates.iter() {
            let state = &self.cloud.instance(&fate.id).unwrap()["State"];
            assert_eq!(state, "Running", "{}: {name}", fate.id);
            let starts = starts_of(&self.cloud, &fate.id);
            let expected = if fate.needs_start() { vec![Some(0)] } else { vec![] };
            assert_eq!(starts, expected, "starts of {}, {}: {name}", fate.id, fate.state);
        }
        let others = changes(&self.cloud);
        assert!(others.iter().all(|action| action == START), "{others:?}: {name}");
        assert_nothing_is_tainted(&self.workspace, name);
        assert_eq!(stored(&self.workspace).len(), INSTANCES, "in the state: {name}");
        let plan = ["plan", "-no-color", "-input=false", "-detailed-exitcode"];
        self.workspace.run(&plan).succeed();
    }
}

/// What others do meanwhile.
fn let_happen(fates: &[Fate], cloud: &Simulator) {
    let began = Instant::now();
    let mut due: Vec<_> =
        fates.iter().filter_map(|fate| Some((fate.then?, fate.id.as_str()))).collect();
    due.sort_unstable();
    for ((moment, state), id) in due {
        thread::sleep(moment.saturating_sub(began.elapsed()));
        cloud.patch(id, json!({"State": state}));
    }
}

/// What each start of an instance came to.
fn starts_of(cloud: &Simulator, id: &str) -> Vec<Option<i64>> {
    let calls = cloud.calls().into_iter();
    let starts = calls.filter(|call| call.action == START && call.instance.as_deref() == Some(id));
    starts.map(|call| call.ret_code).collect()
}

/// Takes a state away that Terraform was killed in the middle of writing, as its user has to. Whether that was so.
fn mend_state(workspace: &Workspace) -> bool {
    let Some(text) = workspace.stored_text() else { return false };
    let is_broken = serde_json::from_str::<Value>(&text).is_err();
    // An empty one counts as none.
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

/// The instances in the state as it is stored.
fn stored(workspace: &Workspace) -> Vec<Value> {
    let text = workspace.stored_text().filter(|text| !text.is_empty());
    let Some(text) = text else { return Vec::new() };
    let state: Value = serde_json::from_str(&text).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    resources.flat_map(|resource| resource["instances"].as_array().unwrap().clone()).collect()
}

/// What is left of the runs of a round.
struct Aftermath {
    name: String,
    struck: Vec<Struck>,
    /// Holds the folders.
    _workspace: Workspace,
}

impl Aftermath {
    /// That providers have ended, and have left nothing where they could clean up.
    fn check(&self) {
        for Struck { run, killed, providers, temporary } in &self.struck {
            let left = run.left_behind_after(OUTLIVES.saturating_sub(killed.elapsed()));
            assert_eq!(left, [""; 0], "{}: {run}", self.name);
            let folders = left_in(temporary);
            assert!(
                folders.len() <= *providers,
                "{folders:?} of {providers}: {}, {run}",
                self.name
            );
        }
    }
}

/// What is left in a temporary folder, without what Terraform has put there: its log up to 1.0, and folders in which it lets
/// providers make theirs.
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
