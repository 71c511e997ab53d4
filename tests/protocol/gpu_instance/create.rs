//! Creates: one instance each, also if the response is lost.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Garbage, Options};

use super::{
    super::setup::{only, wait_until},
    setup::{IMAGE, changes, config, created, empty, next_run, of},
};
use crate::support::{
    actions::{CREATE, DESCRIBE},
    terraform_core::{Action, Terraform, UNKNOWN},
};

#[tokio::test]
async fn create_sends_everything_and_returns_the_running_instance() {
    let (simulator, mut terraform) = empty().await;
    let plan = terraform.plan(config(json!({"remark": "团队 A"}))).await.unwrap();
    assert_eq!(plan.action, Action::Create);
    for (attribute, planned) in [
        ("gpu_count", json!(1)),
        ("boot_disk_gb", json!(100)),
        ("charge_type", json!("Postpay")),
        ("region", json!("cn-wlcb")),
        ("cpu", json!(UNKNOWN)),
        ("id", json!(UNKNOWN)),
    ] {
        assert_eq!(plan.attribute(attribute), planned, "{attribute}");
    }
    terraform.apply(plan).await.unwrap();
    assert_eq!(changes(&simulator), ["Create"]);
    let calls = simulator.calls();
    let create = calls.iter().find(|call| call.action == CREATE).unwrap();
    for (parameter, value) in [
        ("Region", "cn-wlcb"),
        ("Zone", "cn-wlcb-01"),
        ("Name", "trainer"),
        ("GPU", "1"),
        ("CPU", "16"),
        ("Memory", "65536"),
        ("ChargeType", "Postpay"),
        ("CompShareImageId", IMAGE),
        ("Disks.0.Size", "100"),
    ] {
        assert_eq!(create.parameters[parameter], value, "{parameter}");
    }
    assert!(create.parameters["Remark"].starts_with("团队 A [terraform:"), "{create:?}");
    for (attribute, value) in [
        ("id", json!("uhost-new000001")),
        ("state", json!("Running")),
        ("cpu", json!(16)),
        ("memory_gb", json!(64)),
        ("remark", json!("团队 A")),
        ("public_ip", json!("203.0.113.4")),
        ("ssh_port", json!(23)),
        ("firewall_id", Json::Null),
    ] {
        assert_eq!(terraform.attribute(attribute), value, "{attribute}");
    }
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(config(json!({"remark": "团队 A"}))).await.unwrap();
    assert_eq!(plan.action, Action::NoOp);
    let data = terraform.read_data("compshare_instance", &json!({"name": "trainer"})).await;
    assert_eq!(data.unwrap()["remark"], "团队 A", "without the marker");
}

