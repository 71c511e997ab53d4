//! Signatures, and the refusals of the gateway.

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{DEMO_PUBLIC_KEY, Options};

use super::caller::{Cloud, DESCRIBE, Parameters, START};

async fn send(cloud: &Cloud, form: &[(&str, &str)]) -> (Option<i64>, String) {
    let response = cloud.send(form).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("X-UCLOUD-REQUEST-UUID"));
    let json: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    (json["RetCode"].as_i64(), json["Message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn signatures_of_vendor_sdk_are_accepted() {
    let instances = vec![json!({"UHostId": "uhost-xxxx"}), json!({"UHostId": "uhost-10"})];
    let seed = [
        ("Action", START),
        ("PublicKey", "my_public_key"),
        ("Region", "cn-wlcb"),
        ("UHostId", "uhost-xxxx"),
        ("Zone", "cn-wlcb-01"),
        ("Signature", "38ac7b56f0f06780bf4c23ea765bf02b6c873a67"),
    ];
    let non_ascii = [
        ("Action", DESCRIBE),
        ("PublicKey", "my_public_key"),
        ("Region", "cn-wlcb"),
        ("Tag", "训练 组/a+b=c&d%20?"),
        ("Signature", "8e18c4db174d1c5b5990484ea1ecd1b660da7f2e"),
    ];
    let ids: Vec<(String, String)> =
        (0..11).map(|number| (format!("UHostIds.{number}"), format!("uhost-{number}"))).collect();
    let mut eleven = vec![
        ("Action", DESCRIBE),
        ("Limit", "100"),
        ("Offset", "0"),
        ("PublicKey", "my_public_key"),
        ("Signature", "adab9ba0c6f18273f5f31e39a5d9ce8363c6225b"),
    ];
    eleven.extend(ids.iter().map(|(name, value)| (name.as_str(), value.as_str())));

    let cloud = Cloud::of(Options {
        public_key: "my_public_key".to_owned(),
        private_key: "my_private_key".to_owned(),
        instances,
        ..Options::default()
    })
    .await;
    for form in [&seed[..], &non_ascii, &eleven] {
        assert_eq!(send(&cloud, form).await, (Some(0), String::new()), "{form:?}");
    }

    let cloud = Cloud::of(Options {
        public_key: "pub+/=".to_owned(),
        private_key: "k/+=ey 密".to_owned(),
        ..Options::default()
    })
    .await;
    let special_keys = [
        ("Action", DESCRIBE),
        ("PublicKey", "pub+/="),
        ("Region", "cn-wlcb"),
        ("Signature", "d6ad3241ba9875c8c99421356e3a31318ea2914e"),
    ];
    assert_eq!(send(&cloud, &special_keys).await, (Some(0), String::new()));
}

#[tokio::test]
async fn gateway_refusals_have_documented_ret_codes() {
    let cloud = Cloud::new().await;
    let action = ("Action", DESCRIBE);
    let cases: [(Parameters<'_>, i64, &str); 7] = [
        (&[], 160, "Missing Action"),
        (&[("Region", "cn-wlcb")], 160, "Missing Action"),
        (&[("Action", "Nonsense")], 161, "Action [Nonsense] not found"),
        (&[action], 170, "Missing Signature"),
        (&[action, ("PublicKey", DEMO_PUBLIC_KEY)], 170, "Missing Signature"),
        (
            &[action, ("PublicKey", DEMO_PUBLIC_KEY), ("Signature", "00")],
            171,
            "Signature VerifyAC Error",
        ),
        (&[action, ("PublicKey", "unknown-key"), ("Signature", "00")], 172, "User Not Exists"),
    ];
    for (form, ret_code, message) in cases {
        assert_eq!(send(&cloud, form).await, (Some(ret_code), message.to_owned()), "{form:?}");
    }
}

#[tokio::test]
async fn changed_form_has_wrong_signature() {
    let cloud = Cloud::of(Options {
        public_key: "my_public_key".to_owned(),
        private_key: "my_private_key".to_owned(),
        instances: vec![json!({"UHostId": "uhost-yyyy"})],
        ..Options::default()
    })
    .await;
    let form = [
        ("Action", START),
        ("PublicKey", "my_public_key"),
        ("Region", "cn-wlcb"),
        ("UHostId", "uhost-yyyy"),
        ("Zone", "cn-wlcb-01"),
        ("Signature", "38ac7b56f0f06780bf4c23ea765bf02b6c873a67"),
    ];
    assert_eq!(send(&cloud, &form).await.0, Some(171));
    assert_eq!(cloud.simulator.instance("uhost-yyyy").unwrap()["State"], "Stopped");
}
