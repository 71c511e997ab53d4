//! `terraform query`: filters, pages, listed objects and generated configuration.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    protocol::tfplugin5 as wire,
    simulator::{Effect, Fault, Options, Simulator},
};
use tokio_stream::StreamExt as _;

use super::setup::{ID, cloud, cloud_with, configuration, describes, wait_until};
use crate::support::{
    actions::DESCRIBE,
    calls::Calls as _,
    closed_port::ClosedPort,
    script::{Script, Step},
    terraform_core::{Action, Listed, Terraform, UNKNOWN},
};

const ALL: i64 = 10_000;

/// A cloud with `count` instances, from `uhost-000` on.
async fn fleet(count: usize) -> (Simulator, Terraform) {
    let instance = |number| json!({"UHostId": format!("uhost-{number:03}")});
    let instances = (0..count).map(instance).collect();
    cloud(Options { instances, ..Options::default() }).await
}

/// A cloud in which every filter excludes some instance.
async fn mixed() -> (Simulator, Terraform) {
    let instances = vec![
        json!({"UHostId": "uhost-1", "Name": "训练-1", "State": "Running", "GpuType": "4090",
        "Tag": "ml"}),
        json!({"UHostId": "uhost-2", "Name": "训练-2", "GpuType": "A100", "Tag": "ml",
        "Zone": "cn-wlcb-01"}),
        json!({"UHostId": "uhost-3", "Name": "web 3", "State": "Install Fail", "Region": "cn-sh2",
        "Zone": "cn-sh2-02"}),
        json!({"UHostId": "cpod-4", "Name": "Web-4", "Region": "cn-sh2", "Zone": "cn-sh2-01",
        "Tag": "生产"}),
        json!({"UHostId": "uhost-5", "ProjectId": "org-other"}),
    ];
    cloud(Options { instances, ..Options::default() }).await
}

fn ids(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|one| one.identity["instance_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_pages_are_listed_without_duplicates() {
    let (simulator, terraform) = fleet(250).await;
    let listed = terraform.query(&json!({}), false, ALL).await.unwrap();
    let expected: Vec<_> = (0..250).map(|number| format!("uhost-{number:03}")).collect();
    assert_eq!(ids(&listed), expected);
    assert_eq!(describes(&simulator), 3);
    assert_eq!(listed[7].name, "训练 uhost-007 (uhost-007)");
    assert_eq!(listed[7].identity, json!({"instance_id": "uhost-007", "project_id": null}));
}

#[tokio::test]
async fn limit_reduces_the_number_of_pages() {
    let (simulator, terraform) = fleet(250).await;
    for (limit, expected) in [(0, 0), (1, 1), (100, 1), (101, 2), (250, 3)] {
        simulator.clear_calls();
        let listed = terraform.query(&json!({}), false, limit).await.unwrap();
        assert_eq!(listed.len(), usize::try_from(limit).unwrap());
        assert_eq!(describes(&simulator), expected, "for {limit}");
    }
}

#[tokio::test]
async fn results_are_streamed_page_by_page() {
    let (simulator, terraform) = fleet(150).await;
    let slow = |by| Fault::new(Effect::Delay { by }).on_action(DESCRIBE);
    simulator.add_fault(slow(Duration::ZERO));
    simulator.add_fault(slow(Duration::from_secs(60)));
    let config = wire::DynamicValue { msgpack: vec![0xc0], json: Vec::new() };
    let request = wire::list_resource::Request {
        type_name: "compshare_instance_power".to_owned(),
        config: Some(config),
        limit: ALL,
        ..Default::default()
    };
    let mut client = terraform.client();
    let mut events = client.list_resource(request.clone()).await.unwrap().into_inner();
    // A host always sends a configuration. A request without one must be refused, not crash.
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.diagnostic.len(), 1, "{event:?}");

    let config = Some(terraform.empty_list_config());
    let request = wire::list_resource::Request { config, ..request };
    let mut events = client.list_resource(request).await.unwrap().into_inner();
    for number in 0..100 {
        // The second page takes a minute.
        let next = tokio::time::timeout(Duration::from_secs(20), events.next());
        let event = next.await.expect("the first page").unwrap().unwrap();
        assert!(event.display_name.contains(&format!("uhost-{number:03}")), "{event:?}");
    }
    // A host with enough results drops the stream, and the provider requests no further page.
    drop(events);
    assert!(describes(&simulator) <= 2);
}

