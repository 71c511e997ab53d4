//! "Check capacity and price before a start": precondition, budget and choice of a zone.

use std::fs;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Capacity, Simulator};

use super::{
    guide::{Guide, SPARE, TRAINING, instance, with_newest_terraform},
    page::files_of,
};
use crate::{
    support::{
        actions::{
            CHECK_CAPACITY, DESCRIBE_IMAGES, DESCRIBE_TYPES, DESCRIBE_ZONES, GET_PRICE, START,
        },
        terraform::{Feature, with_each_terraform, with_each_terraform_that_has},
    },
    terraform::stage::Stage,
};

const ZONE: &str = "cn-wlcb-01";

fn set_free(cloud: &Simulator, free_gpus: usize) {
    let zone = Some(ZONE.to_owned());
    cloud.set_capacity(Capacity { zone, gpu_type: None, free_gpus, lasts: None });
}

/// A running instance beside the one of the guide, and its price per hour.
fn expensive() -> Value {
    json!({"UHostId": SPARE, "State": "Running", "InstancePrice": 4.5})
}

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped"), expensive()];
        let mut guide = Guide::open("check-first", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        set_free(&guide.stage.cloud, 0);
        guide.follow().fail();
        guide.assert_no_changes();
        set_free(&guide.stage.cloud, 8);
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);

        guide.put("budget.tf", "main.tf");
        guide.follow().succeed();
        guide.assert_no_changes();

        guide.start_over();
        guide.put("zone.tf", "main.tf");
        set_free(&guide.stage.cloud, 0);
        guide.follow().succeed();
        guide.assert_no_changes();
        guide.end();
    });
}

async fn stage(terraform: &crate::support::terraform::Terraform, file: &str) -> Stage {
    let stage = Stage::new(terraform, &[instance(TRAINING, "Stopped"), expensive()]).await;
    stage.configure(&fs::read_to_string(files_of("check-first").join(file)).unwrap());
    stage
}

/// Zones, lists of types, lists of images, capacity checks and prices since the last call.
fn requests(cloud: &Simulator) -> [usize; 5] {
    let actions = [DESCRIBE_ZONES, DESCRIBE_TYPES, DESCRIBE_IMAGES, CHECK_CAPACITY, GET_PRICE];
    let counts = actions.map(|action| cloud.count(action));
    cloud.clear_calls();
    counts
}

#[test]
fn precondition_refuses_a_start_in_a_sold_out_zone() {
    with_each_terraform_that_has(Feature::Conditions, async |terraform| {
        let stage = stage(terraform, "main.tf").await;
        set_free(&stage.cloud, 0);
        let refused = stage.workspace.run(&["plan", "-no-color", "-input=false"]).fail();
        assert!(refused.stderr.contains("Zone cn-wlcb-01 is sold out."), "{}", refused.stderr);
        stage.assert_no_changes();
        assert_eq!(requests(&stage.cloud), [1, 1, 1, 1, 0]);
        set_free(&stage.cloud, 8);
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        // The running instance does not need free capacity.
        set_free(&stage.cloud, 0);
        stage.assert_empty_plan();
    });
}

#[test]
fn check_block_warns_above_the_budget() {
    with_each_terraform_that_has(Feature::Checks, async |terraform| {
        let stage = stage(terraform, "budget.tf").await;
        let apply = stage.apply();
        let warning = "The running instances cost more than 5 CNY per hour.";
        assert!(apply.stdout.contains(warning), "{}", apply.stdout);
        assert_eq!(stage.changes(), [START]);
        stage.cloud.patch(SPARE, json!({"State": "Stopped"}));
        let apply = stage.apply();
        assert!(!apply.stdout.contains(warning), "{}", apply.stdout);
        assert_eq!(requests(&stage.cloud), [0; 5]);
    });
}

#[test]
fn first_zone_with_capacity_is_chosen() {
    with_each_terraform(async |terraform| {
        let stage = stage(terraform, "zone.tf").await;
        set_free(&stage.cloud, 0);
        stage.workspace.run(&["plan", "-no-color", "-input=false"]).succeed();
        // Zones, five regions, images, three zones with the type, and a price.
        assert_eq!(requests(&stage.cloud), [1, 5, 1, 3, 1]);
        stage.apply();
        assert_eq!(stage.workspace.output("zone"), "cn-sh2-02");
        stage.cloud.set_capacity(Capacity {
            zone: None,
            gpu_type: None,
            free_gpus: 0,
            lasts: None,
        });
        stage.apply();
        assert_eq!(stage.workspace.output("zone"), "sold out");
        stage.assert_no_changes();
    });
}
