//! The provider itself: schemas, configuration, credentials, and unknown type names.

use std::io::Write as _;

use serde_json::json;
use terraform_provider_compshare::{
    protocol::tfplugin5::{self as wire, invoke_action::event},
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator},
};
use tokio_stream::StreamExt as _;

use super::setup::{ID, cloud_with, configuration, describes, starts_and_stops, stored_state};
use crate::support::{
    calls::Calls as _,
    terraform_core::{Terraform, UNKNOWN},
};

#[tokio::test]
async fn metadata_and_schemas_agree() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let mut client = terraform.client();
    let request = wire::get_metadata::Request {};
    let metadata = client.get_metadata(request).await.unwrap().into_inner();
    let schemas = client.get_schema(wire::get_provider_schema::Request::default()).await;
    let schemas = schemas.unwrap().into_inner();
    let names: Vec<_> = metadata.resources.iter().map(|resource| &resource.type_name).collect();
    let resources =
        ["compshare_instance", "compshare_instance_power", "compshare_instance_stop_schedule"];
    assert_eq!(names, resources);
    let sorted = |names: &mut dyn Iterator<Item = &String>| {
        let mut names: Vec<_> = names.cloned().collect();
        names.sort_unstable();
        names
    };
    assert_eq!(
        sorted(&mut schemas.data_source_schemas.keys()),
        [
            "compshare_capacity",
            "compshare_images",
            "compshare_instance",
            "compshare_instance_types",
            "compshare_instances",
            "compshare_price",
            "compshare_zones",
        ]
    );
    assert_eq!(
        sorted(&mut schemas.action_schemas.keys()),
        [
            "compshare_instance_keepalive",
            "compshare_instance_reboot",
            "compshare_instance_start",
            "compshare_instance_stop"
        ]
    );
    assert_eq!(
        sorted(&mut schemas.ephemeral_resource_schemas.keys()),
        ["compshare_instance_login"]
    );
    assert_eq!(sorted(&mut schemas.resource_schemas.keys()), resources);
    assert_eq!(sorted(&mut schemas.list_resource_schemas.keys()), resources);
    assert_eq!(metadata.server_capabilities, schemas.server_capabilities);
    let capabilities = schemas.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state && capabilities.generate_resource_config);
    assert!(schemas.provider_meta.is_none() && schemas.functions.is_empty());
}

#[tokio::test]
async fn keys_are_sensitive_and_all_arguments_optional() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let request = wire::get_provider_schema::Request::default();
    let schemas = terraform.client().get_schema(request).await.unwrap().into_inner();
    let block = schemas.provider.unwrap().block.unwrap();
    let sensitive: Vec<_> =
        block.attributes.iter().filter(|a| a.sensitive).map(|a| &a.name).collect();
    assert_eq!(sensitive, ["public_key", "private_key"]);
    assert!(block.attributes.iter().all(|attribute| attribute.optional && !attribute.computed));
}

#[tokio::test]
async fn unknown_type_names_are_diagnostics() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let mut client = terraform.client();
    macro_rules! refused {
        ($($method:ident($request:expr)),* $(,)?) => {
            $({
                let response = client.$method($request).await.unwrap().into_inner();
                let [diagnostic] = &response.diagnostics[..] else { panic!(stringify!($method)) };
                assert_eq!(diagnostic.summary, "Unsupported Type", stringify!($method));
                assert!(diagnostic.detail.contains("`x`"), "{}: {}", stringify!($method),
                diagnostic.detail);
            })*
        };
    }
    let x = || "x".to_owned();
    refused!(
        validate_resource_type_config(wire::validate_resource_type_config::Request {
            type_name: x(),
            ..Default::default()
        }),
        upgrade_resource_state(wire::upgrade_resource_state::Request {
            type_name: x(),
            ..Default::default()
        }),
        read_resource(wire::read_resource::Request { type_name: x(), ..Default::default() }),
        plan_resource_change(wire::plan_resource_change::Request {
            type_name: x(),
            ..Default::default()
        }),
        apply_resource_change(wire::apply_resource_change::Request {
            type_name: x(),
            ..Default::default()
        }),
        import_resource_state(wire::import_resource_state::Request {
            type_name: x(),
            ..Default::default()
        }),
        move_resource_state(wire::move_resource_state::Request {
            target_type_name: x(),
            ..Default::default()
        }),
        upgrade_resource_identity(wire::upgrade_resource_identity::Request {
            type_name: x(),
            ..Default::default()
        }),
        generate_resource_config(wire::generate_resource_config::Request {
            type_name: x(),
            ..Default::default()
        }),
        validate_data_source_config(wire::validate_data_source_config::Request {
            type_name: x(),
            ..Default::default()
        }),
        read_data_source(wire::read_data_source::Request { type_name: x(), ..Default::default() }),
        validate_ephemeral_resource_config(wire::validate_ephemeral_resource_config::Request {
            type_name: x(),
            ..Default::default()
        }),
        open_ephemeral_resource(wire::open_ephemeral_resource::Request {
            type_name: x(),
            ..Default::default()
        }),
        renew_ephemeral_resource(wire::renew_ephemeral_resource::Request {
            type_name: x(),
            ..Default::default()
        }),
        close_ephemeral_resource(wire::close_ephemeral_resource::Request {
            type_name: x(),
            ..Default::default()
        }),
        validate_list_resource_config(wire::validate_list_resource_config::Request {
            type_name: x(),
            ..Default::default()
        }),
        validate_action_config(wire::validate_action_config::Request {
            type_name: x(),
            ..Default::default()
        }),
        plan_action(wire::plan_action::Request { action_type: x(), ..Default::default() }),
    );
    simulator.assert_no_calls();
}