#[tokio::test]
async fn each_filter_excludes_other_instances() {
    let (_simulator, terraform) = mixed().await;
    let all = ["cpod-4", "uhost-1", "uhost-2", "uhost-3"];
    for (config, expected) in [
        (json!({}), &all[..]),
        (json!({"region": "cn-sh2"}), &["cpod-4", "uhost-3"]),
        (json!({"zone": "cn-sh2-02"}), &["uhost-3"]),
        (json!({"region": "cn-sh2", "zone": "cn-sh2-01"}), &["cpod-4"]),
        (json!({"state": "Running"}), &["uhost-1"]),
        (json!({"state": "Install Fail"}), &["uhost-3"]),
        (json!({"state": "中断"}), &[]),
        (json!({"gpu_type": "A100"}), &["uhost-2"]),
        (json!({"tag": "ml"}), &["uhost-1", "uhost-2"]),
        (json!({"tag": "生产"}), &["cpod-4"]),
        (json!({"tag": "ml", "state": "Running"}), &["uhost-1"]),
        (json!({"name_regex": "^训练-[0-9]$"}), &["uhost-1", "uhost-2"]),
        (json!({"name_regex": "web"}), &["uhost-3"]),
        (json!({"name_regex": "(?i)^web.\\d"}), &["cpod-4", "uhost-3"]),
        (json!({"name_regex": "nothing"}), &[]),
        (json!({"project_id": "org-other"}), &["uhost-5"]),
    ] {
        let listed = terraform.query(&config, false, ALL).await.unwrap();
        assert_eq!(ids(&listed), expected, "{config}");
    }
    let listed = terraform.query(&json!({"project_id": "org-other"}), false, ALL).await.unwrap();
    assert_eq!(listed[0].identity["project_id"], "org-other");
}

#[tokio::test]
async fn filters_are_sent_to_the_api_where_supported() {
    let (simulator, terraform) = mixed().await;
    let config = json!({"tag": "ml", "zone": "cn-wlcb-01", "region": "cn-wlcb"});
    terraform.query(&config, false, ALL).await.unwrap();
    let calls = simulator.calls();
    let sent = &calls[0].parameters;
    assert_eq!((sent["Tag"].as_str(), sent["Zone"].as_str()), ("ml", "cn-wlcb-01"));
    assert_eq!(sent["Region"], "cn-wlcb");
}

#[tokio::test]
async fn filters_hold_if_the_api_ignores_them() {
    let answer = json!({"RetCode": 0, "TotalCount": 4, "UHostSet": [
        {"UHostId": "uhost-1", "Tag": "ml", "Region": "cn-wlcb", "Zone": "cn-wlcb-01"},
        {"UHostId": "uhost-2", "Tag": "web", "Region": "cn-wlcb", "Zone": "cn-wlcb-01"},
        {"UHostId": "uhost-3", "Tag": "ml", "Region": "cn-sh2", "Zone": "cn-sh2-01"},
        {"UHostId": "uhost-4"},
    ]})
    .to_string();
    for (config, expected) in [
        (json!({"tag": "ml"}), &["uhost-1", "uhost-3"][..]),
        (json!({"region": "cn-wlcb"}), &["uhost-1", "uhost-2"]),
        (json!({"zone": "cn-sh2-01"}), &["uhost-3"]),
    ] {
        let script = Script::start([Step::json(DESCRIBE, &answer)]).await;
        let terraform = Terraform::with(&script.url(), json!({"max_retries": 0})).await;
        let listed = terraform.query(&config, false, ALL).await.unwrap();
        assert_eq!(ids(&listed), expected, "{config}");
        script.finish();
    }
}

#[tokio::test]
async fn provider_region_and_project_apply_to_queries() {
    let (simulator, _) = mixed().await;
    let provider = json!({"region": "cn-sh2"});
    let terraform = Terraform::with(&simulator.url(), provider).await;
    let listed = terraform.query(&json!({}), false, ALL).await.unwrap();
    assert_eq!(ids(&listed), ["cpod-4", "uhost-3"]);
    let listed = terraform.query(&json!({"region": "cn-wlcb"}), false, ALL).await.unwrap();
    assert_eq!(ids(&listed), ["uhost-1", "uhost-2"]);
    let terraform = Terraform::with(&simulator.url(), json!({"project_id": "org-other"})).await;
    let listed = terraform.query(&json!({}), false, ALL).await.unwrap();
    assert_eq!(listed[0].identity, json!({"instance_id": "uhost-5", "project_id": "org-other"}));
}

#[tokio::test]
async fn listed_object_equals_an_import() {
    let (_simulator, terraform) = mixed().await;
    let listed = terraform.query(&json!({}), true, ALL).await.unwrap();
    assert_eq!(listed.len(), 4);
    for Listed { identity, object, .. } in listed {
        let mut imported = terraform.another();
        imported.import_by(&identity).await.unwrap();
        for (name, value) in object.as_object().unwrap() {
            assert_eq!(imported.attribute(name), *value, "{name} of {identity}");
        }
        assert_eq!(imported.identity(), identity);
    }
}

#[tokio::test]
async fn generated_config_has_an_empty_plan() {
    for (instance, config) in [
        (json!({"State": "Running"}), json!({"state": "Running"})),
        (json!({"State": "Stopped"}), json!({"state": "Stopped"})),
        (json!({"State": "Running", "GPU": 0}), json!({"state": "Running", "without_gpu": true})),
    ] {
        let (_simulator, mut terraform) = cloud_with(instance).await;
        terraform.import(ID).await.unwrap();
        let generated = terraform.generate_config().await;
        let set: Json = set_in(&generated);
        assert_eq!(set, configuration(config));
        assert_eq!(terraform.plan(generated).await.unwrap().action, Action::NoOp);
    }
}

