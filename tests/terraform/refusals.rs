//! What is refused: each with a message that says what is wrong and where, and with nothing asked of the cloud.

use serde_json::json;

use super::{PRIVATE_KEY, PROVIDER, PUBLIC_KEY, SHORT, changes, stage};
use crate::support::{
    actions::START,
    calls::Calls as _,
    terraform::{Workspace, with_each_terraform},
};

const RUNNING: &str = r#"
resource "compshare_instance_power" "this" {
  instance_id = "uhost-a"
}
"#;

/// Applies what `arrange` writes in a workspace where all would be well but for that, and expects a refusal that says
/// `facts`, and that no instance was touched.
///
/// `calls`: whether the cloud has to be asked to find out.
fn refused(calls: bool, facts: &[&str], arrange: impl Fn(&mut Workspace)) {
    with_each_terraform(async |terraform| {
        let (cloud, mut workspace) = stage(
            terraform,
            &[json!({"UHostId": "uhost-a", "State": "Stopped", "Zone": "cn-wlcb-01"})],
            SHORT,
        )
        .await;
        workspace.write("main.tf", RUNNING);
        arrange(&mut workspace);
        workspace.try_apply().fail().says(&["Error: "]).says(facts);
        cloud.assert_no_mutating_calls();
        assert_eq!(!cloud.calls().is_empty(), calls, "{:?}", cloud.calls());
    });
}

/// The same for the text of the resource's block.
fn refused_attributes(calls: bool, attributes: &str, facts: &[&str]) {
    refused(calls, facts, |workspace| {
        workspace.write(
            "main.tf",
            &format!("resource \"compshare_instance_power\" \"this\" {{\n{attributes}\n}}\n"),
        );
    });
}

#[test]
fn without_credentials_every_place_looked_at_is_named() {
    let facts = [
        "public_key",
        "private_key",
        "COMPSHARE_PUBLIC_KEY",
        "COMPSHARE_PRIVATE_KEY",
        "home/.config/compshare/config.json",
    ];
    refused(false, &facts, |workspace| {
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
    });
}

#[test]
fn half_a_credential_is_refused_by_the_half_that_is_missing() {
    refused(false, &["private_key", "COMPSHARE_PRIVATE_KEY"], |workspace| {
        workspace.unset("COMPSHARE_PRIVATE_KEY")
    });
}

#[test]
fn a_malformed_file_of_the_official_cli_is_named() {
    refused(false, &["compshare.json"], |workspace| {
        let file = workspace.write("compshare.json", "{ this is no JSON");
        workspace.set("COMPSHARE_CONFIG_FILE", file);
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
    });
}

#[test]
fn a_profile_that_the_file_does_not_have_is_named() {
    refused(false, &["training"], |workspace| {
        let file = workspace.write(
            "compshare.json",
            r#"{"current_profile": "default", "profiles": {"default": {"public_key": "a", "private_key": "b"}}}"#,
        );
        workspace.set("COMPSHARE_CONFIG_FILE", file);
        workspace.set("COMPSHARE_PROFILE", "training");
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
    });
}

#[test]
fn the_file_of_the_official_cli_is_enough() {
    with_each_terraform(async |terraform| {
        let (cloud, mut workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
        let keys = json!({"public_key": PUBLIC_KEY, "private_key": PRIVATE_KEY});
        let file = json!({"current_profile": "work", "profiles": {"work": keys}});
        let file = workspace.write("compshare.json", &file.to_string());
        workspace.set("COMPSHARE_CONFIG_FILE", file);
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
    });
}

#[test]
fn nothing_but_a_call_needs_credentials() {
    with_each_terraform(async |terraform| {
        let (cloud, mut workspace) = stage(terraform, &[], SHORT).await;
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
        workspace.write("main.tf", RUNNING);
        workspace.validate();
        workspace
            .run(&["providers", "schema", "-json"])
            .succeed()
            .says(&["compshare_instance_power"]);
        assert!(cloud.calls().is_empty());
    });
}

#[test]
fn wrong_keys_are_refused_with_the_clouds_words() {
    refused(true, &["171"], |workspace| workspace.set("COMPSHARE_PRIVATE_KEY", "wrong"));
}

#[test]
fn a_state_has_to_be_spelt_as_the_cloud_spells_it() {
    refused_attributes(
        false,
        "instance_id = \"uhost-a\"\nstate = \"running\"",
        &["Running", "Stopped", r#"state = "running""#],
    );
}

#[test]
fn a_size_without_gpu_is_only_for_a_start_without_gpu() {
    refused_attributes(
        false,
        "instance_id = \"uhost-a\"\nwithout_gpu_spec = \"B\"",
        &["without_gpu = true", r#"without_gpu_spec = "B""#],
    );
}

#[test]
fn an_empty_id_is_refused() {
    refused_attributes(false, "instance_id = \"\"", &[r#"instance_id = """#]);
}

#[test]
fn a_timeout_has_to_be_a_duration() {
    refused_attributes(
        false,
        "instance_id = \"uhost-a\"\ntimeouts {\ncreate = \"soon\"\n}",
        &["timeouts.create", "20m", r#"create = "soon""#],
    );
}

#[test]
fn keys_are_not_sent_to_another_host_in_the_clear() {
    refused(false, &["base_url", "https", "loopback"], |workspace| {
        workspace.unset("COMPSHARE_BASE_URL");
        let provider =
            PROVIDER.replace("poll_interval", "base_url = \"http://cloud.example\"\npoll_interval");
        workspace.write("provider.tf", &provider);
    });
}

#[test]
fn a_zone_has_to_be_where_the_instance_is() {
    refused_attributes(
        true,
        "instance_id = \"uhost-a\"\nzone = \"cn-sh2-01\"",
        &["cn-wlcb-01", r#"zone = "cn-sh2-01""#],
    );
}

#[test]
fn an_instance_that_nobody_has_is_named() {
    refused_attributes(
        true,
        "instance_id = \"uhost-nobody\"",
        &["uhost-nobody", "project_id", "keys"],
    );
}