#[tokio::test]
async fn functions_are_empty_and_unknown_streams_end() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let mut client = terraform.client();
    let functions = client.get_functions(wire::get_functions::Request::default()).await.unwrap();
    assert!(functions.into_inner().functions.is_empty());
    let request = wire::call_function::Request { name: "x".to_owned(), ..Default::default() };
    let error = client.call_function(request).await.unwrap().into_inner().error.unwrap();
    assert!(error.text.contains("`x`") && error.function_argument.is_none());

    let request = wire::list_resource::Request { type_name: "x".to_owned(), ..Default::default() };
    let listed: Vec<_> = client.list_resource(request).await.unwrap().into_inner().collect().await;
    let [Ok(event)] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!(event.diagnostic.len(), 1);
    let request =
        wire::invoke_action::Request { action_type: "x".to_owned(), ..Default::default() };
    let invoked: Vec<_> = client.invoke_action(request).await.unwrap().into_inner().collect().await;
    let [Ok(event)] = &invoked[..] else { panic!("{invoked:?}") };
    let Some(event::Type::Completed(completed)) = &event.r#type else { panic!("{event:?}") };
    assert_eq!(completed.diagnostics.len(), 1);
}

#[tokio::test]
async fn operation_before_configure_is_an_error() {
    let (simulator, _) = cloud_with(json!({})).await;
    let mut terraform = Terraform::unconfigured(&simulator.url()).await;
    terraform.validate(&configuration(json!({}))).await.unwrap();
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors.says("Provider Not Configured", &[]);
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.refresh().await.unwrap_err().says("Provider Not Configured", &[]);
    terraform.configure(json!({})).await.unwrap();
    terraform.refresh().await.unwrap();
    assert_eq!(describes(&simulator), 1);
}

#[tokio::test]
async fn second_configuration_replaces_the_first() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let other = Simulator::start(Options {
        instances: vec![json!({"UHostId": ID, "State": "Running"})],
        ..Options::default()
    })
    .await
    .unwrap();
    terraform.set_state(&stored_state("Stopped", json!({})));
    terraform.refresh().await.unwrap();
    terraform.configure(json!({"base_url": other.url()})).await.unwrap();
    terraform.refresh().await.unwrap();
    assert_eq!((describes(&simulator), describes(&other)), (1, 1));
    assert_eq!(terraform.attribute("state"), "Running");
}

#[tokio::test]
async fn unknown_provider_arguments_fail_only_if_needed() {
    let (simulator, _) = cloud_with(json!({})).await;
    for argument in
        ["public_key", "private_key", "profile", "config_file", "region", "project_id", "base_url"]
    {
        let mut terraform = Terraform::with(&simulator.url(), json!({argument: UNKNOWN})).await;
        let plan = terraform.plan(configuration(json!({}))).await.unwrap();
        let errors = terraform.apply(plan.clone()).await.unwrap_err();
        errors
            .says("Unknown Provider Configuration Values", &[&format!("`{argument}`"), "-target"]);
        simulator.assert_no_calls();
        // In a real apply they are known.
        terraform.configure(json!({})).await.unwrap();
        if argument == "region" {
            terraform.apply(plan).await.unwrap();
            assert_eq!(starts_and_stops(&simulator), (1, 0));
            simulator.patch(ID, json!({"State": "Stopped"}));
        }
        simulator.clear_calls();
    }
    let numbers = json!({"max_retries": UNKNOWN, "max_concurrent_requests": UNKNOWN,
    "poll_interval": UNKNOWN, "request_timeout": UNKNOWN});
    let mut terraform = Terraform::with(&simulator.url(), numbers).await;
    terraform.run(configuration(json!({}))).await.unwrap();
}

