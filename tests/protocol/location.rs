//! Location of an instance: found by ID, compared with configured region and zone.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Call, Fault, Options, Simulator};

use super::setup::{ID, cloud, cloud_with, configuration, merged, starts_and_stops, stored_state};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    terraform_core::Terraform,
};

/// A cloud with an instance in Shanghai, and a provider configured with `provider`.
async fn in_shanghai(provider: Json) -> (Simulator, Terraform) {
    let (simulator, _) = cloud_with(json!({"Region": "cn-sh2", "Zone": "cn-sh2-02"})).await;
    let config = merged(json!({"max_retries": 0}), provider);
    let terraform = Terraform::with(&simulator.url(), config).await;
    (simulator, terraform)
}

/// Regions of the received describes, in order; empty if absent.
fn regions(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.calls();
    let describes = calls.iter().filter(|call| call.action == DESCRIBE);
    describes.map(|call| call.parameters.get("Region").cloned().unwrap_or_default()).collect()
}

#[tokio::test]
async fn instance_is_found_by_id_and_started_in_its_zone() {
    let (simulator, mut terraform) = in_shanghai(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert!(plan.unknown().contains(&"region") && plan.unknown().contains(&"zone"));
    terraform.apply(plan).await.unwrap();
    let calls = simulator.calls();
    let start = calls.iter().find(|call| call.action == START).unwrap();
    assert_eq!(start.parameters["Region"], "cn-sh2");
    assert_eq!(start.parameters["Zone"], "cn-sh2-02");
    assert!(regions(&simulator).contains(&String::new()));
    assert_eq!(terraform.attribute("region"), "cn-sh2");
    assert_eq!(terraform.attribute("zone"), "cn-sh2-02");
}

#[tokio::test]
async fn correct_location_is_planned_and_stored() {
    let (_simulator, mut terraform) = in_shanghai(json!({})).await;
    let config = configuration(json!({"region": "cn-sh2", "zone": "cn-sh2-02"}));
    let plan = terraform.plan(config.clone()).await.unwrap();
    assert_eq!(plan.attribute("zone"), "cn-sh2-02");
    terraform.apply(plan).await.unwrap();
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.run(config).await.unwrap(), []);
}

#[tokio::test]
async fn wrong_location_error_names_the_right_one() {
    for (claim, attribute, summary, right) in [
        (
            json!({"region": "cn-wlcb"}),
            "region",
            "Unable to Start Instance: In Another Region",
            "cn-sh2",
        ),
        (
            json!({"region": "cn-wlbc"}),
            "region",
            "Unable to Start Instance: In Another Region",
            "cn-sh2",
        ),
        (
            json!({"zone": "cn-sh2-01"}),
            "zone",
            "Unable to Start Instance: In Another Zone",
            "cn-sh2-02",
        ),
        (
            json!({"zone": "closed_port"}),
            "zone",
            "Unable to Start Instance: In Another Zone",
            "cn-sh2-02",
        ),
        (
            json!({"region": "cn-sh2", "zone": "cn-wlcb-01"}),
            "zone",
            "Unable to Start Instance: In Another Zone",
            "cn-sh2-02",
        ),
    ] {
        let (_simulator, terraform) = in_shanghai(json!({})).await;
        let errors = terraform.plan(configuration(claim.clone())).await.unwrap_err();
        errors.says(summary, &[&format!("{attribute} = \"{right}\""), ID]).at(attribute);

        // The apply checks the location if the plan could not.
        let (simulator, mut terraform) = in_shanghai(json!({})).await;
        simulator.add_fault(Fault::refuse(8433, "upstream").on_action(DESCRIBE).forever());
        let plan = terraform.plan(configuration(claim)).await.unwrap();
        simulator.clear_faults();
        terraform.apply(plan).await.unwrap_err().says(summary, &[right]).at(attribute);
        assert_eq!(starts_and_stops(&simulator), (0, 0));
        assert!(terraform.state().is_none());
    }
}

#[tokio::test]
async fn provider_region_excludes_instances_elsewhere() {
    let (simulator, terraform) = in_shanghai(json!({"region": "cn-wlcb"})).await;
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors
        .says("Unable to Start Instance: Outside the Provider's Region", &["cn-sh2", "cn-wlcb", ID])
        .at("instance_id");
    assert_eq!(regions(&simulator), ["cn-wlcb", ""]);
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn provider_region_never_removes_state() {
    let (_simulator, mut terraform) = in_shanghai(json!({"region": "cn-wlcb"})).await;
    terraform.set_state(&stored_state("Running", json!({"region": "cn-sh2", "zone": "cn-sh2-02"})));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("state"), "Stopped");
}

