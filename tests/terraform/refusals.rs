//! Invalid configurations: an error that names the reason and its place, and no change of an
//! instance.

use serde_json::json;

use super::stage::{PRIVATE_KEY, PROVIDER, PUBLIC_KEY, Stage, instance};
use crate::support::{actions::START, terraform::with_each_terraform};

/// Applies a valid configuration after `arrange` has changed it; expects an error that contains
/// `facts`.
///
/// `is_sent`: the API has to be called to find the error.
fn check(is_sent: bool, facts: &[&str], arrange: impl Fn(&mut Stage)) {
    with_each_terraform(async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "State": "Stopped", "Zone": "cn-wlcb-01"});
        let mut stage = Stage::new(terraform, &[instance]).await;
        stage.configure_resource("");
        arrange(&mut stage);
        stage.workspace.try_apply().fail().says(&["Error: "]).says(facts);
        stage.assert_no_changes();
        assert_eq!(!stage.cloud.calls().is_empty(), is_sent, "{:?}", stage.cloud.calls());
    });
}

/// [`check`] with a resource that consists of these attributes.
fn check_attributes(is_sent: bool, attributes: &str, facts: &[&str]) {
    check(is_sent, facts, |stage| {
        let resource =
            format!("resource \"compshare_instance_power\" \"this\" {{\n{attributes}\n}}\n");
        stage.configure(&resource);
    });
}

#[test]
fn missing_credentials_list_all_places() {
    let facts = [
        "public_key",
        "private_key",
        "COMPSHARE_PUBLIC_KEY",
        "COMPSHARE_PRIVATE_KEY",
        "home/.config/compshare/config.json",
    ];
    check(false, &facts, Stage::unset_keys);
}

#[test]
fn missing_private_key_is_named() {
    check(false, &["private_key", "COMPSHARE_PRIVATE_KEY"], |stage| {
        stage.workspace.unset("COMPSHARE_PRIVATE_KEY")
    });
}

#[test]
fn malformed_credentials_file_is_named() {
    check(false, &["compshare.json"], |stage| {
        let file = stage.workspace.write("compshare.json", "{ this is no JSON");
        stage.workspace.set("COMPSHARE_CONFIG_FILE", file);
        stage.unset_keys();
    });
}

#[test]
fn unknown_profile_is_named() {
    check(false, &["training"], |stage| {
        let keys = json!({"public_key": "a", "private_key": "b"});
        let file = json!({"current_profile": "default", "profiles": {"default": keys}});
        let file = stage.workspace.write("compshare.json", &file.to_string());
        stage.workspace.set("COMPSHARE_CONFIG_FILE", file);
        stage.workspace.set("COMPSHARE_PROFILE", "training");
        stage.unset_keys();
    });
}

#[test]
fn credentials_file_of_the_official_cli_is_sufficient() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.unset_keys();
        let keys = json!({"public_key": PUBLIC_KEY, "private_key": PRIVATE_KEY});
        let file = json!({"current_profile": "work", "profiles": {"work": keys}});
        let file = stage.workspace.write("compshare.json", &file.to_string());
        stage.workspace.set("COMPSHARE_CONFIG_FILE", file);
        stage.configure_resource("").apply();
        assert_eq!(stage.changes(), [START]);
    });
}

#[test]
fn validate_and_schema_need_no_credentials() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[]).await;
        stage.unset_keys();
        stage.configure_resource("");
        stage.workspace.validate();
        let schema = stage.workspace.run(&["providers", "schema", "-json"]).succeed();
        schema.says(&["compshare_instance_power"]);
        assert!(stage.cloud.calls().is_empty());
    });
}

#[test]
fn wrong_keys_are_refused_with_the_message_of_the_api() {
    check(true, &["171"], |stage| stage.workspace.set("COMPSHARE_PRIVATE_KEY", "wrong"));
}

#[test]
fn misspelled_state_is_refused_with_valid_states() {
    check_attributes(
        false,
        "instance_id = \"uhost-a\"\nstate = \"running\"",
        &["Running", "Stopped", r#"state = "running""#],
    );
}

#[test]
fn no_gpu_size_requires_no_gpu_mode() {
    check_attributes(
        false,
        "instance_id = \"uhost-a\"\nwithout_gpu_spec = \"B\"",
        &["without_gpu = true", r#"without_gpu_spec = "B""#],
    );
}

#[test]
fn empty_instance_id_is_refused() {
    check_attributes(false, "instance_id = \"\"", &[r#"instance_id = """#]);
}

#[test]
fn invalid_timeout_is_refused_with_an_example() {
    check_attributes(
        false,
        "instance_id = \"uhost-a\"\ntimeouts {\ncreate = \"soon\"\n}",
        &["timeouts.create", "20m", r#"create = "soon""#],
    );
}

#[test]
fn plain_http_to_another_host_is_refused() {
    check(false, &["base_url", "https", "loopback"], |stage| {
        stage.workspace.unset("COMPSHARE_BASE_URL");
        let base_url = "base_url = \"http://cloud.example\"\n  poll_interval";
        let provider = PROVIDER.replace("poll_interval", base_url);
        stage.workspace.write("provider.tf", &provider);
    });
}

#[test]
fn zone_of_another_instance_is_refused() {
    check_attributes(
        true,
        "instance_id = \"uhost-a\"\nzone = \"cn-sh2-01\"",
        &["cn-wlcb-01", r#"zone = "cn-sh2-01""#],
    );
}

#[test]
fn missing_instance_is_named() {
    check_attributes(
        true,
        "instance_id = \"uhost-missing\"",
        &["uhost-missing", "project_id", "keys"],
    );
}
