//! SIGKILL of the provider, of Terraform or of both at a random moment of creates: after the last
//! apply, no instance exists that is not declared, except those that the message names.

use std::time::Duration;

use fastrand::Rng;
use regex_lite::Regex;
use terraform_provider_compshare::{
    environment::Environment,
    simulator::{Options, Simulator},
};

use super::{
    kill::{Victim, remove_broken_state, stored},
    stage::{PRIVATE_KEY, PUBLIC_KEY, workspace_at},
};
use crate::support::{
    actions::CREATE,
    calls::Calls as _,
    effort,
    terraform::{Terraform, Workspace, by_turns},
};

const INSTANCES: usize = 6;

/// Duration of a create.
const CREATE_TIME: Duration = Duration::from_millis(400);

const OPTIONS: [&str; 2] = ["-parallelism=3", "-lock-timeout=30s"];
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn killed_creates_leave_no_unknown_instance() {
    let seed = Environment::of_process().text("TEST_SEED").map(|seed| seed.parse().unwrap());
    let seed = seed.unwrap_or_else(|| fastrand::u32(..).into());
    let mut tally = Tally::default();
    by_turns(seed..seed + effort::rounds(4) as u64, async |terraform, seed| {
        println!("with TEST_SEED={seed} and {terraform}");
        round(terraform, seed, &mut tally).await;
    });
    println!("{tally:?}");
    assert!(tally.killed > 0, "{tally:?}");
}

#[derive(Debug, Default)]
struct Tally {
    killed: usize,
    too_late: usize,
    creates: usize,
    /// Instances that a killed run has left behind.
    left_behind: usize,
}

async fn round(terraform: &Terraform, seed: u64, tally: &mut Tally) {
    let mut rng = Rng::with_seed(seed);
    let cloud = Simulator::start(Options {
        public_key: PUBLIC_KEY.to_owned(),
        private_key: PRIVATE_KEY.to_owned(),
        create_time: CREATE_TIME,
        latency: Duration::from_millis(10),
        ..Options::default()
    })
    .await
    .unwrap();
    let mut workspace = workspace_at(terraform, &cloud);
    let all = format!(
        r#"
resource "compshare_instance" "all" {{
  count    = {INSTANCES}
  name     = "node-${{count.index}}"
  zone     = "cn-wlcb-01"
  gpu_type = "4090"
  image_id = "compshareImage-12rjyhwynazd"
}}
"#
    );
    workspace.write("main.tf", &all);
    for attempt in 0..rng.u64(1..=2) {
        apply_and_kill(&mut workspace, &cloud, &mut rng, Victim::by_turns(seed, attempt), tally);
        remove_broken_state(&workspace);
    }
    workspace.renew_temporary();
    recover(&workspace, tally);

    let name = format!("TEST_SEED={seed}, {terraform}");
    let mut existing: Vec<_> = cloud.instances().iter().map(|one| one["UHostId"].clone()).collect();
    let mut declared: Vec<_> =
        stored(&workspace).iter().map(|one| one["attributes"]["id"].clone()).collect();
    let by_text = |id: &serde_json::Value| id.as_str().unwrap_or_default().to_owned();
    existing.sort_by_key(by_text);
    declared.sort_by_key(by_text);
    assert_eq!(existing, declared, "instances that exist and that are declared: {name}");
    assert_eq!(existing.len(), INSTANCES, "{name}");
    assert!(cloud.mutating_calls().iter().all(|call| call == CREATE), "{name}");
    assert_eq!(cloud.count(CREATE), INSTANCES, "each instance was created once: {name}");
    workspace.plan().assert_empty();
    tally.creates += cloud.count(CREATE);
}

fn apply_and_kill(
    workspace: &mut Workspace,
    cloud: &Simulator,
    rng: &mut Rng,
    victim: Victim,
    tally: &mut Tally,
) {
    workspace.renew_temporary();
    let before = cloud.count(CREATE);
    let due = INSTANCES.saturating_sub(before).max(1);
    let creates = rng.usize(..=due);
    let delay = Duration::from_millis(rng.u64(..=CREATE_TIME.as_millis() as u64));
    let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
    let mut apply = workspace.spawn(&[&apply[..], &OPTIONS].concat());
    let sent = || cloud.count(CREATE) - before >= creates;
    if apply.runs_until(sent) && apply.runs_for(delay) {
        apply.kill(|process| victim.is(process));
        tally.killed += 1;
    } else {
        tally.too_late += 1;
    }
    apply.finish(LIMIT);
}

/// Applies until nothing is left behind, and imports what the messages name.
fn recover(workspace: &Workspace, tally: &mut Tally) {
    let apply = ["apply", "-no-color", "-input=false", "-auto-approve", "-lock-timeout=30s"];
    let named = Regex::new(r#"instance\s+`(uhost-new\d+)`\s+with\s+the\s+name\s+"node-(\d+)""#);
    let named = named.unwrap();
    loop {
        let run = workspace.run(&apply);
        if run.exit_code == Some(0) {
            return;
        }
        let run = run.fail().says(&["Name Belongs to Existing Instance", "terraform import"]);
        // Terraform draws a frame and breaks lines.
        let text: String = run
            .stderr
            .lines()
            .map(|line| line.trim_start_matches(['│', ' ']))
            .collect::<Vec<_>>()
            .join(" ");
        let found: Vec<_> = named.captures_iter(&text).collect();
        assert!(!found.is_empty(), "the message names no instance: {text}");
        for instance in found {
            let (id, index) = (&instance[1], &instance[2]);
            workspace.import(&format!("compshare_instance.all[{index}]"), id);
            tally.left_behind += 1;
        }
    }
}
