//! Table of all reported states, operations and desired states, with the calls that each leads to.

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault, Garbage, Options, Simulator};

use super::setup::{ID, cloud_with, describes, merged, reporting, stored_state};
use crate::support::{
    calls::Calls as _,
    terraform_core::{Errors, Plan, Terraform},
};

/// Reported state, state after three describes, and the outcomes of the desired states `Running`
/// and `Stopped` and of a destroy with `stop_on_destroy`.
///
/// - `ready`: one describe, no call.
/// - `wait`: several describes, no call.
/// - `start`, `stop`: one call of that action and none of the other.
/// - `failed`, `not found`: an error and no call.
const TABLE: &str = "
    Running       Running   ready      stop       stop
    Stopped       Stopped   start      ready      ready
    Starting      Running   wait       stop       stop
    Initializing  Running   wait       stop       stop
    Initializing  Stopped   start      wait       wait
    Rebooting     Running   wait       stop       stop
    Pending       Running   wait       stop       stop
    Pending       Stopped   start      wait       wait
    Install       Stopped   start      wait       wait
    Stopping      Stopped   start      wait       wait
    Resizing      Stopped   start      wait       wait
    Resizing      Running   wait       stop       stop
    Reinstalling  Stopped   start      wait       wait
    Reinstalling  Running   wait       stop       stop
    中断           Stopped   start      wait       wait
    Hibernating   Running   wait       stop       stop
    running       Running   wait       stop       stop
    -             Stopped   start      wait       wait
    -             Running   wait       stop       stop
    Install+Fail  =         failed     failed     ready
    ResizeFailed  =         failed     failed     ready
    absent        =         not+found  not+found  wait
";

#[derive(Clone, Copy, Debug)]
enum Operation {
    Create,
    Update,
    Destroy,
}

/// One cell of the table, for one operation.
#[derive(Debug)]
struct Case {
    id: String,
    reported: String,
    becomes: String,
    operation: Operation,
    desired: &'static str,
    outcome: String,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for row in TABLE.trim().lines() {
        let cells: Vec<String> =
            row.split_whitespace().map(|cell| cell.replace('+', " ")).collect();
        let [reported, becomes, running, stopped, destroy] = &cells[..] else { panic!("{row}") };
        for (operation, desired, outcome) in [
            (Operation::Create, "Running", running),
            (Operation::Update, "Running", running),
            (Operation::Create, "Stopped", stopped),
            (Operation::Update, "Stopped", stopped),
            (Operation::Destroy, "Running", destroy),
        ] {
            cases.push(Case {
                id: format!("uhost-{}", cases.len()),
                reported: if reported == "-" { String::new() } else { reported.clone() },
                becomes: becomes.clone(),
                operation,
                desired,
                outcome: outcome.clone(),
            });
        }
    }
    cases
}

#[tokio::test]
async fn each_state_and_operation_leads_to_the_calls_in_the_table() {
    let cases = cases();
    assert_eq!(cases.len(), 110);
    let instances = cases.iter().map(|case| json!({"UHostId": case.id})).collect();
    let simulator = Simulator::start(Options { instances, ..Options::default() }).await.unwrap();
    let terraform = Terraform::with(&simulator.url(), json!({"max_retries": 0})).await;
    join_all(cases.iter().map(|case| check(&simulator, terraform.another(), case))).await;
}

async fn check(simulator: &Simulator, mut terraform: Terraform, case: &Case) {
    let plan = plan(&mut terraform, case).await.unwrap();
    let describes_before = describes_of(simulator, &case.id);
    report(simulator, case);
    let result = terraform.apply(plan).await;

    let calls = simulator.starts_and_stops(&case.id);
    let describes = describes_of(simulator, &case.id) - describes_before;
    let expected = match case.outcome.as_str() {
        "start" => (1, 0),
        "stop" => (0, 1),
        _ => (0, 0),
    };
    assert_eq!(calls, expected, "{case:?}: {result:?}");
    let verb = if case.desired == "Running" { "Start" } else { "Stop" };
    let unable = |reason| format!("Unable to {verb} Instance: {reason}");
    match (case.outcome.as_str(), &result) {
        ("start" | "stop", Ok(_)) => {}
        // A destroy confirms a state that differs from the stored one.
        ("ready", Ok(_)) => {
            let expected = if matches!(case.operation, Operation::Destroy) { 2 } else { 1 };
            assert_eq!(describes, expected, "{case:?}");
        }
        ("wait", Ok(_)) => assert!(describes >= 2, "{describes} describes: {case:?}"),
        ("failed", Err(errors)) => {
            errors.says(&unable("Failed State"), &[&case.id, &case.reported]);
        }
        ("not found", Err(errors)) => {
            errors.says(&unable("Instance Not Found"), &[&case.id, "twice"]).at("instance_id");
        }
        _ => panic!("{case:?}: {result:?}"),
    }
    check_state(&terraform, case, result.is_ok());
}