#[tokio::test]
async fn unknown_provider_arguments_defer_if_allowed() {
    let (simulator, _) = cloud_with(json!({})).await;
    let waiting = Terraform::with(&simulator.url(), json!({"private_key": UNKNOWN})).await;
    let mut waiting = waiting.allowing_deferral();
    let plan = waiting.plan(configuration(json!({}))).await.unwrap();
    assert!(plan.deferred && plan.attribute("gpu_count") == UNKNOWN);
    waiting.set_state(&stored_state("Running", json!({})));
    let before = waiting.state().unwrap().value.clone();
    waiting.refresh().await.unwrap();
    assert_eq!(waiting.state().unwrap().value, before);
    simulator.assert_no_calls();
    // With known values nothing is deferred. In an apply every host sends known values.
    waiting.configure(json!({})).await.unwrap();
    let plan = waiting.another().plan(configuration(json!({}))).await.unwrap();
    assert!(!plan.deferred);
    waiting.refresh().await.unwrap();
    assert_eq!(waiting.attribute("state"), "Stopped");
}

#[tokio::test]
async fn missing_keys_fail_at_the_first_call() {
    let home = tempfile::tempdir().unwrap();
    let mut terraform = Terraform::in_environment([
        ("HOME", home.path().to_str().unwrap()),
        ("COMPSHARE_BASE_URL", "http://127.0.0.1:9"),
    ])
    .await;
    terraform.configure(json!({})).await.unwrap();
    terraform.validate(&configuration(json!({}))).await.unwrap();
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors.says(
        "Missing API Keys",
        &[
            "public_key",
            "private_key",
            "COMPSHARE_PUBLIC_KEY",
            "COMPSHARE_PRIVATE_KEY",
            "config.json",
            "profile",
        ],
    );
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.refresh().await.unwrap_err().says("Missing API Keys", &[]);
    // A destroy that sends no call needs no keys.
    terraform.destroy().await.unwrap();
}

#[tokio::test]
async fn missing_key_is_named() {
    let home = tempfile::tempdir().unwrap();
    let terraform = Terraform::in_environment([
        ("HOME", home.path().to_str().unwrap()),
        ("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY),
    ])
    .await;
    terraform.configure(json!({})).await.unwrap();
    let errors = terraform.plan(configuration(json!({}))).await.unwrap_err();
    errors.says("Missing API Private Key", &["private"]);
}

#[tokio::test]
async fn cli_config_file_suffices() {
    let (simulator, _) = cloud_with(json!({})).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let profile = json!({"public_key": DEMO_PUBLIC_KEY, "private_key": DEMO_PRIVATE_KEY});
    write!(file, "{}", json!({"current_profile": "work", "profiles": {"work": profile}})).unwrap();
    let mut terraform =
        Terraform::in_environment([("COMPSHARE_BASE_URL", simulator.url().as_str())]).await;
    terraform.configure(json!({"config_file": file.path().to_str().unwrap()})).await.unwrap();
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));

    write!(file, "and more").unwrap();
    let path = file.path().to_str().unwrap();
    terraform.configure(json!({"config_file": path})).await.unwrap();
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.refresh().await.unwrap_err().says("Unusable Credentials File", &[path]);
}

#[tokio::test]
async fn invalid_provider_arguments_are_refused() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for (config, path) in [
        (json!({"base_url": "http://example.com"}), "base_url"),
        (json!({"base_url": "api.compshare.cn"}), "base_url"),
        (json!({"base_url": "ftp://127.0.0.1"}), "base_url"),
        (json!({"max_retries": -1}), "max_retries"),
        (json!({"max_retries": 1_000_000}), "max_retries"),
        (json!({"max_concurrent_requests": 0}), "max_concurrent_requests"),
        (json!({"request_timeout": "60"}), "request_timeout"),
        (json!({"request_timeout": "0s"}), "request_timeout"),
        (json!({"poll_interval": "fast"}), "poll_interval"),
    ] {
        terraform.validate_provider(config.clone()).await.unwrap_err().at(path);
        terraform.configure(config).await.unwrap_err().at(path);
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn invalid_base_url_error_names_the_variable() {
    let terraform = Terraform::in_environment([("COMPSHARE_BASE_URL", "http://example.com")]).await;
    let errors = terraform.validate_provider(json!({})).await.unwrap_err();
    errors.says("Invalid Base URL", &["COMPSHARE_BASE_URL"]).at("");
    terraform.validate_provider(json!({"base_url": "http://127.0.0.1:1"})).await.unwrap();
}

#[tokio::test]
async fn password_is_never_stored_in_state() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let state = format!("{:?}", terraform.state());
    for secret in
        ["ZGVtby1wYXNzd29yZA==", "demo-password", "ssh -p", DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY]
    {
        assert!(!state.contains(secret), "{state}");
    }
}
