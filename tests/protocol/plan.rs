//! Plans: known and unknown values, refused changes, and the describes they send.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Garbage, Options};

use super::setup::{
    CHANGED_BY_A_START, ID, cloud, cloud_with, configuration, describes, merged, only,
    starts_and_stops, stored_state,
};
use crate::support::{
    actions::DESCRIBE,
    calls::Calls as _,
    closed_port::ClosedPort,
    terraform_core::{Action, Plan, Terraform, UNKNOWN},
};

#[tokio::test]
async fn create_plan_describes_once() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(plan.action, Action::Create);
    let facts = ["charge_type", "gpu_type", "is_spot", "name", "region", "without_gpu", "zone"];
    let mut unknown = [&CHANGED_BY_A_START[..], &facts].concat();
    unknown.sort_unstable();
    assert_eq!(plan.unknown(), unknown);
    assert_eq!(plan.attribute("id"), ID);
    assert_eq!(plan.attribute("state"), "Running");
    assert_eq!(plan.attribute("project_id"), Json::Null);
    assert_eq!((describes(&simulator), simulator.calls().len()), (1, 1));
}

#[tokio::test]
async fn plans_for_one_instance_share_one_describe() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for _ in 0..3 {
        terraform.another().plan(configuration(json!({}))).await.unwrap();
    }
    assert_eq!(describes(&simulator), 1);
}

#[tokio::test]
async fn unchanged_run_describes_once() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    simulator.clear_calls();
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(configuration(json!({}))).await.unwrap().action, Action::NoOp);
    assert_eq!((describes(&simulator), simulator.calls().len()), (1, 1));
}

#[tokio::test]
async fn drift_is_an_update_in_place() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    simulator.patch(ID, json!({"State": "Stopped"}));
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    let mut unknown = [&CHANGED_BY_A_START[..], &["without_gpu"]].concat();
    unknown.sort_unstable();
    assert_eq!(plan.unknown(), unknown);
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (2, 0));
    assert_eq!(terraform.attribute("gpu_count"), 1);
}

#[tokio::test]
async fn changed_flags_and_timeouts_send_no_call() {
    for change in [
        json!({"stop_on_destroy": true}),
        json!({"force_stop": true}),
        json!({"wait_for_capacity": true}),
        json!({"allow_stopping_for_update": true}),
        json!({"timeouts": {"create": "5m"}}),
        json!({"timeouts": {}}),
        json!({"state": "Running", "without_gpu": false, "stop_on_destroy": false}),
    ] {
        let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
        terraform.set_state(&stored_state("Running", json!({})));
        let plan = terraform.plan(configuration(change.clone())).await.unwrap();
        assert_eq!(plan.action, Action::Update, "{change}");
        assert!(plan.unknown().is_empty(), "{change}: {:?}", plan.unknown());
        terraform.apply(plan).await.unwrap();
        simulator.assert_no_calls();
        let again = terraform.plan(configuration(change)).await.unwrap();
        assert_eq!(again.action, Action::NoOp);
    }
}

#[tokio::test]
async fn removed_argument_plans_its_default() {
    let (_simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(configuration(json!({"state": "Stopped"}))).await.unwrap();
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!((plan.action, plan.attribute("state")), (Action::Update, json!("Running")));
}

#[tokio::test]
async fn ignored_state_leaves_the_instance_unchanged() {
    for state in ["Stopped", "Running", "Starting", "Install Fail", "中断"] {
        let (simulator, terraform) = cloud_with(json!({"State": state})).await;
        let mut terraform = terraform.ignoring(&["state", "without_gpu"]);
        terraform.set_state(&stored_state("Running", json!({})));
        terraform.refresh().await.unwrap();
        let plan = terraform.plan(configuration(json!({}))).await.unwrap();
        assert_eq!(plan.action, Action::NoOp, "{state}");
        // A change of another argument does not start or stop the instance either.
        terraform.run(configuration(json!({"stop_on_destroy": true}))).await.unwrap();
        assert_eq!(terraform.attribute("state"), state);
        assert_eq!(starts_and_stops(&simulator), (0, 0), "{state}");
    }
}

#[tokio::test]
async fn only_a_new_id_or_location_replaces() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Stopped", json!({"project_id": "org-demo"})));
    for (change, path) in [
        (json!({"instance_id": "uhost-2"}), "instance_id"),
        (json!({"region": "cn-sh2"}), "region"),
        (json!({"zone": "cn-wlcb-09"}), "zone"),
        (json!({"project_id": "org-other"}), "project_id"),
    ] {
        simulator.add_fault(Fault::refuse(8433, "no look").on_action(DESCRIBE));
        let plan = terraform.plan(configuration(change.clone())).await.unwrap();
        assert_eq!(
            (plan.action, &plan.requires_replace[..]),
            (Action::Replace, &[path.to_owned()][..])
        );
        simulator.clear_faults();
    }
    for change in [json!({}), json!({"region": "cn-wlcb", "zone": "cn-wlcb-01"})] {
        let plan = terraform.plan(configuration(change)).await.unwrap();
        assert_eq!(plan.action, Action::Update);
    }
}

