//! Control requests under `/simulator/`, the list of calls, and the handle in the process.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Error, Fault, Options, Simulator};

use super::caller::{Cloud, DESCRIBE, DESCRIBE_CUSTOM_IMAGES, START, check_refused, location};

#[tokio::test]
async fn every_call_is_listed() {
    let cloud = Cloud::new().await;
    cloud.operate(START, "uhost-1").await;
    cloud.advance(90);
    cloud.call(DESCRIBE, &[("UHostIds.1", "uhost-2"), ("UHostIds.0", "uhost-1")]).await;
    cloud.operate(START, "uhost-none").await;
    let (status, calls) = cloud.control(Method::GET, "calls", "").await;
    assert_eq!(status, 200);
    let calls: Value = serde_json::from_str(&calls).unwrap();
    let expected = json!([
        {
            "action": START,
            "instance": "uhost-1",
            "at": "2026-01-01T00:00:00Z",
            "parameters": {
                "Action": START, "Region": "cn-wlcb", "UHostId": "uhost-1", "Zone": "cn-wlcb-01",
            },
            "ret_code": 0,
            "request_id": "5e11a70d-0000-4000-8000-000000000001",
        },
        {
            "action": DESCRIBE,
            "instances": ["uhost-1", "uhost-2"],
            "at": "2026-01-01T00:01:30Z",
            "parameters": {"Action": DESCRIBE, "UHostIds.0": "uhost-1", "UHostIds.1": "uhost-2"},
            "ret_code": 0,
            "request_id": "5e11a70d-0000-4000-8000-000000000002",
        },
        {
            "action": START,
            "instance": "uhost-none",
            "at": "2026-01-01T00:01:30Z",
            "parameters": {
                "Action": START, "Region": "cn-wlcb", "UHostId": "uhost-none", "Zone": "cn-wlcb-01",
            },
            "ret_code": 8039,
            "request_id": "5e11a70d-0000-4000-8000-000000000003",
        },
    ]);
    assert_eq!(calls, expected);
    assert_eq!(cloud.simulator.count(START), 2);
    assert_eq!(cloud.simulator.calls()[1].instances, ["uhost-1", "uhost-2"]);

    assert_eq!(cloud.control(Method::DELETE, "calls", "").await.0, 204);
    assert_eq!(cloud.simulator.calls(), []);
}

#[tokio::test]
async fn control_request_patches_instance() {
    let cloud = Cloud::new().await;
    let patch =
        r#"{"State": "Running", "Name": "改名", "Tag": null, "GraphicsMemory": {"Value": 48}}"#;
    assert_eq!(cloud.control(Method::POST, "instances/uhost-1", patch).await.0, 204);
    let instance = cloud.described("uhost-1").await;
    assert_eq!((&instance["State"], &instance["Name"]), (&json!("Running"), &json!("改名")));
    assert_eq!(instance.get("Tag"), None);
    assert_eq!(instance["GraphicsMemory"], json!({"Value": 48, "Rate": 5}));

    let (status, message) = cloud.control(Method::POST, "instances/no-such", "{}").await;
    assert_eq!((status, message.as_str()), (404, "there is no instance `no-such`\n"));
    let (status, message) =
        cloud.control(Method::POST, "instances/uhost-1", r#"{"State": 1}"#).await;
    assert_eq!((status, message.as_str()), (400, "State: must be a string\n"));
    assert_eq!(cloud.control(Method::POST, "instances/uhost-1", "[]").await.0, 400);
    assert_eq!(cloud.control(Method::POST, "instances/uhost-1", "{").await.0, 400);

    assert_eq!(cloud.control(Method::POST, "instances/uhost-1", "null").await.0, 204);
    assert_eq!(cloud.state("uhost-1").await, None);
    assert_eq!(cloud.simulator.instance("uhost-1"), None);
}

#[tokio::test]
async fn control_request_lists_instances_as_they_are() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::report_state("Unknown").forever());
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Unknown");
    let (status, listed) = cloud.control(Method::GET, "instances", "").await;
    assert_eq!(status, 200);
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed, cloud.simulator.instances());
    assert_eq!((listed.len(), &listed[0]["State"]), (1, &json!("Stopped")));
}

