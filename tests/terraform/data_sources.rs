//! Data sources: what a configuration may learn about instances and zones.

use serde_json::json;

use super::{SHORT, changes, stage};
use crate::support::{actions::START, calls::Calls as _, terraform::with_each_terraform};

#[test]
fn every_instance_that_fits_is_put_right() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Stopped", "Tag": "training"}),
                json!({"UHostId": "uhost-b", "State": "Running", "Tag": "training"}),
                json!({"UHostId": "uhost-c", "State": "Stopped", "Tag": "spare"}),
            ],
            SHORT,
        )
        .await;
        workspace.write(
            "main.tf",
            r#"
            data "compshare_instances" "training" {
              tag = "training"
            }

            resource "compshare_instance_power" "training" {
              for_each    = toset(data.compshare_instances.training.ids)
              instance_id = each.key
            }

            output "ids" {
              value = data.compshare_instances.training.ids
            }
            "#,
        );
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        assert_eq!(workspace.output("ids"), json!(["uhost-a", "uhost-b"]));
        workspace.plan().assert_empty();

        // The fleet is what the cloud says it is.
        cloud.patch("uhost-c", json!({"Tag": "training"}));
        let added = r#"compshare_instance_power.training["uhost-c"]"#;
        assert_eq!(workspace.plan().actions()[added], "create");
        workspace.apply();
        assert_eq!(cloud.instance("uhost-c").unwrap()["State"], "Running");
    });
}

#[test]
fn an_instance_is_found_by_its_name_and_told_about() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Stopped", "Name": "推理"}),
                json!({
                    "UHostId": "uhost-b", "State": "Running", "Name": "训练 \"1\"", "InstancePrice": 1.98,
                    "CreateTime": 1_767_225_600, "StopSchedulerTime": 0, "GPU": 2, "Memory": 98_304,
                }),
            ],
            SHORT,
        )
        .await;
        workspace.write(
            "main.tf",
            r#"
            data "compshare_instance" "training" {
              name = "训练 \"1\""
            }

            output "facts" {
              value = {
                id      = data.compshare_instance.training.instance_id
                state   = data.compshare_instance.training.state
                gpus    = data.compshare_instance.training.gpu_count
                memory  = data.compshare_instance.training.memory_mb / 1024
                price   = data.compshare_instance.training.price_yuan
                created = data.compshare_instance.training.created_at
                day     = formatdate("YYYY-MM-DD", data.compshare_instance.training.created_at)
                never   = data.compshare_instance.training.stop_scheduled_at
                address = data.compshare_instance.training.public_ip
                disks   = data.compshare_instance.training.disks[*].size_gb
                boots   = [for disk in data.compshare_instance.training.disks : disk.disk_id if disk.is_boot]
              }
            }
            "#,
        );
        workspace.apply();
        let facts = json!({
            "id": "uhost-b",
            "state": "Running",
            "gpus": 2,
            "memory": 96,
            "price": 1.98,
            "created": "2026-01-01T00:00:00Z",
            "day": "2026-01-01",
            "never": null,
            "address": "203.0.113.2",
            "disks": [60],
            "boots": ["bsi-demo"],
        });
        assert_eq!(workspace.output("facts"), facts);
        cloud.assert_no_mutating_calls();
        workspace.plan().assert_empty();
    });
}

#[test]
fn what_is_asked_after_a_start_knows_of_it() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            resource "compshare_instance_power" "this" {
              instance_id = "uhost-a"
            }

            data "compshare_instance" "this" {
              instance_id = compshare_instance_power.this.id
              depends_on  = [compshare_instance_power.this]
            }

            output "state" {
              value = data.compshare_instance.this.state
            }
            "#,
        );
        workspace.apply();
        assert_eq!(workspace.output("state"), "Running");
        workspace.plan().assert_empty();
        assert_eq!(changes(&cloud), [START]);
    });
}

#[test]
fn zones_are_told_with_their_names() {
    with_each_terraform(async |terraform| {
        let (_cloud, workspace) = stage(terraform, &[], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            data "compshare_zones" "shanghai" {
              region = "cn-sh2"
            }

            data "compshare_zones" "all" {
            }

            output "zones" {
              value = { for zone in data.compshare_zones.shanghai.zones : zone.zone => zone.description }
            }

            output "regions" {
              value = distinct(data.compshare_zones.all.zones[*].region)
            }
            "#,
        );
        workspace.apply();
        let zones = json!({"cn-sh2-01": "上海二A", "cn-sh2-02": "上海二B", "cn-sh2-03": "上海二C"});
        assert_eq!(workspace.output("zones"), zones);
        let regions = json!(["cn-wlcb", "cn-sh2", "cn-bj2", "cn-gd", "us-den"]);
        assert_eq!(workspace.output("regions"), regions);
    });
}

/// Plans the data source `compshare_instance` with these attributes in a cloud of twins, and expects a refusal that says
/// `facts`.
fn refused(attributes: &str, facts: &[&str]) {
    with_each_terraform(async |terraform| {
        let twin = |id: &str| json!({"UHostId": id, "State": "Running", "Name": "训练"});
        let (_cloud, workspace) =
            stage(terraform, &[twin("uhost-a"), twin("uhost-b")], SHORT).await;
        let data = format!("data \"compshare_instance\" \"this\" {{\n{attributes}\n}}\n");
        workspace.write("main.tf", &data);
        workspace.run(&["plan", "-no-color", "-input=false"]).fail().says(facts);
    });
}

#[test]
fn an_id_that_nobody_has_is_named() {
    refused("instance_id = \"uhost-nobody\"", &["Instance Not Found", "uhost-nobody", "main.tf"]);
}

#[test]
fn a_name_that_nobody_has_is_named() {
    refused(
        "name = \"训\"",
        &["Instance Not Found", "No instance is named \"训\"", "2: name = \"训\""],
    );
}

#[test]
fn a_name_that_several_have_is_told_with_all_of_them() {
    refused(
        "name = \"训练\"",
        &["2 instances are named \"训练\"", "uhost-a", "uhost-b", "2: name = \"训练\""],
    );
}

#[test]
fn an_instance_has_to_be_named_in_one_way() {
    refused("", &["Set either `instance_id` or `name`"]);
    refused("name = \"训练\"\ninstance_id = \"uhost-a\"", &["`name`, not both"]);
}

#[test]
fn what_is_told_about_an_instance_holds_no_secret() {
    with_each_terraform(async |terraform| {
        let secrets = ["Y2FuYXJ5LXBhc3N3b3JkLTUxZTg=", "canary-command", "canary-token"];
        let (_cloud, workspace) = stage(
            terraform,
            &[json!({
                "UHostId": "uhost-a", "State": "Running", "Password": secrets[0],
                "SshLoginCommand": format!("ssh {}", secrets[1]),
                "Softwares": [{"Name": "JupyterLab", "URL": format!("http://203.0.113.2/?token={}", secrets[2])}],
            })],
            SHORT,
        )
        .await;
        workspace.write(
            "main.tf",
            r#"
            data "compshare_instance" "one" {
              instance_id = "uhost-a"
            }

            data "compshare_instances" "all" {
            }

            output "software" {
              value = data.compshare_instances.all.instances[0].software
            }
            "#,
        );
        workspace.apply();
        assert_eq!(workspace.output("software"), json!(["JupyterLab"]));
        let stored = workspace.stored_state().to_string();
        assert!(stored.contains("203.0.113.2"), "what is told is stored: {stored}");
        for secret in ["canary-password", secrets[0], secrets[1], secrets[2]] {
            assert!(!stored.contains(secret), "`{secret}` is in the state: {stored}");
        }
    });
}
