//! Messages of `compshare_instance`, a chapter of `messages.md`.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::{
    super::{
        messages::Page,
        setup::{merged, only, wait_until},
    },
    setup::{config, created, empty, next_run, of},
};
use crate::support::{
    actions::{CREATE, DESCRIBE, RENAME, RESIZE, TERMINATE},
    terraform_core::Errors,
};

/// Marker of the messages, which is random.
const MARKER: &str = "[terraform:…]";

pub(in super::super) async fn instances(page: &mut Page) {
    for (code, message) in [
        (8357, "Resource sold out"),
        (226_603, "Image does not support the GPU type"),
        (8315, "Disk is smaller than the image"),
        (230, "Params [SecurityGroupId] not available"),
    ] {
        page.add(&format!("create refused with {code}"), refused(code, message)).await;
    }
    page.add("create refused until the timeout", until_timeout()).await;
    page.add("checks before a create until the timeout", slow_checks()).await;
    page.write("lost response, no instance found", &lost(None).await);
    page.write("lost response, list not readable", &lost(Some(DESCRIBE)).await);
    page.add("instance of a killed run", left_behind()).await;
    page.add("two creates with one name", Box::pin(same_name())).await;
    page.add("create that ends in Install Fail", failed(Effect::InstallFail)).await;
    page.add("create that does not end", failed(Effect::StuckInStarting)).await;
    page.add("interrupted create", interrupted()).await;
    for (how, more) in [
        ("price above the limit", json!({"max_price_cny": 1})),
        ("GPU model that is not sold", json!({"gpu_type": "9090"})),
        ("size that is not sold", json!({"cpu": 17})),
        ("number of GPUs that is not sold", json!({"gpu_count": 3})),
    ] {
        page.add(how, async { empty().await.1.plan(config(more)).await.unwrap_err() }).await;
    }
    for (how, more) in [
        ("plan of a pay-as-you-go instance", json!({})),
        ("plan of a spot instance", json!({"charge_type": "Spot"})),
        ("plan of a prepaid instance", json!({"charge_type": "Month"})),
    ] {
        let plan = empty().await.1.plan(config(more)).await.unwrap();
        page.write(how, &only(&plan.warnings).to_string());
    }
    changes(page).await;
}

async fn slow_checks() -> Errors {
    let (simulator, mut terraform) = empty().await;
    let plan = terraform.plan(config(json!({"timeouts": {"create": "50ms"}}))).await.unwrap();
    let slow = Effect::Delay { by: Duration::from_millis(200) };
    simulator.add_fault(Fault::new(slow).on_action(DESCRIBE));
    terraform.apply(plan).await.unwrap_err()
}

async fn changes(page: &mut Page) {
    let stored = json!({"remark": "one"});
    for (how, more) in [
        ("resize of a running instance", json!({"gpu_count": 2})),
        ("changed remark", json!({"remark": "two"})),
    ] {
        let (_cloud, terraform, _) = created(stored.clone()).await;
        let changed = config(merged(stored.clone(), more));
        page.add(how, async { terraform.plan(changed).await.unwrap_err() }).await;
    }
    page.add("protected instance", async {
        let (_cloud, terraform, _) = created(json!({"deletion_protection": true})).await;
        terraform.plan_destroy().await.unwrap_err()
    })
    .await;
    let (cloud, terraform, id) = created(json!({})).await;
    let other_image = || config(json!({"image_id": "compshareImage-demo"}));
    let plan = terraform.plan(other_image()).await.unwrap();
    page.write("planned replacement", &plan.warnings[0].to_string());
    page.add("replacement of an imported instance", async {
        let mut next = next_run(&cloud, &terraform).await;
        next.import(&id).await.unwrap();
        next.plan(other_image()).await.unwrap_err()
    })
    .await;
    let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
    page.add("resize without capacity", change(larger.clone(), RESIZE, 8357, "sold out")).await;
    page.add(
        "refused rename",
        change(json!({"name": "a b"}), RENAME, 220, "Params [Name] out of range"),
    )
    .await;
    page.add("refused delete", async {
        let (cloud, mut terraform, _) = created(json!({})).await;
        cloud.add_fault(Fault::refuse(299, "no permission").on_action(TERMINATE).forever());
        terraform.destroy().await.unwrap_err()
    })
    .await;
    page.add("resize in no-GPU mode", async {
        let (cloud, mut terraform, id) = created(json!({})).await;
        let full = json!({"Cpu": 16, "Memory": 65536, "Gpu": 1});
        cloud.patch(&id, json!({"GPU": 0, "SrcInstanceConfig": full}));
        terraform.run(config(larger)).await.unwrap_err()
    })
    .await;
}