#[tokio::test]
async fn control_request_patches_image() {
    let cloud = Cloud::new().await;
    let path = "images/compshareImage-making";
    let patch = r#"{"Status": "Available", "Name": "done"}"#;
    assert_eq!(cloud.control(Method::POST, path, patch).await.0, 204);
    let wanted = [("Region", "cn-wlcb"), ("CompShareImageId", "compshareImage-making")];
    let image = cloud.call(DESCRIBE_CUSTOM_IMAGES, &wanted).await["ImageSet"][0].clone();
    assert_eq!((&image["Status"], &image["Name"]), (&json!("Available"), &json!("done")));

    let (status, message) = cloud.control(Method::POST, "images/no-such", "{}").await;
    assert_eq!((status, message.as_str()), (404, "there is no image `no-such`\n"));
    let (status, message) = cloud.control(Method::POST, path, r#"{"Status": 1}"#).await;
    assert_eq!((status, message.as_str()), (400, "Status: must be a string\n"));
}

#[tokio::test]
async fn patched_state_ends_operation_and_lock() {
    let cloud = Cloud::new().await;
    cloud.operate(START, "uhost-1").await;
    cloud.simulator.patch("uhost-1", json!({"State": "Stopped"}));
    cloud.advance(60);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
}

#[tokio::test]
async fn control_request_adds_one_or_many_faults() {
    let cloud = Cloud::new().await;
    let one = r#"{"effect": {"refuse": {"ret_code": 1, "message": "one"}}}"#;
    assert_eq!(cloud.control(Method::POST, "faults", one).await.0, 204);
    let many = r#"[{"effect": {"refuse": {"ret_code": 2, "message": "two"}}, "times": null}]"#;
    assert_eq!(cloud.control(Method::POST, "faults", many).await.0, 204);
    check_refused(&cloud.call(START, &location("uhost-1")).await, 1, "one");
    check_refused(&cloud.call(START, &location("uhost-1")).await, 2, "two");
    assert_eq!(cloud.control(Method::DELETE, "faults", "").await.0, 204);
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);

    let (status, message) =
        cloud.control(Method::POST, "faults", r#"{"effect": "nonsense"}"#).await;
    assert_eq!(status, 400);
    assert!(message.contains("unknown variant `nonsense`"), "{message}");
}

#[tokio::test]
async fn control_request_advances_clock() {
    let cloud = Cloud::new().await;
    cloud.operate(START, "uhost-1").await;
    assert_eq!(cloud.control(Method::POST, "advance", "\"30s\"").await.0, 204);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Running");
    for body in ["30", "\"30\"", "30s"] {
        assert_eq!(cloud.control(Method::POST, "advance", body).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn control_requests_are_not_listed_as_calls() {
    let cloud = Cloud::new().await;
    cloud.control(Method::GET, "calls", "").await;
    assert_eq!(cloud.simulator.calls(), []);
}

#[tokio::test]
async fn dropped_simulator_closes_its_connections() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-dropped"})]).await;
    let url = cloud.simulator.url();
    // Another simulator may reuse the port, but it does not have this instance.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let patch = async || {
        let url = format!("{url}/simulator/instances/uhost-dropped");
        client.post(url).body("{}").send().await.map(|response| response.status())
    };
    assert_eq!(patch().await.unwrap(), 204);
    let address = url.strip_prefix("http://").unwrap();
    let mut idle = tokio::net::TcpStream::connect(address).await.unwrap();
    drop(cloud);
    let mut byte = [0];
    let closed = tokio::io::AsyncReadExt::read(&mut idle, &mut byte);
    let closed = tokio::time::timeout(Duration::from_secs(5), closed).await.unwrap();
    assert!(matches!(closed, Ok(0) | Err(_)));
    assert!(!patch().await.is_ok_and(|status| status == 204));
}

#[tokio::test]
async fn debug_output_omits_private_key() {
    let options = Options { private_key: "very-private".to_owned(), ..Options::default() };
    assert!(!format!("{options:?}").contains("very-private"));
    let simulator = Simulator::start(options).await.unwrap();
    assert!(!format!("{simulator:?}").contains("very-private"));
}

#[tokio::test]
async fn non_loopback_address_is_refused() {
    let options = Options { listen: "0.0.0.0:0".parse().unwrap(), ..Options::default() };
    let error = Simulator::start(options).await.unwrap_err();
    assert!(matches!(error, Error::NotLoopback(_)), "{error}");
}

#[tokio::test]
async fn malformed_instance_error_names_index_and_field() {
    let cases = [
        (json!([{"UHostId": "a"}, {"Name": "b"}]), "instances[1].UHostId: a string is required"),
        (json!([{"UHostId": "a"}, 3]), "instances[1]: must be an object"),
        (json!([{"UHostId": ""}]), "instances[0].UHostId: must not be empty"),
        (json!([{"UHostId": "a"}, {"UHostId": "a"}]), "instances[1].UHostId: `a` is given twice"),
        (json!([{"UHostId": "a", "State": 3}]), "instances[0].State: must be a string"),
        (
            json!([{"UHostId": "a", "GPU": "1"}]),
            "instances[0].GPU: must be a whole number, zero or more",
        ),
    ];
    for (instances, expected) in cases {
        let instances = instances.as_array().unwrap().clone();
        let error =
            Simulator::start(Options { instances, ..Options::default() }).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