#[tokio::test]
async fn replacement_starts_only_the_new_instance() {
    let instances = vec![json!({"UHostId": ID, "State": "Running"}), json!({"UHostId": "uhost-2"})];
    let (simulator, mut terraform) = cloud(Options { instances, ..Options::default() }).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let plan = terraform.plan(configuration(json!({"instance_id": "uhost-2"}))).await.unwrap();
    assert_eq!(plan.action, Action::Replace);
    assert_eq!(plan.attribute("id"), "uhost-2");
    terraform.apply(plan).await.unwrap();
    assert_eq!(simulator.starts_and_stops(ID), (0, 0));
    assert_eq!(simulator.starts_and_stops("uhost-2"), (1, 0));
    assert_eq!(terraform.attribute("instance_id"), "uhost-2");
}

#[tokio::test]
async fn unknown_instance_id_is_planned_without_a_describe() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(json!({"instance_id": UNKNOWN})).await.unwrap();
    assert!(plan.unknown().contains(&"id") && plan.unknown().contains(&"instance_id"));
    simulator.assert_no_calls();
    terraform.apply_with(plan, configuration(json!({}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn every_argument_can_be_unknown_in_a_plan() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let unknown = json!({
        "state": UNKNOWN, "region": UNKNOWN, "zone": UNKNOWN, "project_id": UNKNOWN,
        "without_gpu": UNKNOWN,
        "without_gpu_spec": UNKNOWN, "allow_stopping_for_update": UNKNOWN,
        "stop_on_destroy": UNKNOWN,
        "force_stop": UNKNOWN, "wait_for_capacity": UNKNOWN,
        "timeouts": {"create": UNKNOWN, "update": UNKNOWN, "delete": UNKNOWN},
    });
    let plan = terraform.plan(configuration(unknown.clone())).await.unwrap();
    let known = json!({
        "state": "Running", "region": "cn-wlcb", "zone": "cn-wlcb-01", "project_id": "org-demo",
        "without_gpu": false,
        "without_gpu_spec": null, "allow_stopping_for_update": null, "stop_on_destroy": true,
        "force_stop": false,
        "wait_for_capacity": false, "timeouts": {"create": "1m", "update": null, "delete": "2m"},
    });
    terraform.apply_with(plan, configuration(known.clone())).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    // An update with unknown arguments, which become known with their previous values.
    let plan = terraform.plan(configuration(merged(
        unknown,
        json!({"region": "cn-wlcb", "zone": "cn-wlcb-01", "project_id": "org-demo"}),
    )));
    let plan = plan.await.unwrap();
    assert_eq!(plan.action, Action::Update);
    terraform.apply_with(plan, configuration(known)).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn unknown_spec_is_valid_without_no_gpu_mode() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    terraform.plan(configuration(json!({"without_gpu_spec": UNKNOWN}))).await.unwrap();
}

#[tokio::test]
async fn impossible_change_warns_in_plan_and_fails_in_apply() {
    let (simulator, terraform) = cloud_with(json!({"State": "Install Fail"})).await;
    for state in [None, Some(stored_state("Install Fail", json!({})))] {
        let mut terraform = terraform.in_another_process(&simulator.url()).await;
        terraform.configure(json!({"max_retries": 0})).await.unwrap();
        state.iter().for_each(|state| terraform.set_state(state));
        let plan = terraform.plan(configuration(json!({}))).await.unwrap();
        let warning = only(&plan.warnings);
        assert_eq!(warning.summary, "Unable to Start Instance: Failed State");
        assert!(warning.detail.contains("Install Fail") && warning.detail.contains("will fail"));
        let errors = terraform.apply(plan).await.unwrap_err();
        errors.says(
            "Unable to Start Instance: Failed State",
            &["Install Fail", "Billing is unchanged"],
        );
    }
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn unknown_id_is_refused_in_the_plan() {
    let (simulator, _) = cloud_with(json!({})).await;
    simulator.remove(ID);
    let terraform = Terraform::with(&simulator.url(), json!({"max_retries": 0})).await;
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors.says("Unable to Start Instance: Instance Not Found", &[ID, "twice"]).at("instance_id");
    let config = configuration(json!({"project_id": "org-none"}));
    let errors = terraform.plan(config).await.unwrap_err();
    errors.says("Unable to Read Instance: Project Not Found", &["292", "project_id"]);
}

#[tokio::test]
async fn instance_that_has_gone_warns_in_the_plan() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    simulator.remove(ID);
    // Without a refresh, and after one that removes the resource.
    for refresh in [false, true] {
        let mut terraform = terraform.in_another_process(&simulator.url()).await;
        terraform.configure(json!({"max_retries": 0})).await.unwrap();
        if refresh {
            terraform.refresh().await.unwrap();
        }
        let config = configuration(json!({"state": "Stopped"}));
        let plan = terraform.plan(config).await.unwrap();
        assert_eq!(only(&plan.warnings).summary, "Unable to Manage Instance: No Longer Exists");
        let errors = terraform.apply(plan).await.unwrap_err();
        errors.says("Unable to Stop Instance: Instance Not Found", &[ID]);
    }
}

#[tokio::test]
async fn failed_check_of_a_plan_is_a_warning() {
    for (effect, reason) in [
        (Effect::DropConnection, "Connection Lost"),
        (
            Effect::Http { status: 502, body: String::new(), processed: false },
            "Service Unavailable",
        ),
        (Effect::Refuse { ret_code: 8433, message: "upstream".to_owned() }, "Service Error"),
        (
            Effect::Refuse { ret_code: 299, message: "no permission".to_owned() },
            "Permission Denied",
        ),
        (Effect::Refuse { ret_code: 8441, message: "too many".to_owned() }, "Too Many Requests"),
        (Effect::Malformed(Garbage::Html), "Invalid Response"),
    ] {
        let (simulator, terraform) = cloud_with(json!({})).await;
        simulator.add_fault(Fault::new(effect.clone()).forever());
        let plan = terraform.plan(configuration(json!({}))).await.unwrap();
        let title = format!("Unable to Check Plan: {reason}");
        assert_eq!(only(&plan.warnings).summary, title, "{effect:?}");
        // The second instance of the run has the same problem.
        let plan = terraform.another().plan(json!({"instance_id": "uhost-2"})).await.unwrap();
        assert_eq!(plan.warnings, [], "{effect:?}");
    }
    let closed_port = ClosedPort::new();
    let terraform = Terraform::with(&closed_port.url(), json!({"max_retries": 0})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(only(&plan.warnings).summary, "Unable to Check Plan: API Not Reachable");
}

#[tokio::test]
async fn refused_keys_are_an_error_in_the_plan() {
    let (simulator, _) = cloud_with(json!({})).await;
    let config = json!({"private_key": "another-canary", "max_retries": 0});
    let terraform = Terraform::with(&simulator.url(), config).await;
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors
        .says("Unable to Read Instance: Invalid API Keys", &["171", "keys"])
        .omits(&["another-canary"]);
}

#[tokio::test]
async fn slow_api_delays_a_plan_by_one_request() {
    let (simulator, _) = cloud_with(json!({})).await;
    let config = json!({"max_retries": 5, "request_timeout": "150ms"});
    let terraform = Terraform::with(&simulator.url(), config).await;
    let by = std::time::Duration::from_secs(20);
    simulator.add_fault(Fault::new(Effect::Delay { by }).forever());
    let began = tokio::time::Instant::now();
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert!(began.elapsed() < std::time::Duration::from_secs(3));
    assert_eq!(only(&plan.warnings).summary, "Unable to Check Plan: No Response");
}

#[tokio::test]
async fn destroy_plan_warns_of_a_running_instance() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    for (state, stops, warns) in [
        ("Running", false, true),
        ("Starting", false, true),
        ("Stopped", false, false),
        ("Running", true, false),
    ] {
        terraform.set_state(&stored_state(state, json!({"stop_on_destroy": stops})));
        let plan = terraform.plan_destroy().await.unwrap();
        assert_eq!(plan.action, Action::Delete);
        let summaries: Vec<_> = plan.warnings.iter().map(|w| w.summary.as_str()).collect();
        let expected: &[&str] = if warns { &["Destroy Does Not Stop Instance"] } else { &[] };
        assert_eq!(summaries, expected, "{state}, {stops}");
        assert!(plan.warnings.iter().all(|w| w.detail.contains(ID) && w.detail.contains("billed")));
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn apply_keeps_the_facts_of_the_plan() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Stopped", json!({"name": "old name"})));
    simulator.patch(ID, json!({"Name": "新名字", "GpuType": "H800"}));
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(terraform.attribute("name"), "old name");
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("name"), "新名字");
    assert_eq!(terraform.attribute("gpu_type"), "H800");
    assert_eq!(terraform.plan(configuration(json!({}))).await.unwrap().action, Action::NoOp);
}

#[tokio::test]
async fn response_with_few_facts_suffices() {
    let (_simulator, mut terraform) = cloud_with(json!({
        "Name": null, "GpuType": null, "GPU": null, "StartTime": null, "ChargeType": null,
        "InstanceType": null, "SupportWithoutGpuStart": null, "IPSet": null, "State": "Running",
    }))
    .await;
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(terraform.attribute("name"), Json::Null);
    assert_eq!(terraform.attribute("state"), "Running");
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(configuration(json!({}))).await.unwrap().action, Action::NoOp);
}

#[tokio::test]
async fn invalid_values_are_refused_without_a_call() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for (config, path) in [
        (json!({"instance_id": ""}), "instance_id"),
        (json!({"instance_id": "  "}), "instance_id"),
        (configuration(json!({"state": "running"})), "state"),
        (configuration(json!({"state": "Starting"})), "state"),
        (configuration(json!({"region": ""})), "region"),
        (configuration(json!({"zone": ""})), "zone"),
        (configuration(json!({"project_id": ""})), "project_id"),
        (configuration(json!({"without_gpu": true, "without_gpu_spec": "C"})), "without_gpu_spec"),
        (configuration(json!({"without_gpu_spec": "A"})), "without_gpu_spec"),
        (configuration(json!({"without_gpu": false, "without_gpu_spec": "A"})), "without_gpu_spec"),
        (configuration(json!({"timeouts": {"create": "soon"}})), "timeouts.create"),
        (configuration(json!({"timeouts": {"update": "0s"}})), "timeouts.update"),
        (configuration(json!({"timeouts": {"delete": "-5m"}})), "timeouts.delete"),
    ] {
        terraform.validate(&config).await.unwrap_err().at(path);
        assert!(terraform.plan(config).await.is_err());
    }
    simulator.assert_no_calls();
}