#[tokio::test]
async fn generated_config_is_valid_in_every_state() {
    for (state, expected) in [
        ("Starting", "Running"),
        ("Rebooting", "Running"),
        ("Initializing", "Running"),
        ("Stopping", "Stopped"),
        ("Resizing", "Stopped"),
        ("Install Fail", "Stopped"),
        ("中断", "Stopped"),
        ("", "Running"),
    ] {
        let (_simulator, mut terraform) = cloud_with(json!({"State": state})).await;
        let listed = terraform.query(&json!({}), true, ALL).await.unwrap();
        assert_eq!(listed[0].object["state"], expected, "{state}");
        terraform.import(ID).await.unwrap();
        // Before Terraform 1.14, this state is the generated configuration.
        assert_eq!(terraform.attribute("state"), expected, "{state}");
        let generated = terraform.generate_config().await;
        assert_eq!(generated["state"], expected, "{state}");
        assert_eq!(terraform.plan(generated).await.unwrap().action, Action::NoOp, "{state}");
    }
}

#[tokio::test]
async fn generated_config_includes_the_project() {
    let instances = vec![json!({"UHostId": ID, "ProjectId": "org-research", "State": "Running"})];
    let (_simulator, mut terraform) = cloud(Options { instances, ..Options::default() }).await;
    terraform.import("org-research/uhost-1").await.unwrap();
    let generated = terraform.generate_config().await;
    assert_eq!(generated["project_id"], "org-research");
    assert_eq!(terraform.plan(generated).await.unwrap().action, Action::NoOp);
}

/// Attributes that are not null.
fn set_in(config: &Json) -> Json {
    let set = config.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    set.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[tokio::test]
async fn invalid_filters_are_refused_on_their_attribute() {
    let (simulator, terraform) = mixed().await;
    for (config, at, says) in [
        (json!({"state": "running"}), "state", "\"Running\""),
        (json!({"state": ""}), "state", "empty"),
        (json!({"name_regex": "("}), "name_regex", "group"),
        (json!({"name_regex": "\\p{Han}"}), "name_regex", "not valid"),
        (json!({"region": " "}), "region", "empty"),
        (json!({"tag": ""}), "tag", "empty"),
    ] {
        let errors = terraform.query(&config, false, ALL).await.unwrap_err();
        errors.says("Invalid Attribute Value", &[says]).at(at);
    }
    simulator.assert_no_calls();
    let config = json!({"state": UNKNOWN, "name_regex": UNKNOWN, "region": UNKNOWN});
    terraform.validate_list(&config).await.unwrap();
    let errors = terraform.query(&json!({"region": "mars"}), false, ALL).await.unwrap_err();
    errors
        .says("Unable to List Instances: Invalid Region", &["Params [Region] not available"])
        .at("region");
    let place = json!({"region": "cn-wlcb", "zone": "mars-01"});
    let errors = terraform.query(&place, false, ALL).await.unwrap_err();
    errors
        .says("Unable to List Instances: Invalid Zone", &["Params [Zone] not available"])
        .at("zone");
}

#[tokio::test]
async fn failed_page_is_an_error_with_its_reason() {
    let (simulator, terraform) = fleet(150).await;
    let wrong_keys =
        Effect::Refuse { ret_code: 171, message: "Signature VerifyAC Error".to_owned() };
    let unavailable = Effect::Http { status: 502, body: "<html>".to_owned(), processed: false };
    for (effect, cause, says) in [
        (wrong_keys, "Invalid API Keys", "keys"),
        (Effect::LoseResponse, "Connection Lost", "the response was lost"),
        (unavailable, "Service Unavailable", "502"),
    ] {
        // The fault begins after the first page was requested.
        let by = Duration::from_millis(100);
        simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(DESCRIBE));
        let fault = async {
            wait_until(|| describes(&simulator) == 1).await;
            simulator.add_fault(Fault::new(effect.clone()).on_action(DESCRIBE));
        };
        let config = json!({});
        let (listed, ()) = tokio::join!(terraform.query(&config, false, ALL), fault);
        let summary = format!("Unable to List Instances: {cause}");
        listed.unwrap_err().says(&summary, &[says]);
        assert_eq!(describes(&simulator), 2);
        simulator.clear_calls();
    }
    let closed_port = ClosedPort::new();
    let unreachable = Terraform::with(&closed_port.url(), json!({"max_retries": 0})).await;
    let errors = unreachable.query(&json!({}), false, ALL).await.unwrap_err();
    errors.says("Unable to List Instances: API Not Reachable", &["could not be reached"]);
}

#[tokio::test]
async fn ctrl_c_ends_a_query() {
    let (simulator, terraform) = fleet(3).await;
    let by = Duration::from_secs(60);
    simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(DESCRIBE));
    let stop = async {
        wait_until(|| describes(&simulator) == 1).await;
        terraform.stop().await;
    };
    let config = json!({});
    let (listed, ()) = tokio::join!(terraform.query(&config, false, ALL), stop);
    listed.unwrap_err().says("Interrupted While Listing Instances", &["No changes were made"]);
}