/// Every way in which the response to a create can be lost, before and after its execution.
#[tokio::test]
async fn lost_response_leads_to_no_second_create() {
    let http = |status, processed| Effect::Http { status, body: String::new(), processed };
    for (effect, exists) in [
        (Effect::LoseResponse, true),
        (Effect::DropConnection, false),
        (http(502, true), true),
        (http(502, false), false),
        (http(504, true), true),
        (http(408, false), false),
        (Effect::Malformed(Garbage::Truncated), true),
        (Effect::Malformed(Garbage::Html), true),
        (Effect::Malformed(Garbage::WrongTypes), true),
        (Effect::Malformed(Garbage::Huge), true),
        (Effect::Respond(serde_json::Map::new()), true),
        (Effect::Refuse { ret_code: 8438, message: "timed out".to_owned() }, false),
        (Effect::Refuse { ret_code: 8433, message: "backend".to_owned() }, false),
    ] {
        let (simulator, mut terraform) = empty().await;
        simulator.add_fault(Fault::new(effect.clone()).on_action(CREATE));
        let outcome = terraform.run(config(json!({}))).await;
        assert_eq!(simulator.count(CREATE), 1, "{effect:?}");
        assert_eq!(simulator.instances().len(), usize::from(exists), "{effect:?}");
        if exists {
            outcome.unwrap();
            assert_eq!(terraform.attribute("id"), "uhost-new000001");
            continue;
        }
        let errors = outcome.unwrap_err();
        let error = errors.only();
        assert!(error.summary.starts_with("Unable to Confirm Create of Instance: "), "{error:?}");
        assert!(error.detail.contains("[terraform:"), "{error:?}");
        assert!(terraform.state().is_none(), "{effect:?}");
        // The next run creates the instance.
        let mut next = next_run(&simulator, &terraform).await;
        next.run(config(json!({}))).await.unwrap();
        assert_eq!(simulator.instances().len(), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn create_without_a_response_in_time_is_searched_for() {
    let (simulator, _) = empty().await;
    let config_of_provider = json!({"max_retries": 0, "request_timeout": "1s"});
    let terraform = Terraform::with(&simulator.url(), config_of_provider).await;
    let mut terraform = terraform.resource("compshare_instance");
    let late = Effect::Delay { by: Duration::from_secs(3) };
    simulator.add_fault(Fault::new(late).on_action(CREATE));
    terraform.run(config(json!({}))).await.unwrap();
    assert_eq!((simulator.count(CREATE), simulator.instances().len()), (1, 1));
}

#[tokio::test]
async fn instance_that_is_not_listed_yet_is_found() {
    for hidden in [0, 60] {
        let create_hidden = Duration::from_millis(hidden);
        let (simulator, mut terraform) = of(Options { create_hidden, ..Options::default() }).await;
        terraform.run(config(json!({}))).await.unwrap();
        simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(CREATE));
        let mut other = terraform.resource("compshare_instance");
        other.run(config(json!({"name": "other"}))).await.unwrap();
        assert_eq!(simulator.count(CREATE), 2);
        assert_ne!(other.attribute("id"), terraform.attribute("id"));
    }
}

#[tokio::test]
async fn instance_that_appears_too_late_is_refused_and_named_later() {
    let hidden = Duration::from_millis(600);
    let (simulator, mut terraform) =
        of(Options { create_hidden: hidden, ..Options::default() }).await;
    simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(CREATE));
    let errors = terraform.run(config(json!({}))).await.unwrap_err();
    let marker = &simulator.instances()[0]["Remark"];
    errors.says(
        "Unable to Confirm Create of Instance: Connection Lost",
        &["trainer", marker.as_str().unwrap(), "could create a second instance", "import"],
    );
    // The same run does not create it again, either.
    terraform.run(config(json!({}))).await.unwrap_err().at("name");
    tokio::time::sleep(hidden).await;
    let mut next = next_run(&simulator, &terraform).await;
    let errors = next.run(config(json!({}))).await.unwrap_err();
    errors
        .says(
            "Unable to Create Instance: Name Belongs to Existing Instance",
            &["uhost-new000001", "terraform import", "Running", "is billed"],
        )
        .at("name");
    assert_eq!(simulator.count(CREATE), 1);
    next.import("uhost-new000001").await.unwrap();
    assert_eq!(next.plan(config(json!({}))).await.unwrap().action, Action::NoOp);
}

#[tokio::test]
async fn instance_of_a_killed_run_is_refused_and_named() {
    // The state of this run is lost.
    let (simulator, terraform, id) = created(json!({})).await;
    let mut next = next_run(&simulator, &terraform).await;
    let errors = next.run(config(json!({}))).await.unwrap_err();
    errors
        .says("Unable to Create Instance: Name Belongs to Existing Instance", &[&id, "import"])
        .at("name");
    assert_eq!(changes(&simulator), [""; 0]);
    // Another name is another instance, and so is an instance that a person has created.
    next.run(config(json!({"name": "other"}))).await.unwrap();
    simulator.patch(&id, json!({"Remark": "by hand"}));
    let mut third = next_run(&simulator, &terraform).await;
    third.run(config(json!({}))).await.unwrap();
    assert_eq!(simulator.instances().len(), 3);
}

#[tokio::test]
async fn instance_of_a_killed_run_that_appears_later_is_a_warning() {
    let create_hidden = Duration::from_millis(100);
    let (simulator, terraform) = of(Options { create_hidden, ..Options::default() }).await;
    let killed = next_run(&simulator, &terraform).await;
    let request = killed.creation(config(json!({}))).await;
    let mut client = killed.client();
    let apply = tokio::spawn(async move { client.apply_resource_change(request).await });
    wait_until(|| simulator.count(CREATE) == 1).await;
    // A run immediately after the kill: the first instance is not listed yet.
    let mut next = next_run(&simulator, &terraform).await;
    let warnings = next.run(config(json!({}))).await.unwrap();
    let warning =
        warnings.iter().find(|one| one.summary == "Second Instance With the Same Name").unwrap();
    assert!(warning.detail.contains("uhost-new000001"), "{warning:?}");
    assert_eq!(next.attribute("id"), "uhost-new000002");
    apply.await.unwrap().unwrap();
}

#[tokio::test]
async fn two_creates_of_one_run_cannot_share_a_name() {
    let (simulator, mut terraform) =
        of(Options { create_time: Duration::from_millis(50), ..Options::default() }).await;
    let mut other = terraform.resource("compshare_instance");
    let (one, two) = tokio::join!(terraform.run(config(json!({}))), other.run(config(json!({}))));
    let errors = [one, two].into_iter().find_map(Result::err).unwrap();
    errors.says("Unable to Create Instance: Name Used Twice", &["trainer", "each.key"]).at("name");
    assert_eq!(simulator.count(CREATE), 1);
}

#[tokio::test]
async fn refused_create_leaves_nothing() {
    for (code, title, path) in [
        (8357, "Zone Sold Out", ""),
        (226_604, "Zone Sold Out", ""),
        (8095, "Quota Exceeded", ""),
        (520, "Balance Too Low", ""),
        (8917, "Unpaid Order or Payment Limit", ""),
        (8315, "System Disk Smaller Than Image", "boot_disk_gb"),
        (226_603, "Image Does Not Support GPU Model", "image_id"),
        (8116, "Charge Type Not Supported", "charge_type"),
        (171, "Invalid API Keys", ""),
    ] {
        let (simulator, mut terraform) = empty().await;
        let plan = terraform.plan(config(json!({}))).await.unwrap();
        simulator.add_fault(Fault::refuse(code, "refused").on_action(CREATE).forever());
        let errors = terraform.apply(plan).await.unwrap_err();
        let expected = format!("Unable to Create Instance: {title}");
        errors.says(&expected, &["No instance was created", "trainer"]).at(path);
        assert!(terraform.state().is_none());
        assert_eq!((simulator.count(CREATE), simulator.instances().len()), (1, 0), "{code}");
    }
}

#[tokio::test]
async fn create_waits_for_capacity_if_configured() {
    let (simulator, mut terraform) = empty().await;
    simulator.add_fault(Fault::new(Effect::SoldOut).on_action(CREATE).times(3));
    terraform.run(config(json!({"wait_for_capacity": true}))).await.unwrap();
    assert_eq!((simulator.count(CREATE), simulator.instances().len()), (4, 1));

    let (simulator, mut terraform) = empty().await;
    simulator.add_fault(Fault::new(Effect::SoldOut).on_action(CREATE).forever());
    let timeouts = json!({"create": "300ms"});
    let waiting = config(json!({"wait_for_capacity": true, "timeouts": timeouts}));
    let errors = terraform.run(waiting).await.unwrap_err();
    errors.says("Unable to Create Instance: Zone Sold Out", &["300ms", "increase the timeout"]);
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn image_that_is_being_copied_is_waited_for() {
    let (simulator, mut terraform) = empty().await;
    simulator.add_fault(Fault::refuse(226_628, "image syncing").on_action(CREATE).times(2));
    terraform.run(config(json!({}))).await.unwrap();
    assert_eq!((simulator.count(CREATE), simulator.instances().len()), (3, 1));
}

#[tokio::test]
async fn interrupted_create_names_the_instance_and_keeps_its_id() {
    let create_time = Duration::from_secs(3600);
    let (simulator, mut terraform) = of(Options { create_time, ..Options::default() }).await;
    let core = terraform.another();
    let stop = async {
        wait_until(|| simulator.count(DESCRIBE) > 3).await;
        core.stop().await;
    };
    let errors = tokio::join!(terraform.run(config(json!({}))), stop).0.unwrap_err();
    errors.says(
        "Interrupted While Waiting to Set Up Instance",
        &["`uhost-new000001` has been created", "tainted", "untaint"],
    );
    assert!(terraform.state().unwrap().tainted);
    assert_eq!(terraform.attribute("id"), "uhost-new000001");
}

#[tokio::test]
async fn interrupted_wait_for_capacity_creates_nothing() {
    let (simulator, mut terraform) = empty().await;
    simulator.add_fault(Fault::new(Effect::SoldOut).on_action(CREATE).forever());
    let core = terraform.another();
    let stop = async {
        wait_until(|| simulator.count(CREATE) == 2).await;
        core.stop().await;
    };
    let waiting = config(json!({"wait_for_capacity": true}));
    let errors = tokio::join!(terraform.run(waiting), stop).0.unwrap_err();
    errors.says("Interrupted Before Creating Instance", &["No instance was created"]);
}

#[tokio::test]
async fn failed_setup_is_tainted_and_replaced() {
    let (simulator, mut terraform) = empty().await;
    simulator.add_fault(Fault::new(Effect::InstallFail).on_action(CREATE));
    let errors = terraform.run(config(json!({}))).await.unwrap_err();
    errors.says(
        "Unable to Set Up Instance: Failed State",
        &["Install Fail", "does not bill a failed creation", "tainted"],
    );
    let state = terraform.state().unwrap();
    assert!(state.tainted);
    assert_eq!(terraform.attribute("id"), "uhost-new000001");
    // Terraform configures the provider for each run.
    terraform.configure(json!({"max_retries": 0})).await.unwrap();
    terraform.destroy().await.unwrap();
    terraform.run(config(json!({}))).await.unwrap();
    assert_eq!(changes(&simulator), ["Create", "Terminate", "Create"]);
    assert_eq!(simulator.instances().len(), 1);
}

#[tokio::test]
async fn create_timeout_keeps_the_id() {
    let create_time = Duration::from_secs(3600);
    let (_simulator, mut terraform) = of(Options { create_time, ..Options::default() }).await;
    let timeouts = json!({"create": "300ms"});
    let errors = terraform.run(config(json!({"timeouts": timeouts}))).await.unwrap_err();
    errors.says("Timed Out Waiting to Set Up Instance", &["uhost-new000001", "tainted"]);
    assert_eq!(terraform.attribute("id"), "uhost-new000001");
}

#[tokio::test]
async fn failed_describes_after_a_create_do_not_taint() {
    let (simulator, mut terraform) = empty().await;
    let plan = terraform.plan(config(json!({}))).await.unwrap();
    let create = async {
        wait_until(|| simulator.count(CREATE) == 1).await;
    };
    simulator
        .add_fault(Fault::new(Effect::Delay { by: Duration::from_millis(50) }).on_action(CREATE));
    let fault = async {
        create.await;
        let unavailable = Effect::Http { status: 503, body: String::new(), processed: false };
        simulator.add_fault(Fault::new(unavailable).on_action(DESCRIBE).times(3));
    };
    tokio::join!(terraform.apply(plan), fault).0.unwrap();
}

#[tokio::test]
async fn price_above_the_limit_is_refused_before_the_create() {
    for (limit, refused) in [(json!(1), true), (json!(1.97), true), (json!(1.98), false)] {
        let (simulator, mut terraform) = empty().await;
        let outcome = terraform.plan(config(json!({"max_price_cny": limit}))).await;
        if refused {
            let errors = outcome.unwrap_err();
            let says = ["1.98 CNY per hour", "No instance was created"];
            errors.says("Unable to Create Instance: Price Above Limit", &says).at("max_price_cny");
            continue;
        }
        // The price rises between plan and apply.
        simulator.add_fault(
            Fault::respond(json!({"PriceDetails": [{"ChargeType": "Postpay", "Instance": 3}]}))
                .on_action("GetCompShareInstanceUserPrice")
                .forever(),
        );
        let mut next = next_run(&simulator, &terraform).await;
        let errors = next.run(config(json!({"max_price_cny": limit}))).await.unwrap_err();
        errors.says("Unable to Create Instance: Price Above Limit", &["3 CNY per hour"]);
        assert_eq!(simulator.count(CREATE), 0);
        terraform.apply(outcome.unwrap()).await.unwrap();
    }
    let (simulator, terraform) = empty().await;
    simulator.add_fault(
        Fault::respond(json!({"PriceDetails": null}))
            .on_action("GetCompShareInstanceUserPrice")
            .forever(),
    );
    let errors = terraform.plan(config(json!({"max_price_cny": 100}))).await.unwrap_err();
    errors.says("Unable to Create Instance: Price Unknown", &["max_price_cny"]);
    // Without a limit, the price is only information.
    let plan = terraform.plan(config(json!({}))).await.unwrap();
    assert!(only(&plan.warnings).detail.contains("CompShare reports no price"));
}