/// Titles of the warnings of a plan by a new provider process.
async fn warnings(instance: Json, stored: Option<Json>, config: Json) -> Vec<String> {
    let (_simulator, mut terraform) = cloud_with(instance).await;
    if let Some(stored) = stored {
        terraform.set_state(&stored);
        terraform.refresh().await.unwrap();
    }
    let plan = terraform.plan(configuration(config)).await.unwrap();
    plan.warnings.into_iter().map(|warning| warning.summary).collect()
}

#[tokio::test]
async fn plan_warns_of_a_deletion_by_compshare() {
    const SOON: &str = "Instance Will Be Deleted Soon";
    const IF_STOPPED: &str = "Stopped Instance Will Be Deleted After Seven Days";
    let hours_ahead = |hours: i64| jiff::Timestamp::now().as_second() + hours * 60 * 60;
    let deleted = |hours| json!({"ReleaseTime": hours_ahead(hours)});

    let prior = |state| Some(stored_state(state, json!({})));
    let stopped = || json!({"state": "Stopped"});
    for (instance, stored, config, expected) in [
        (deleted(47), None, json!({}), &[SOON][..]),
        (deleted(49), None, json!({}), &[]),
        (deleted(47), None, stopped(), &[SOON, IF_STOPPED]),
        (deleted(47), prior("Stopped"), stopped(), &[SOON]),
        (deleted(47), prior("Stopped"), json!({}), &[SOON]),
        (deleted(49), prior("Stopped"), stopped(), &[]),
        (json!({"State": "Running"}), prior("Running"), stopped(), &[IF_STOPPED]),
        (json!({"State": "Running"}), None, stopped(), &[IF_STOPPED]),
        (json!({}), None, stopped(), &[IF_STOPPED]),
        (json!({"ChargeType": "Month"}), None, stopped(), &[]),
        (json!({"State": "Running"}), prior("Running"), json!({}), &[]),
        (
            merged(json!({"State": "Running"}), json!({"ChargeType": null})),
            prior("Running"),
            stopped(),
            &[],
        ),
    ] {
        let found = warnings(instance.clone(), stored.clone(), config.clone()).await;
        assert_eq!(found, expected, "{instance} {stored:?} {config}");
    }
}