/// Applies a change whose call the API refuses.
async fn change(more: Json, action: &str, code: i64, message: &str) -> Errors {
    let (cloud, mut terraform, _) = created(json!({})).await;
    cloud.add_fault(Fault::refuse(code, message).on_action(action).forever());
    terraform.run(config(more)).await.unwrap_err()
}

async fn refused(code: i64, message: &str) -> Errors {
    let (cloud, mut terraform) = empty().await;
    cloud.add_fault(Fault::refuse(code, message).on_action(CREATE).forever());
    terraform.run(config(json!({}))).await.unwrap_err()
}

async fn until_timeout() -> Errors {
    let (cloud, mut terraform) = empty().await;
    cloud.add_fault(Fault::new(Effect::SoldOut).on_action(CREATE).forever());
    let timeouts = json!({"create": "200ms"});
    let waiting = json!({"wait_for_capacity": true, "timeouts": timeouts});
    terraform.run(config(waiting)).await.unwrap_err()
}

/// Loses the response to a create, and all of `also`.
async fn lost(also: Option<&str>) -> String {
    let (cloud, mut terraform) = empty().await;
    cloud.add_fault(Fault::new(Effect::DropConnection).on_action(CREATE));
    let apply = terraform.run(config(json!({})));
    let fault = async {
        wait_until(|| cloud.count(CREATE) == 1).await;
        if let Some(action) = also {
            cloud.add_fault(
                Fault::refuse(171, "Signature VerifyAC Error").on_action(action).forever(),
            );
        }
    };
    let errors = tokio::join!(apply, fault).0.unwrap_err();
    let text = errors.only().to_string();
    let (before, rest) = text.split_once("[terraform:").unwrap();
    format!("{before}{MARKER}{}", rest.split_once(']').unwrap().1)
}

async fn left_behind() -> Errors {
    let (cloud, terraform, _) = created(json!({})).await;
    let mut next = next_run(&cloud, &terraform).await;
    next.run(config(json!({}))).await.unwrap_err()
}

async fn same_name() -> Errors {
    let create_time = Duration::from_millis(100);
    let (_cloud, mut one): (Simulator, _) = of(Options { create_time, ..Options::default() }).await;
    let mut other = one.resource("compshare_instance");
    let (one, other) = tokio::join!(one.run(config(json!({}))), other.run(config(json!({}))));
    [one, other].into_iter().find_map(Result::err).unwrap()
}

async fn failed(effect: Effect) -> Errors {
    let (cloud, mut terraform) = empty().await;
    cloud.add_fault(Fault::new(effect).on_action(CREATE));
    let timeouts = json!({"create": "2s"});
    terraform.run(config(json!({"timeouts": timeouts}))).await.unwrap_err()
}

async fn interrupted() -> Errors {
    let (cloud, mut terraform) = empty().await;
    cloud.add_fault(Fault::new(Effect::StuckInStarting).on_action(CREATE));
    let core = terraform.another();
    let stop = async {
        wait_until(|| cloud.count(DESCRIBE) > 3).await;
        core.stop().await;
    };
    tokio::join!(terraform.run(config(json!({}))), stop).0.unwrap_err()
}
