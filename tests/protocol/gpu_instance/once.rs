//! One instance for each declared one, in spite of interruptions, delays and parallel creates.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::{
    super::setup::wait_until,
    setup::{changes, config, created, empty, next_run, of},
};
use crate::support::{
    actions::{CREATE, DESCRIBE},
    terraform_core::{Action, Terraform},
};

/// An instance whose create was interrupted before a describe showed it.
async fn interrupted_before_it_is_listed() -> (Simulator, Terraform) {
    let hidden = Duration::from_millis(100);
    let (simulator, mut terraform) =
        of(Options { create_hidden: hidden, ..Options::default() }).await;
    let core = terraform.another();
    let stop = async {
        wait_until(|| simulator.count(CREATE) == 1).await;
        core.stop().await;
    };
    tokio::join!(terraform.run(config(json!({}))), stop).0.unwrap_err();
    let terraform = terraform.in_another_process(&simulator.url()).await;
    terraform.configure(json!({"max_retries": 0})).await.unwrap();
    assert_eq!(terraform.attribute("state"), Json::Null);
    (simulator, terraform)
}

#[tokio::test]
async fn new_instance_is_deleted_although_not_listed_yet() {
    let (simulator, mut terraform) = interrupted_before_it_is_listed().await;
    terraform.destroy().await.unwrap();
    assert!(simulator.instances().is_empty(), "{:?}", simulator.instances());
}

#[tokio::test]
async fn refresh_keeps_a_new_instance_that_is_not_listed_yet() {
    let (simulator, mut terraform) = interrupted_before_it_is_listed().await;
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_some());
    assert_eq!(terraform.attribute("state"), "Running");
    // One that never appears is gone.
    let (simulator, mut terraform) = {
        let other = interrupted_before_it_is_listed().await;
        drop(simulator);
        other
    };
    simulator.remove(terraform.attribute("id").as_str().unwrap());
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn parallel_creates_with_lost_responses_take_their_own_instance() {
    let create_hidden = Duration::from_millis(30);
    let (simulator, terraform) = of(Options { create_hidden, ..Options::default() }).await;
    simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(CREATE).forever());
    let creates = (0..10).map(|n| {
        let mut one = terraform.another();
        async move {
            one.run(config(json!({"name": format!("node-{n}")}))).await.unwrap();
            assert_eq!(one.attribute("name"), format!("node-{n}"));
            one.attribute("id").to_string()
        }
    });
    let ids: HashSet<_> = join_all(creates).await.into_iter().collect();
    assert_eq!((ids.len(), simulator.count(CREATE), simulator.instances().len()), (10, 10, 10));
}

#[tokio::test]
async fn create_is_not_sent_after_its_timeout() {
    let (simulator, mut terraform) = empty().await;
    let plan = terraform.plan(config(json!({"timeouts": {"create": "100ms"}}))).await.unwrap();
    let slow = Effect::Delay { by: Duration::from_millis(300) };
    simulator.add_fault(Fault::new(slow).on_action(DESCRIBE));
    let errors = terraform.apply(plan).await.unwrap_err();
    errors.says("Timed Out Before Creating Instance", &["trainer", "100ms", "No instance"]);
    assert_eq!((simulator.count(CREATE), simulator.instances().len()), (0, 0));
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn instance_listed_between_two_creates_of_a_run_is_refused() {
    let create_hidden = Duration::from_millis(100);
    let (simulator, terraform) = of(Options { create_hidden, ..Options::default() }).await;
    let killed = next_run(&simulator, &terraform).await;
    let request = killed.creation(config(json!({}))).await;
    let mut client = killed.client();
    let apply = tokio::spawn(async move { client.apply_resource_change(request).await });
    wait_until(|| simulator.count(CREATE) == 1).await;
    let mut first = next_run(&simulator, &terraform).await;
    first.run(config(json!({"name": "first"}))).await.unwrap();
    tokio::time::sleep(create_hidden).await;
    apply.await.unwrap().unwrap();
    let mut second = first.another();
    let errors = second.run(config(json!({}))).await.unwrap_err();
    errors.says("Unable to Create Instance: Name Belongs to Existing Instance", &[]);
    assert_eq!(simulator.count(CREATE), 2);
}

#[tokio::test]
async fn unlisted_refusal_of_a_carried_out_create_is_searched() {
    let (simulator, mut terraform) = empty().await;
    let body = json!({"RetCode": 99_999, "Message": "internal"}).to_string();
    let fault = Effect::Http { status: 200, body, processed: true };
    simulator.add_fault(Fault::new(fault).on_action(CREATE));
    terraform.run(config(json!({}))).await.unwrap();
    assert_eq!((simulator.count(CREATE), simulator.instances().len()), (1, 1));
}

#[tokio::test]
async fn changed_remark_does_not_hide_the_instance() {
    let (simulator, mut terraform) = empty().await;
    simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(CREATE));
    let change = async {
        wait_until(|| !simulator.instances().is_empty()).await;
        let instance = &simulator.instances()[0];
        let id = instance["UHostId"].as_str().unwrap();
        let remark = instance["Remark"].as_str().unwrap().replace(['[', ']'], "_");
        simulator.patch(id, json!({"Remark": remark + " …"}));
    };
    tokio::join!(terraform.run(config(json!({}))), change).0.unwrap();
    assert_eq!(simulator.count(CREATE), 1);
}