#[tokio::test]
async fn second_resource_of_an_instance_is_warned_of() {
    let two = ["Instance Managed by Two Resources"];
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    let titles = |plan: &Plan| -> Vec<_> {
        plan.warnings.iter().map(|warning| warning.summary.clone()).collect()
    };
    let first = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(titles(&first), [""; 0]);
    let second = terraform.another().plan(configuration(json!({}))).await.unwrap();
    assert_eq!(titles(&second), two);

    // One that exists, and a new one.
    terraform.apply(first).await.unwrap();
    let process = terraform.in_another_process(&simulator.url()).await;
    process.configure(json!({})).await.unwrap();
    let existing = process.plan(configuration(json!({}))).await.unwrap();
    assert_eq!((existing.action, titles(&existing)), (Action::NoOp, vec![]));
    let new = process.another().plan(configuration(json!({}))).await.unwrap();
    assert_eq!(titles(&new), two);

    // A replacement is planned twice, but is one resource.
    for replaced in [true, false] {
        let mut process = terraform.in_another_process(&simulator.url()).await;
        process.configure(json!({})).await.unwrap();
        process.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
        let config = configuration(json!({"stop_on_destroy": true}));
        let plan = if replaced {
            process.plan_replace(config).await.unwrap()
        } else {
            process.plan(merged(config, json!({"region": "cn-wlcb"}))).await.unwrap()
        };
        assert_eq!(titles(&plan), [""; 0], "{replaced}");
    }
}

