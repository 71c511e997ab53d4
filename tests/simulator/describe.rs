//! Describes of instances, zones and projects.

use serde_json::{Value, json};

use super::caller::{Cloud, DESCRIBE, Parameters, check_refused, ret_code};
use crate::support::actions::DESCRIBE_ZONES;

fn many(count: usize) -> impl Iterator<Item = Value> {
    (0..count).map(|number| json!({"UHostId": format!("uhost-{number:03}")}))
}

fn ids(response: &Value) -> Vec<&str> {
    let instances = response["UHostSet"].as_array().unwrap();
    instances.iter().map(|instance| instance["UHostId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn instances_are_paged() {
    let cloud = Cloud::with(many(25)).await;
    let first = cloud.call(DESCRIBE, &[]).await;
    assert_eq!((first["TotalCount"].as_u64(), ids(&first).len()), (Some(25), 20));
    let second = cloud.call(DESCRIBE, &[("Offset", "20")]).await;
    assert_eq!(ids(&second).len(), 5);
    assert_eq!(ids(&second)[0], "uhost-020");
    let all = cloud.call(DESCRIBE, &[("Limit", "100"), ("Offset", "0")]).await;
    assert_eq!(ids(&all).len(), 25);

    check_refused(
        &cloud.call(DESCRIBE, &[("Offset", "25")]).await,
        8401,
        "Offset beyond the total",
    );
    check_refused(
        &cloud.call(DESCRIBE, &[("Limit", "101")]).await,
        220,
        "Params [Limit] out of range",
    );
    check_refused(
        &cloud.call(DESCRIBE, &[("Limit", "0")]).await,
        220,
        "Params [Limit] out of range",
    );
    check_refused(&cloud.call(DESCRIBE, &[("Limit", "x")]).await, 280, "Params [Limit] malformed");
}

#[tokio::test]
async fn empty_account_has_empty_first_page() {
    let cloud = Cloud::with([]).await;
    let response = cloud.call(DESCRIBE, &[("Offset", "0")]).await;
    assert_eq!((&response["TotalCount"], &response["UHostSet"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn instances_are_selected_by_id() {
    let cloud = Cloud::with(many(25)).await;
    let parameters =
        [("UHostIds.0", "uhost-003"), ("UHostIds.1", "no-such"), ("UHostIds.10", "uhost-001")];
    let response = cloud.call(DESCRIBE, &parameters).await;
    assert_eq!(
        (response["TotalCount"].as_u64(), ids(&response)),
        (Some(2), vec!["uhost-001", "uhost-003"])
    );
    assert_eq!(cloud.state("no-such").await, None);

    let names: Vec<String> = (0..101).map(|number| format!("UHostIds.{number}")).collect();
    let mut parameters: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "uhost-001")).collect();
    check_refused(&cloud.call(DESCRIBE, &parameters).await, 220, "Params [UHostIds] out of range");
    parameters.pop();
    assert_eq!(ret_code(&cloud.call(DESCRIBE, &parameters).await), 0);
}

#[tokio::test]
async fn limit_applies_to_list_of_ids() {
    let cloud = Cloud::with(many(25)).await;
    let named: Vec<(String, String)> = (0..25)
        .map(|number| (format!("UHostIds.{number}"), format!("uhost-{number:03}")))
        .collect();
    let parameters: Vec<(&str, &str)> =
        named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let response = cloud.call(DESCRIBE, &parameters).await;
    assert_eq!((response["TotalCount"].as_u64(), ids(&response).len()), (Some(25), 20));
}

#[tokio::test]
async fn instances_are_filtered_by_location_tag_project() {
    let cloud = Cloud::with([
        json!({"UHostId": "uhost-a"}),
        json!({"UHostId": "uhost-b", "Zone": "cn-sh2-02", "Tag": "训练 组"}),
        json!({"UHostId": "uhost-c", "Region": "new-region"}),
        json!({"UHostId": "uhost-d", "ProjectId": "org-other"}),
    ])
    .await;
    let cases: [(Parameters<'_>, &[&str]); 7] = [
        (&[], &["uhost-a", "uhost-b", "uhost-c"]),
        (&[("Region", "cn-sh2")], &["uhost-b"]),
        (&[("Zone", "cn-wlcb-01")], &["uhost-a"]),
        (&[("Region", "new-region")], &["uhost-c"]),
        (&[("Region", "us-den")], &[]),
        (&[("Tag", "训练 组")], &["uhost-b"]),
        (&[("ProjectId", "org-other")], &["uhost-d"]),
    ];
    for (parameters, expected) in cases {
        let response = cloud.call(DESCRIBE, parameters).await;
        assert_eq!(ids(&response), expected, "{parameters:?}");
    }
    check_refused(
        &cloud.call(DESCRIBE, &[("Region", "x")]).await,
        230,
        "Params [Region] not available",
    );
    let elsewhere = cloud.call(DESCRIBE, &[("Region", "cn-gd"), ("Zone", "cn-sh2-02")]).await;
    check_refused(&elsewhere, 230, "Params [Zone] not available");
    check_refused(&cloud.call(DESCRIBE, &[("ProjectId", "x")]).await, 292, "Project [x] not exist");
}

#[tokio::test]
async fn instance_has_fields_of_real_api() {
    let cloud = Cloud::with([
        json!({"UHostId": "uhost-1", "State": "Running", "Memory": "65536", "Novelty": [1]}),
        json!({"UHostId": "cpod-1"}),
    ])
    .await;
    let running = cloud.described("uhost-1").await;
    assert_eq!(running["InstanceType"], "UHost");
    assert_eq!(running["SshLoginCommand"], "ssh -p 23 root@203.0.113.2");
    assert_eq!(running["Password"], "ZGVtby1wYXNzd29yZA==");
    assert_eq!(running["IPSet"][0]["Type"], "Private");
    assert_eq!(running["DiskSet"][0]["IsBoot"], "True");
    assert_eq!(running["GraphicsMemory"], json!({"Value": 24, "Rate": 5}));
    assert!(running["InstancePrice"].is_f64());
    assert_eq!((&running["Memory"], &running["Novelty"]), (&json!("65536"), &json!([1])));
    assert_eq!(running.get("ProjectId"), None);
    let stopped = cloud.described("cpod-1").await;
    assert_eq!(stopped["InstanceType"], "Container");
    assert_eq!(stopped["SshLoginCommand"], "");
}

#[tokio::test]
async fn zones_are_listed() {
    let cloud = Cloud::with([]).await;
    let all = cloud.call(DESCRIBE_ZONES, &[]).await;
    assert_eq!(all["ZoneInfo"].as_array().unwrap().len(), 10);
    let of_region = cloud.call(DESCRIBE_ZONES, &[("Region", "cn-wlcb")]).await;
    let zone = &of_region["ZoneInfo"][0];
    assert_eq!((&zone["Region"], &zone["Zone"]), (&json!("cn-wlcb"), &json!("cn-wlcb-01")));
    assert!(zone["Describe"].is_string());
    // A pod zone has images of fewer types; other zones have no such list.
    let pod = &of_region["ZoneInfo"][1];
    assert_eq!((&zone["IsPod"], &zone["UnsupportedImageTypes"]), (&json!(false), &json!(null)));
    assert_eq!((&pod["Zone"], &pod["IsPod"]), (&json!("cn-wlcb-03"), &json!(true)));
    assert_eq!(pod["UnsupportedImageTypes"], json!(["System", "Other"]));
}

#[tokio::test]
async fn projects_are_listed() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1", "ProjectId": "org-other"})]).await;
    let response = cloud.call("GetProjectList", &[]).await;
    let projects = response["ProjectSet"].as_array().unwrap();
    let listed: Vec<_> = projects
        .iter()
        .map(|project| (project["ProjectId"].as_str(), project["IsDefault"].as_bool()))
        .collect();
    assert_eq!(listed, [(Some("org-demo"), Some(true)), (Some("org-other"), Some(false))]);
}