fn check_state(terraform: &Terraform, case: &Case, succeeded: bool) {
    let state = terraform.attribute("state");
    match (case.operation, succeeded) {
        (Operation::Destroy, true) | (Operation::Create, false) => {
            assert!(terraform.state().is_none(), "{case:?}");
        }
        (_, true) => assert_eq!(state, case.desired, "{case:?}"),
        // A failed update stores the reported state; an absent instance has none.
        (_, false) if case.reported == "absent" => assert_eq!(state, case.before(), "{case:?}"),
        (_, false) => assert_eq!(state, case.reported, "{case:?}"),
    }
}

/// Plans before the instance has the state of the case: an apply must depend on its own describes
/// only.
async fn plan(terraform: &mut Terraform, case: &Case) -> Result<Plan, Errors> {
    let config = json!({"instance_id": case.id, "state": case.desired});
    let own = |more| merged(json!({"instance_id": case.id, "id": case.id}), more);
    match case.operation {
        Operation::Create => terraform.plan(config).await,
        Operation::Update => {
            terraform.set_state(&stored_state(case.before(), own(json!({}))));
            terraform.plan(config).await
        }
        Operation::Destroy => {
            terraform.set_state(&stored_state("Running", own(json!({"stop_on_destroy": true}))));
            terraform.plan_destroy().await
        }
    }
}

/// Makes the simulator report the states of the case.
fn report(simulator: &Simulator, case: &Case) {
    match (case.reported.as_str(), case.becomes.as_str()) {
        ("absent", _) => simulator.remove(&case.id),
        (word, "=") => simulator.patch(&case.id, json!({"State": word})),
        (word, truth) => {
            simulator.patch(&case.id, json!({"State": truth}));
            if word != truth {
                simulator.add_fault(reporting(word, 3).on_instance(&case.id));
            }
        }
    }
}

fn describes_of(simulator: &Simulator, id: &str) -> usize {
    simulator.calls().iter().filter(|call| call.instances.iter().any(|one| one == id)).count()
}

impl Case {
    /// Stored power state before an update.
    fn before(&self) -> &'static str {
        if self.desired == "Running" { "Stopped" } else { "Running" }
    }
}

#[tokio::test]
async fn destroy_without_stop_on_destroy_makes_no_call() {
    for state in ["Running", "Stopped", "Starting", "Install Fail", "中断"] {
        let (simulator, mut terraform) = cloud_with(json!({"State": state})).await;
        terraform.set_state(&stored_state(state, json!({})));
        let plan = terraform.plan_destroy().await.unwrap();
        let warned =
            plan.warnings.iter().any(|warning| warning.summary == "Destroy Does Not Stop Instance");
        assert_eq!(warned, state != "Stopped", "{state}");
        terraform.apply(plan).await.unwrap();
        assert!(terraform.state().is_none());
        simulator.assert_no_calls();
    }
}

#[tokio::test]
async fn refresh_stores_any_reported_state() {
    for state in
        ["Running", "Stopped", "Starting", "Stopping", "Install Fail", "Hibernating", "中断"]
    {
        let (simulator, mut terraform) = cloud_with(json!({"State": state})).await;
        terraform.set_state(&stored_state("Running", json!({})));
        terraform.refresh().await.unwrap();
        assert_eq!(terraform.attribute("state"), state);
        assert_eq!(terraform.attribute("gpu_count"), i32::from(state == "Running"), "{state}");
        assert_eq!(describes(&simulator), 1);
    }
}

#[tokio::test]
async fn refresh_with_empty_state_changes_nothing() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "", "Name": "other"})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.set_identity(ID, serde_json::Value::Null);
    let before = terraform.state().cloned();
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.state().cloned(), before);
}

#[tokio::test]
async fn refresh_removes_instance_after_two_describes_without_it() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    simulator.remove(ID);
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_none());
    assert_eq!(describes(&simulator), 2);
}

#[tokio::test]
async fn failed_refresh_is_an_error_and_changes_nothing() {
    let failures = [
        Effect::Refuse { ret_code: 171, message: "Signature VerifyAC Error".to_owned() },
        Effect::Refuse { ret_code: 299, message: "no permission".to_owned() },
        Effect::Refuse { ret_code: 8433, message: "upstream".to_owned() },
        Effect::Refuse { ret_code: 230, message: "Params [Region] not available".to_owned() },
        Effect::DropConnection,
        Effect::LoseResponse,
        Effect::Http { status: 502, body: "<html>".to_owned(), processed: false },
        Effect::Malformed(Garbage::Truncated),
        Effect::Malformed(Garbage::Html),
        Effect::Malformed(Garbage::WrongTypes),
    ];
    for effect in failures {
        let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
        terraform.set_state(&stored_state("Stopped", json!({})));
        let before = terraform.state().cloned();
        simulator.add_fault(Fault::new(effect.clone()).forever());
        let errors = terraform.refresh().await.unwrap_err();
        let summary = errors.only().summary.clone();
        assert!(summary.starts_with("Unable to Read Instance: "), "{errors:?}");
        errors.says(&summary, &[ID, "state was not changed"]);
        assert_eq!(terraform.state().cloned(), before, "{effect:?}");
    }
}