#[tokio::test]
async fn destroyed_and_created_in_one_plan_is_warned_of() {
    for (stops, stored, desired, warns) in [
        (true, "Running", "Running", true),
        (true, "Starting", "Running", true),
        (true, "Stopped", "Running", false),
        (true, "Running", "Stopped", false),
        (false, "Running", "Running", false),
    ] {
        for created_first in [true, false] {
            let (simulator, _) =
                cloud_with(json!({"State": "Running", "ChargeType": "Month"})).await;
            let old = Terraform::with(&simulator.url(), json!({})).await;
            let (mut old, new) = (old.clone(), old);
            old.set_state(&stored_state(stored, json!({"stop_on_destroy": stops})));
            let config = configuration(json!({"state": desired}));
            let mut warnings = Vec::new();
            for turn in [created_first, !created_first] {
                let plan =
                    if turn { new.plan(config.clone()).await } else { old.plan_destroy().await };
                warnings.extend(plan.unwrap().warnings);
            }
            let title = "Destroy Will Stop Instance: Needed by Another Resource";
            let found = warnings.iter().find(|warning| warning.summary == title);
            assert_eq!(found.is_some(), warns, "{stored} {desired} {created_first}");
            assert!(found.is_none_or(|warning| warning.detail.contains("`moved`")));
        }
    }
}