#[tokio::test]
async fn provider_region_is_sent_in_the_first_describe() {
    let (simulator, mut terraform) = in_shanghai(json!({"region": "cn-sh2"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    assert!(regions(&simulator).iter().all(|region| region == "cn-sh2"));
}

#[tokio::test]
async fn stored_region_is_sent_in_describes() {
    let (simulator, mut terraform) = in_shanghai(json!({})).await;
    terraform.set_state(&stored_state("Stopped", json!({"region": "cn-sh2", "zone": "cn-sh2-02"})));
    terraform.refresh().await.unwrap();
    terraform.run(configuration(json!({}))).await.unwrap();
    assert!(regions(&simulator).iter().all(|region| region == "cn-sh2"));
}

#[tokio::test]
async fn stale_stored_region_keeps_the_state() {
    let (simulator, mut terraform) = in_shanghai(json!({})).await;
    for region in ["cn-wlcb", "gone-region"] {
        terraform.set_state(&stored_state("Running", json!({"region": region})));
        terraform.refresh().await.unwrap();
        assert_eq!(terraform.attribute("state"), "Stopped");
    }
    assert_eq!(regions(&simulator), ["cn-wlcb", "", "gone-region", ""]);
}

#[tokio::test]
async fn required_region_error_names_the_argument() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator
        .add_fault(Fault::refuse(210, "Missing params [Region]").on_action(DESCRIBE).forever());
    // A failed preflight is silent.
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    let errors = terraform.apply(plan).await.unwrap_err();
    errors.says("Unable to Read Instance: Region Required", &["Set `region`", "210"]);
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn absence_is_confirmed_with_a_required_region() {
    let (simulator, _) = cloud_with(json!({})).await;
    let mut terraform =
        Terraform::with(&simulator.url(), json!({"region": "cn-wlcb", "max_retries": 0})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    simulator.remove(ID);
    // The API refuses the wrong region, and then a describe without a region. The next two
    // describes find no instance.
    simulator.add_fault(Fault::refuse(230, "Params [Region] not available").on_action(DESCRIBE));
    simulator.add_fault(Fault::refuse(210, "Missing params [Region]").on_action(DESCRIBE));
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_none());
    assert_eq!(regions(&simulator), ["cn-wlcb", "", "cn-wlcb", ""]);
}

#[tokio::test]
async fn project_is_sent_with_each_call_and_stored() {
    let instances = vec![json!({"UHostId": ID, "ProjectId": "org-research"})];
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors.says("Unable to Start Instance: Instance Not Found", &["project_id"]).at("instance_id");

    let mut terraform = terraform.another();
    simulator.clear_calls();
    terraform.run(configuration(json!({"project_id": "org-research"}))).await.unwrap();
    let sent = |call: &Call| call.parameters.get("ProjectId").cloned();
    assert!(simulator.calls().iter().all(|call| sent(call).as_deref() == Some("org-research")));
    assert_eq!(terraform.attribute("project_id"), "org-research");
}

#[tokio::test]
async fn provider_project_is_known_in_the_plan() {
    let instances = vec![json!({"UHostId": ID, "ProjectId": "org-research"})];
    let (simulator, _) = cloud(Options { instances, ..Options::default() }).await;
    let config = json!({"project_id": "org-research", "max_retries": 0});
    let mut terraform = Terraform::with(&simulator.url(), config).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(plan.attribute("project_id"), "org-research");
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn unknown_project_error_names_the_project() {
    let (_simulator, mut terraform) = cloud_with(json!({})).await;
    let errors = terraform.run(configuration(json!({"project_id": "org-none"}))).await.unwrap_err();
    errors.says("Unable to Read Instance: Project Not Found", &["292", "project_id"]);
}

/// Parameters `Region` and `Zone` of the received calls with `action`.
fn locations(simulator: &Simulator, action: &str) -> Vec<(String, String)> {
    let of = |call: &Call, name: &str| call.parameters.get(name).cloned().unwrap_or_default();
    let calls = simulator.calls();
    let calls = calls.iter().filter(|call| call.action == action);
    calls.map(|call| (of(call, "Region"), of(call, "Zone"))).collect()
}

#[tokio::test]
async fn known_location_is_sent_if_describes_leave_it_out() {
    let shanghai = json!({"region": "cn-sh2", "zone": "cn-sh2-02"});
    let sent = [("cn-sh2".to_owned(), "cn-sh2-02".to_owned())];
    for left_out in
        [json!({"Zone": null}), json!({"Region": null}), json!({"Region": "", "Zone": ""})]
    {
        // Configured.
        let (simulator, mut terraform) = in_shanghai(json!({})).await;
        simulator.add_fault(Fault::report(left_out.clone()).on_action(DESCRIBE).forever());
        let config = merged(configuration(shanghai.clone()), json!({"stop_on_destroy": true}));
        terraform.run(config).await.unwrap();
        // A destroy is another run of Terraform.
        terraform.configure(json!({})).await.unwrap();
        terraform.destroy().await.unwrap();
        assert_eq!(locations(&simulator, START), sent, "{left_out}");
        assert_eq!(locations(&simulator, STOP), sent, "{left_out}");

        // Reported by an earlier describe, or stored by an earlier run.
        for stored in [false, true] {
            let (simulator, mut terraform) = in_shanghai(json!({})).await;
            if stored {
                terraform.set_state(&stored_state("Stopped", shanghai.clone()));
            } else {
                terraform.plan(configuration(json!({}))).await.unwrap();
            }
            simulator.add_fault(Fault::report(left_out.clone()).on_action(DESCRIBE).forever());
            terraform.run(configuration(json!({}))).await.unwrap();
            assert_eq!(locations(&simulator, START), sent, "{left_out}");
            assert_eq!(terraform.attribute("zone"), "cn-sh2-02");
        }
    }
}

#[tokio::test]
async fn zone_that_describes_require_is_sent() {
    // The API requires a zone beside a region, or both.
    for refusals in [1, 2] {
        let (simulator, mut terraform) = in_shanghai(json!({})).await;
        terraform
            .set_state(&stored_state("Running", json!({"region": "cn-sh2", "zone": "cn-sh2-02"})));
        for _ in 0..refusals {
            let refusal = Fault::refuse(210, "Missing params [Zone]");
            simulator.add_fault(refusal.on_action(DESCRIBE));
        }
        terraform.refresh().await.unwrap();
        assert_eq!(terraform.attribute("state"), "Stopped");
        let all = [("cn-sh2", ""), ("", ""), ("cn-sh2", "cn-sh2-02")];
        let sent = locations(&simulator, DESCRIBE);
        let sent: Vec<_> =
            sent.iter().map(|(region, zone)| (region.as_str(), zone.as_str())).collect();
        assert_eq!(sent, all[..=refusals]);
    }
}
