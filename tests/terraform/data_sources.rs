//! Data sources for instances and zones.

use serde_json::json;

use super::stage::{Stage, instance};
use crate::support::{actions::START, terraform::with_each_terraform};

#[test]
fn instances_selected_by_tag_are_started() {
    with_each_terraform(async |terraform| {
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Stopped", "Tag": "training"}),
            json!({"UHostId": "uhost-b", "State": "Running", "Tag": "training"}),
            json!({"UHostId": "uhost-c", "State": "Stopped", "Tag": "spare"}),
        ];
        let stage = Stage::new(terraform, &instances).await;
        stage.configure(
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
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        assert_eq!(stage.workspace.output("ids"), json!(["uhost-a", "uhost-b"]));
        stage.assert_empty_plan();

        // An instance that gets the tag becomes a resource.
        stage.cloud.patch("uhost-c", json!({"Tag": "training"}));
        let added = r#"compshare_instance_power.training["uhost-c"]"#;
        assert_eq!(stage.plan().actions()[added], "create");
        stage.apply();
        assert_eq!(stage.reported("uhost-c"), "Running");
    });
}

#[test]
fn instance_selected_by_name_has_its_attributes() {
    with_each_terraform(async |terraform| {
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Stopped", "Name": "推理"}),
            json!({
                "UHostId": "uhost-b", "State": "Running", "Name": "训练 \"1\"",
                "InstancePrice": 1.98, "CreateTime": 1_767_225_600, "StopSchedulerTime": 0,
                "GPU": 2, "Memory": 98_304,
            }),
        ];
        let stage = Stage::new(terraform, &instances).await;
        stage.configure(
            r#"
            data "compshare_instance" "one" {
              name = "训练 \"1\""
            }

            locals {
              disks = data.compshare_instance.one.disks
            }

            output "facts" {
              value = {
                id      = data.compshare_instance.one.instance_id
                state   = data.compshare_instance.one.state
                gpus    = data.compshare_instance.one.gpu_count
                memory  = data.compshare_instance.one.memory_mb / 1024
                price   = data.compshare_instance.one.price_cny
                created = data.compshare_instance.one.created_at
                day     = formatdate("YYYY-MM-DD", data.compshare_instance.one.created_at)
                never   = data.compshare_instance.one.scheduled_stop_at
                address = data.compshare_instance.one.public_ip
                disks   = local.disks[*].size_gb
                boots   = [for disk in local.disks : disk.disk_id if disk.is_boot]
              }
            }
            "#,
        );
        stage.apply();
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
        assert_eq!(stage.workspace.output("facts"), facts);
        stage.assert_no_changes();
        stage.assert_empty_plan();
    });
}

#[test]
fn data_source_after_a_start_has_the_new_state() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure(
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
        stage.apply();
        assert_eq!(stage.workspace.output("state"), "Running");
        stage.assert_empty_plan();
        assert_eq!(stage.changes(), [START]);
    });
}

#[test]
fn zones_are_listed_with_names_and_regions() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        stage.configure(
            r#"
            data "compshare_zones" "shanghai" {
              region = "cn-sh2"
            }

            data "compshare_zones" "all" {
            }

            output "zones" {
              value = {
                for zone in data.compshare_zones.shanghai.zones : zone.zone => zone.description
              }
            }

            output "regions" {
              value = distinct(data.compshare_zones.all.zones[*].region)
            }
            "#,
        );
        stage.apply();
        let zones = json!({"cn-sh2-01": "上海二A", "cn-sh2-02": "上海二B", "cn-sh2-03": "上海二C"});
        assert_eq!(stage.workspace.output("zones"), zones);
        let regions = json!(["cn-wlcb", "cn-sh2", "cn-bj2", "cn-gd", "us-den"]);
        assert_eq!(stage.workspace.output("regions"), regions);
    });
}

/// Plans the data source with these attributes, where two instances have the same name; expects an
/// error that contains `facts`.
fn check_refused(attributes: &str, facts: &[&str]) {
    with_each_terraform(async |terraform| {
        let twin = |id: &str| json!({"UHostId": id, "State": "Running", "Name": "训练"});
        let stage = Stage::new(terraform, &[twin("uhost-a"), twin("uhost-b")]).await;
        stage.configure(&format!("data \"compshare_instance\" \"this\" {{\n{attributes}\n}}\n"));
        stage.workspace.run(&["plan", "-no-color", "-input=false"]).fail().says(facts);
    });
}

#[test]
fn unknown_instance_id_is_in_the_error() {
    let facts = ["Instance Not Found", "uhost-missing", "main.tf"];
    check_refused("instance_id = \"uhost-missing\"", &facts);
}

#[test]
fn unknown_instance_name_is_in_the_error() {
    let facts = ["Name Not Found", "No instance is named \"训\"", "2: name = \"训\""];
    check_refused("name = \"训\"", &facts);
}

#[test]
fn ambiguous_instance_name_lists_the_instances() {
    let facts = ["2 instances are named \"训练\"", "uhost-a", "uhost-b", "2: name = \"训练\""];
    check_refused("name = \"训练\"", &facts);
}

#[test]
fn instance_id_and_name_exclude_each_other() {
    check_refused("", &["Neither `instance_id` nor `name` is set"]);
    check_refused(
        "name = \"训练\"\ninstance_id = \"uhost-a\"",
        &["Both `instance_id` and `name` are set"],
    );
}

#[test]
fn instance_data_stores_no_secret() {
    with_each_terraform(async |terraform| {
        let secrets = ["Y2FuYXJ5LXBhc3N3b3JkLTUxZTg=", "canary-command", "canary-token"];
        let url = format!("http://203.0.113.77/?token={}", secrets[2]);
        let instance = json!({
            "UHostId": "uhost-a", "State": "Running", "Password": secrets[0],
            "SshLoginCommand": format!("ssh {}", secrets[1]),
            "Softwares": [{"Name": "JupyterLab", "URL": url}],
        });
        let stage = Stage::new(terraform, &[instance]).await;
        stage.configure(
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
        stage.apply();
        assert_eq!(stage.workspace.output("software"), json!(["JupyterLab"]));
        let stored = stage.workspace.stored_state().to_string();
        assert!(stored.contains("203.0.113.2"), "the address is not stored: {stored}");
        for secret in ["canary-password", secrets[0], secrets[1], secrets[2]] {
            assert!(!stored.contains(secret), "`{secret}` is in the state: {stored}");
        }
    });
}