#[tokio::test]
async fn project_that_the_provider_receives_later_loses_no_instance() {
    let other = json!({"UHostId": "uhost-9", "ProjectId": "org-2"});
    let (simulator, mut terraform) =
        of(Options { instances: vec![other], ..Options::default() }).await;
    terraform.run(config(json!({}))).await.unwrap();
    let mut terraform = terraform.in_another_process(&simulator.url()).await;
    terraform.configure(json!({"max_retries": 0, "project_id": "org-2"})).await.unwrap();
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_some());
    assert_eq!(terraform.plan(config(json!({}))).await.unwrap().action, Action::NoOp);
    terraform.destroy().await.unwrap();
    assert_eq!(simulator.instances().len(), 1);
}

#[tokio::test]
async fn one_describe_without_the_instance_is_no_absence() {
    let (simulator, terraform, id) = created(json!({})).await;
    let mut terraform = terraform.in_another_process(&simulator.url()).await;
    // The describes of another region never contain the instance.
    terraform.configure(json!({"max_retries": 0, "region": "cn-sh2"})).await.unwrap();
    let empty = Fault::respond(json!({"TotalCount": 0, "UHostSet": []})).on_action(DESCRIBE);
    simulator.add_fault(empty.times(1));
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_some(), "{id}");
    simulator.add_fault(
        Fault::respond(json!({"TotalCount": 0, "UHostSet": []})).on_action(DESCRIBE).times(1),
    );
    terraform.destroy().await.unwrap();
    assert!(simulator.instances().is_empty());
}

#[tokio::test]
async fn instance_in_another_region_than_the_providers_is_renamed() {
    let (simulator, terraform, id) = created(json!({})).await;
    let mut terraform = terraform.in_another_process(&simulator.url()).await;
    terraform.configure(json!({"max_retries": 0, "region": "cn-sh2"})).await.unwrap();
    terraform.refresh().await.unwrap();
    terraform.run(config(json!({"name": "other"}))).await.unwrap();
    assert_eq!(simulator.instance(&id).unwrap()["Name"], "other");
    let rename = simulator.calls().into_iter().rfind(|call| call.action.starts_with("Modify"));
    assert_eq!(rename.unwrap().parameters["Region"], "cn-wlcb");
}

#[tokio::test]
async fn one_outdated_size_after_a_resize_does_not_fail() {
    let (simulator, mut terraform, _) = created(json!({})).await;
    let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
    let plan = terraform.plan(config(larger)).await.unwrap();
    let outdated = async {
        wait_until(|| simulator.count("StartCompShareInstance") == 1).await;
        simulator.add_fault(
            Fault::report(json!({"GPU": 1, "CPU": 16, "Memory": 65536})).on_action(DESCRIBE),
        );
    };
    let fault = Effect::Delay { by: Duration::from_millis(30) };
    simulator.add_fault(Fault::new(fault).on_action("StartCompShareInstance"));
    tokio::join!(terraform.apply(plan), outdated).0.unwrap();
    assert_eq!(changes(&simulator), ["Stop", "Resize", "Start"]);
}

#[tokio::test]
async fn describe_without_a_size_stops_nothing() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
    let plan = terraform.plan(config(larger)).await.unwrap();
    // Another person has resized the instance since the plan.
    simulator.patch(&id, json!({"GPU": 2, "CPU": 32, "Memory": 131_072}));
    simulator.add_fault(Fault::report(json!({"CPU": null})).on_action(DESCRIBE));
    terraform.apply(plan).await.unwrap();
    assert!(changes(&simulator).is_empty(), "{:?}", changes(&simulator));
}
