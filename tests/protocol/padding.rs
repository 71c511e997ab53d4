//! Empty texts, and texts with white space around them.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY};

use super::setup::{ID, cloud_with, configuration, starts_and_stops};
use crate::support::{calls::Calls as _, terraform_core::Terraform};

/// The provider arguments that are texts.
const TEXTS: [&str; 9] = [
    "public_key",
    "private_key",
    "profile",
    "config_file",
    "region",
    "project_id",
    "base_url",
    "request_timeout",
    "poll_interval",
];

#[tokio::test]
async fn empty_provider_arguments_count_as_not_set() {
    for empty in ["", " ", "\n"] {
        let (simulator, _) = cloud_with(json!({})).await;
        let config: Json = TEXTS.into_iter().map(|name| (name, empty)).collect();
        let mut terraform = Terraform::with(&simulator.url(), config).await;
        terraform.run(configuration(json!({}))).await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (1, 0));
        assert_eq!(terraform.attribute("project_id"), Json::Null);
        assert_eq!(simulator.calls()[0].parameters.get("Region"), None);
        assert!(simulator.calls().iter().all(|call| !call.parameters.contains_key("ProjectId")));
    }
}

#[tokio::test]
async fn padded_provider_arguments_are_trimmed() {
    let padded = |text: &str| format!(" {text}\r\n");
    let (simulator, _) = cloud_with(json!({"ProjectId": "org-research"})).await;
    let url = simulator.url();
    let values = [
        ("public_key", DEMO_PUBLIC_KEY),
        ("private_key", DEMO_PRIVATE_KEY),
        ("base_url", &url),
        ("region", "cn-wlcb"),
        ("project_id", "org-research"),
        ("request_timeout", "60s"),
    ];
    let config: Json = values.into_iter().map(|(name, value)| (name, padded(value))).collect();
    let configured = Terraform::in_environment([]).await;
    configured.configure(config).await.unwrap();

    let variables = [
        ("COMPSHARE_PUBLIC_KEY", padded(DEMO_PUBLIC_KEY)),
        ("COMPSHARE_PRIVATE_KEY", padded(DEMO_PRIVATE_KEY)),
        ("COMPSHARE_BASE_URL", padded(&url)),
        ("COMPSHARE_REGION", padded("cn-wlcb")),
        ("COMPSHARE_PROJECT_ID", padded("org-research")),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let inherited = Terraform::in_environment(variables).await;
    inherited.configure(json!({})).await.unwrap();

    for mut terraform in [configured, inherited] {
        simulator.patch(ID, json!({"State": "Stopped"}));
        simulator.clear_calls();
        terraform.run(configuration(json!({}))).await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (1, 0));
        assert_eq!(terraform.attribute("project_id"), "org-research");
        let first = &simulator.calls()[0];
        assert_eq!(first.parameters["Region"], "cn-wlcb");
        assert_eq!(first.parameters["ProjectId"], "org-research");
    }
}

#[tokio::test]
async fn padded_ids_and_places_are_refused() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for name in ["instance_id", "region", "zone", "project_id"] {
        for (value, reason) in [
            ("uhost-1\n", r#""uhost-1\n" begins or ends with white space"#),
            (" uhost-1", "white space"),
            ("", "must not be empty"),
            (" ", "must not be empty"),
        ] {
            let planned = terraform.plan(configuration(json!({name: value}))).await;
            planned.unwrap_err().says("Invalid Attribute Value", &[name, reason]).at(name);
            let config = if name == "instance_id" {
                json!({name: value})
            } else {
                json!({"instance_id": ID, name: value})
            };
            let read = terraform.read_data("compshare_instance", &config).await;
            read.unwrap_err().says("Invalid Attribute Value", &[name, reason]).at(name);
        }
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn padded_import_id_is_trimmed() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.import(&format!("{ID}\n")).await.unwrap();
    assert_eq!(terraform.attribute("instance_id"), ID);
}
