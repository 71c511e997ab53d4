//! All messages, for review: `messages.md` beside this file. `UPDATE_EXPECT=1` rewrites it.
//!
//! Each message is provoked through the protocol, by faults of the simulator.

use std::{collections::HashMap, fmt::Write as _, future::Future, time::Duration};

use expect_test::expect_file;
use futures_util::{
    FutureExt as _,
    future::{join, join_all},
};
use regex_lite::Regex;
use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    protocol::tfplugin5::move_resource_state::Request as MoveRequest,
    simulator::{Effect, Fault, Garbage, Options, Simulator},
};

use super::setup::{
    ID, cloud, cloud_with, configuration, describes, merged, on_start, only, reporting,
    stored_state, wait_until, without_repeats,
};
use crate::support::{
    actions::{
        CANCEL_STOP, CHECK_CAPACITY, DESCRIBE, DESCRIBE_IMAGES, DESCRIBE_TYPES, GET_PROJECTS,
        REBOOT, SCHEDULE_STOP, START, STOP,
    },
    closed_port::ClosedPort,
    terraform_core::{Errors, Terraform, UNKNOWN},
};

/// A chapter of the page.
pub(super) struct Page(String);

impl Page {
    /// Adds the only error of `provoked`. The heading `how` describes the situation.
    pub(super) async fn add(&mut self, how: &str, provoked: impl Future<Output = Errors>) {
        self.write(how, &provoked.await.only().to_string());
    }

    pub(super) fn write(&mut self, how: &str, message: &str) {
        let _ = write!(self.0, "\n## {how}\n\n```text\n{}\n```\n", settled(message));
    }
}

/// Replaces ports and request IDs, which differ from run to run.
fn settled(message: &str) -> String {
    let message = replaced(message, "127.0.0.1:", |c| c.is_ascii_digit(), "PORT");
    replaced(&message, "5e11a70d-", |c| c.is_ascii_hexdigit() || c == '-', "…")
}

/// Replaces the characters that `belong` after each `mark` by `word`.
fn replaced(text: &str, mark: &str, belongs: impl Fn(char) -> bool, word: &str) -> String {
    let mut parts = text.split(mark);
    let mut settled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        settled.push_str(mark);
        settled.push_str(word);
        settled.push_str(part.trim_start_matches(&belongs));
    }
    settled
}

/// Plans `config` for `instance`, then applies it with `trouble`.
async fn apply(instance: Json, config: Json, trouble: impl Fn(&Simulator)) -> Errors {
    let (simulator, mut terraform) = cloud_with(instance).await;
    let plan = terraform.plan(configuration(config)).await.unwrap();
    trouble(&simulator);
    terraform.apply(plan).await.unwrap_err()
}

/// Applies the start of a stopped instance, which the API refuses.
async fn refused(code: i64, message: &str) -> Errors {
    apply(json!({}), json!({}), |cloud| {
        cloud.add_fault(Fault::refuse(code, message).on_action(START).forever());
    })
    .await
}

/// The same until the timeout, with a pause between starts that is longer than the timeout.
async fn refused_until_timeout(code: i64, message: &str) -> Errors {
    let (simulator, mut terraform) = without_repeats().await;
    simulator.add_fault(Fault::refuse(code, message).on_action(START).forever());
    let timeouts = json!({"create": "2s"});
    let config = configuration(json!({"wait_for_capacity": true, "timeouts": timeouts}));
    terraform.run(config).await.unwrap_err()
}

async fn plan(instance: Json, config: Json) -> Errors {
    let (_simulator, terraform) = cloud_with(instance).await;
    terraform.plan(configuration(config)).await.unwrap_err()
}

async fn refresh(effect: Effect) -> Errors {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    simulator.add_fault(Fault::new(effect).forever());
    terraform.refresh().await.unwrap_err()
}

/// Applies a start with `effect`. The state `Starting` is reported first.
async fn started(effect: Effect) -> Errors {
    let stuck = json!({"timeouts": {"create": "2s"}});
    let config = if effect == Effect::StuckInStarting { stuck } else { json!({}) };
    apply(json!({}), config, |cloud| {
        cloud.add_fault(on_start(effect.clone()));
        cloud.add_fault(reporting("Stopped", 1));
        cloud.add_fault(reporting("Starting", 2));
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_match_snapshot() {
    // Concurrently, because the chapters mostly wait.
    let chapters = join_all([
        chapter("Refused start", refusals).boxed_local(),
        chapter("Failed requests", transport).boxed_local(),
        chapter("Accepted request without success", outcomes).boxed_local(),
        chapter("Timeouts and interruptions", endings).boxed_local(),
        chapter("Warnings of plans", plans).boxed_local(),
        chapter("Absent, failed, or in another location", places).boxed_local(),
        chapter("GPU mode", gpu).boxed_local(),
        chapter("Create, resize and delete", super::gpu_instance::messages::instances)
            .boxed_local(),
        chapter("Actions", actions).boxed_local(),
        chapter("Data sources, queries, and logins", reads).boxed_local(),
        chapter("Identity and foreign state", stored).boxed_local(),
        chapter("Keepalive", keepalives).boxed_local(),
        chapter("Scheduled stops", schedules).boxed_local(),
        chapter("Other messages", others).boxed_local(),
    ])
    .await;
    let page = format!("Written by the test in `messages.rs`.\n{}", chapters.concat());
    expect_file!["./messages.md"].assert_eq(&page);
    check_titles(&page);
    for raw in ["client error (", "os error", "before message completed"] {
        assert!(!page.contains(raw), "words of a library: {raw}");
    }
}

/// Checks that messages with the same title have the same reason: their first sentences are equal
/// except for names, values and numbers.
fn check_titles(page: &str) {
    let mut reasons = HashMap::new();
    for message in page.split("```text\n").skip(1) {
        let (title, detail) = message.split_once("\n\n").unwrap();
        let title = title.split(" (at `").next().unwrap();
        let reason = first_sentence(detail);
        let known = reasons.entry(title).or_insert_with(|| reason.clone());
        assert_eq!(*known, reason, "two reasons with the title {title:?}");
    }
}

/// The first sentence, or its part before a colon, with `…` for each value.
fn first_sentence(text: &str) -> String {
    let quoted = Regex::new("`[^`]*`|\"[^\"]*\"|[0-9]([0-9a-z.]*[0-9a-z])?").unwrap();
    let masked = quoted.replace_all(text, "…");
    let end = masked.find([':', '\n']).into_iter().chain(masked.find(". ")).min();
    masked[..end.unwrap_or(masked.len())].trim_end_matches('.').to_owned()
}

#[test]
fn values_are_no_part_of_a_first_sentence() {
    let sentence = "Instance … did not start within …";
    for text in [
        "Instance `uhost-1` did not start within 2s.\n\nMore.",
        "Instance `uhost-2` did not start within 1h30m. More.",
        "Instance \"a: b\" did not start within 1.5s: reason.",
    ] {
        assert_eq!(first_sentence(text), sentence);
    }
}

#[test]
#[should_panic(expected = "two reasons with the title \"Error: Title\"")]
fn title_of_two_reasons_is_an_error() {
    check_titles(
        "```text\nError: Title\n\nOne.\n```\n```text\nError: Title (at `zone`)\n\nTwo.\n```\n",
    );
}

async fn chapter(title: &str, write: impl AsyncFn(&mut Page)) -> String {
    let mut page = Page(format!("\n# {title}\n"));
    write(&mut page).await;
    page.0
}

async fn refusals(page: &mut Page) {
    for (class, code, message) in [
        ("capacity", 8357, "Resource sold out"),
        ("capacity, check", 226_612, "Resource check failed"),
        ("billing, balance", 520, "Balance not enough"),
        ("billing, arrears", 226_601, "Account in arrears"),
        ("billing, expired", 226_602, "Instance expired"),
        ("billing, either", 8429, "Arrears or expired"),
        ("billing, order", 8917, "Order unpaid"),
        ("quota", 8095, "Quota exceeded"),
        ("quota check", 8367, "Get quota failed"),
        ("quota of instances in no-GPU mode", 8445, "Instance without gpu already running"),
        ("credentials", 171, "Signature VerifyAC Error"),
        ("permission", 299, "IAM permission denied"),
        ("account not verified", 226_606, "Account not verified"),
        ("not found", 8039, "Resource [uhost-1] not exist"),
        ("power state", 8905, "Operation not allowed in state [Resizing]"),
        ("usage, zone", 230, "Params [Zone] not available"),
        ("usage, zone missing", 210, "Missing params [Zone]"),
        ("usage, region missing", 210, "Missing params [Region]"),
        ("usage, conflict", 230, "existing CFS"),
        ("usage, other parameter", 220, "Params [Limit] out of range"),
        ("usage, no-GPU mode not supported", 8442, "Instance does not support start without gpu"),
        ("ambiguous, repeatedly", 8438, "Upstream timeout"),
        ("transient, repeatedly", 8433, "Upstream error"),
        ("unlisted code", 99_999, "余额之外的错误"),
        ("unlisted code, without message", 99_998, ""),
    ] {
        page.add(&format!("{code}: {class}"), refused(code, message)).await;
    }
    let until_timeout = [
        ("in progress", 8903, "InstanceOperationInProgress"),
        ("in progress, no-GPU start", 8443, "Start without gpu in progress"),
        ("in progress, image", 8964, "Image is being created"),
        ("in progress, migration", 226_620, "Image is being synchronized"),
        ("in progress, start", 226_622, "Instance is starting"),
        ("throttled", 8441, "Too many requests"),
        ("capacity, with `wait_for_capacity`", 8357, "Resource sold out"),
    ];
    let errors = join_all(until_timeout.map(|(_, code, text)| refused_until_timeout(code, text)));
    for ((class, code, _), error) in until_timeout.into_iter().zip(errors.await) {
        page.add(&format!("{code}: {class} until the timeout"), async { error }).await;
    }
    let spot = json!({"State": "Running", "IsSpot": true});
    let stop = apply(spot, json!({"state": "Stopped"}), |cloud| {
        cloud.add_fault(Fault::report(json!({"IsSpot": null})).forever());
    });
    page.add("Stop of a spot instance that is not reported as one", stop).await;
    let project = plan(json!({}), json!({"project_id": "org-none"}));
    page.add("292: unknown project", project).await;
}

async fn transport(page: &mut Page) {
    let refused_connection = async {
        let closed_port = ClosedPort::new();
        let mut terraform = Terraform::with(&closed_port.url(), json!({"max_retries": 0})).await;
        terraform.run(configuration(json!({}))).await.unwrap_err()
    };
    page.add("Refused connection", refused_connection).await;
    let lost = apply(json!({}), json!({}), |cloud| {
        cloud.add_fault(on_start(Effect::DropConnection).forever());
    });
    page.add("Start with repeatedly lost responses", lost).await;
    let http = |status| Effect::Http { status, body: "<html>".to_owned(), processed: false };
    page.add("Refresh, HTTP 502", refresh(http(502))).await;
    page.add("Refresh, HTTP 403", refresh(http(403))).await;
    page.add("Refresh, response lost", refresh(Effect::LoseResponse)).await;
    page.add("Refresh, web page instead of a response", refresh(Effect::Malformed(Garbage::Html)))
        .await;
    let keys = Effect::Refuse { ret_code: 172, message: "User Not Exists".to_owned() };
    page.add("Refresh, keys refused", refresh(keys)).await;
    let slow = async {
        let (simulator, _) = cloud_with(json!({})).await;
        let config = json!({"max_retries": 1, "request_timeout": "50ms"});
        let mut terraform = Terraform::with(&simulator.url(), config).await;
        terraform.set_state(&stored_state("Running", json!({})));
        let by = Duration::from_secs(20);
        simulator.add_fault(Fault::new(Effect::Delay { by }).forever());
        terraform.refresh().await.unwrap_err()
    };
    page.add("Refresh, request timeout", slow).await;
}

async fn outcomes(page: &mut Page) {
    page.add("Start returned to `Stopped`", started(Effect::FallBackToStopped)).await;
    page.add("Start failed", started(Effect::InstallFail)).await;
    page.add("Instance deleted during a start", vanished()).await;
    page.add("Instance stuck in `Starting`", started(Effect::StuckInStarting)).await;
    let never = |cloud: &Simulator| cloud.add_fault(reporting("Stopped", 100_000));
    page.add("Accepted start without effect", apply(json!({}), json!({}), never)).await;
    let running = json!({"State": "Running"});
    let stopped = json!({"state": "Stopped"});
    let never = |cloud: &Simulator| cloud.add_fault(reporting("Running", 100_000));
    page.add("Accepted stop without effect", apply(running.clone(), stopped.clone(), never)).await;
    let back = |cloud: &Simulator| {
        cloud.add_fault(reporting("Running", 1));
        cloud.add_fault(reporting("Stopping", 2));
        cloud.add_fault(reporting("Running", 100_000));
    };
    page.add("Stop returned to `Running`", apply(running, stopped, back)).await;
}

async fn vanished() -> Errors {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let goes = async {
        wait_until(|| simulator.count(START) == 1).await;
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 1).await;
        simulator.remove(ID);
    };
    join(terraform.apply(plan), goes).await.0.unwrap_err()
}

async fn endings(page: &mut Page) {
    let resizing = |cloud: &Simulator| cloud.patch(ID, json!({"State": "Resizing"}));
    let timeout = json!({"timeouts": {"create": "2s"}});
    page.add("Timeout before any request", apply(json!({}), timeout, resizing)).await;
    let stuck_stop = async {
        let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
        let more = json!({"stop_on_destroy": true, "timeouts": {"delete": "2s"}});
        terraform.set_state(&stored_state("Running", more));
        simulator.add_fault(reporting("Running", 1));
        simulator.add_fault(reporting("Stopping", 100_000));
        terraform.destroy().await.unwrap_err()
    };
    page.add("Timeout of a destroy during a stop", stuck_stop).await;
    page.add("Ctrl-C during a start", interrupted()).await;
    let read = async {
        let (simulator, mut terraform) = cloud_with(json!({})).await;
        terraform.set_state(&stored_state("Running", json!({})));
        let by = Duration::from_secs(20);
        simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(DESCRIBE));
        let core = terraform.another();
        let stop = async {
            wait_until(|| describes(&simulator) == 1).await;
            core.stop().await;
        };
        join(terraform.refresh(), stop).await.0.unwrap_err()
    };
    page.add("Ctrl-C during a refresh", read).await;
}

async fn interrupted() -> Errors {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let core = terraform.another();
    let stop = async {
        wait_until(|| simulator.count(START) == 1).await;
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 1).await;
        core.stop().await;
    };
    join(terraform.apply(plan), stop).await.0.unwrap_err()
}

async fn places(page: &mut Page) {
    let absent = async {
        let (_simulator, terraform) = cloud_with(json!({})).await;
        let config = json!({"instance_id": "uhost-2"});
        terraform.plan(config).await.unwrap_err()
    };
    page.add("Absent instance, plan", absent).await;
    let gone = |cloud: &Simulator| cloud.remove(ID);
    let project = json!({"project_id": "org-demo"});
    page.add("Absent instance, apply", apply(json!({}), project, gone)).await;
    page.add("Other region configured", plan(json!({}), json!({"region": "cn-sh2"}))).await;
    page.add("Other zone configured", plan(json!({}), json!({"zone": "cn-wlcb-02"}))).await;
    let provider = async {
        let (simulator, _) = cloud_with(json!({})).await;
        let terraform = Terraform::with(&simulator.url(), json!({"region": "cn-sh2"})).await;
        terraform.plan(configuration(json!({}))).await.unwrap_err()
    };
    page.add("Other region configured in the provider", provider).await;
    let fails = |cloud: &Simulator| cloud.patch(ID, json!({"State": "Install Fail"}));
    page.add("Failed instance, apply", apply(json!({}), json!({}), fails)).await;
}

async fn plans(page: &mut Page) {
    let warn = async |page: &mut Page, how: &str, instance: Json, config: Json| {
        let (_simulator, terraform) = cloud_with(instance).await;
        let plan = terraform.plan(configuration(config)).await.unwrap();
        page.write(how, &only(&plan.warnings).to_string());
    };
    let stopped = || json!({"state": "Stopped"});
    let running = |gpus| json!({"State": "Running", "GPU": gpus});
    warn(page, "Failed instance", json!({"State": "Install Fail"}), json!({})).await;
    warn(page, "Pay-as-you-go instance is stopped", running(1), stopped()).await;
    warn(page, "Running in no-GPU mode, no mode configured", running(0), json!({})).await;
    let reclaimed = || json!({"ReleaseTime": 1_750_000_000, "ChargeType": "Dynamic"});
    warn(page, "Deletion by CompShare, start planned", reclaimed(), json!({})).await;
    warn(page, "Deletion by CompShare, kept stopped", reclaimed(), stopped()).await;

    let closed_port = ClosedPort::new();
    let terraform = Terraform::with(&closed_port.url(), json!({"max_retries": 0})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    page.write("API not reachable", &only(&plan.warnings).to_string());

    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.plan(configuration(json!({}))).await.unwrap();
    let second = terraform.another().plan(configuration(json!({}))).await.unwrap();
    page.write("Two resources for one instance", &only(&second.warnings).to_string());
    terraform.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    let destroy = terraform.plan_destroy().await.unwrap();
    page.write("Destroyed and created in one plan", &only(&destroy.warnings).to_string());
    simulator.remove(ID);
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    page.write("Instance that no longer exists", &plan.warnings[0].to_string());
}

async fn gpu(page: &mut Page) {
    let without = || json!({"without_gpu": true});
    let with = || json!({"without_gpu": false});
    let running = |gpus| json!({"State": "Running", "GPU": gpus});
    page.add("Running with GPU, no-GPU mode configured", plan(running(1), without())).await;
    page.add("Running in no-GPU mode, GPU configured", plan(running(0), with())).await;
    let unsupported = json!({"SupportWithoutGpuStart": false});
    page.add("GPU model without no-GPU mode", plan(unsupported, without())).await;
    page.add("Prepaid instance", plan(json!({"ChargeType": "Month"}), without())).await;
    let container = json!({"InstanceType": "Container"});
    let spec_b = merged(without(), json!({"without_gpu_spec": "B"}));
    page.add("Container with spec `B`", plan(container, spec_b)).await;
    let allocated = |cloud: &Simulator| cloud.add_fault(on_start(Effect::GpuAllocated));
    page.add("Unexpected GPU, stopped again", apply(json!({}), without(), allocated)).await;
    let allowed = merged(without(), json!({"allow_stopping_for_update": true}));
    page.add("Unexpected GPU after a restart", apply(running(1), allowed, allocated)).await;
    let not_undone = |cloud: &Simulator| {
        cloud.add_fault(on_start(Effect::GpuAllocated));
        cloud.add_fault(Fault::refuse(299, "IAM permission denied").on_action(STOP));
    };
    page.add("Unexpected GPU, and the stop is refused", apply(json!({}), without(), not_undone))
        .await;
    let sold_out = |cloud: &Simulator| cloud.add_fault(Fault::new(Effect::SoldOut).forever());
    let back = json!({"allow_stopping_for_update": true});
    page.add(
        "Stopped for a change of the GPU mode, then sold out",
        apply(running(0), back, sold_out),
    )
    .await;
    page.add("GPU missing after a start", gpu_missing()).await;
}

async fn gpu_missing() -> Errors {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(reporting("Stopped", 1));
    simulator.add_fault(reporting("Starting", 100_000));
    let loses_gpu = async {
        wait_until(|| simulator.count(START) == 1).await;
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 1).await;
        simulator.patch(ID, json!({"State": "Running", "GPU": 0}));
        simulator.clear_faults();
    };
    join(terraform.apply(plan), loses_gpu).await.0.unwrap_err()
}

/// Invokes an action on `instance`, with `trouble`.
async fn action(name: &str, instance: Json, config: Json, trouble: impl Fn(&Simulator)) -> Errors {
    let (simulator, terraform) = cloud_with(instance).await;
    trouble(&simulator);
    let name = format!("compshare_instance_{name}");
    terraform.invoke(&name, &configuration(config)).await.fail()
}

async fn actions(page: &mut Page) {
    let running = || json!({"State": "Running"});
    let on_reboot = |effect: Effect| Fault::new(effect).on_action(REBOOT);
    let stopped = action("reboot", json!({}), json!({}), |_| {});
    page.add("Reboot of a stopped instance", stopped).await;
    let (_simulator, terraform) = cloud_with(running()).await;
    let unseen = terraform.invoke("compshare_instance_reboot", &configuration(json!({}))).await;
    page.write("Reboot that was not observed", &unseen.outcome.unwrap()[0].to_string());
    let lost = action("reboot", running(), json!({}), |cloud| {
        cloud.add_fault(on_reboot(Effect::LoseResponse));
    });
    page.add("Reboot without response that was not observed", lost).await;
    let ends = |cloud: &Simulator| {
        cloud.add_fault(reporting("Running", 1));
        cloud.add_fault(reporting("Rebooting", 2));
        cloud.add_fault(reporting("Stopped", 9));
    };
    page.add("Reboot that ends stopped", action("reboot", running(), json!({}), ends)).await;
    let sold_out = |cloud: &Simulator| cloud.add_fault(Fault::new(Effect::SoldOut));
    page.add("Start, sold out", action("start", json!({}), json!({}), sold_out)).await;
    let config = json!({"timeout": "2s"});
    let stuck = |cloud: &Simulator| cloud.add_fault(on_start(Effect::StuckInStarting));
    let timeout = action("start", json!({"State": "Resizing"}), config, stuck);
    page.add("Timeout of an action", timeout).await;
    let mode = action("start", running(), json!({"without_gpu": true}), |_| {});
    page.add("Start in the other GPU mode", mode).await;
}

async fn keepalives(page: &mut Page) {
    let keepalive = |instance, trouble: fn(&Simulator)| {
        action("keepalive", instance, json!({"timeout": "2s"}), trouble)
    };
    let prepaid = json!({"ChargeType": "Month"});
    page.add("Prepaid instance", keepalive(prepaid, |_| {})).await;
    let unsupported = json!({"SupportWithoutGpuStart": false});
    page.add("Instance without no-GPU mode", keepalive(unsupported, |_| {})).await;
    let other = |cloud: &Simulator| {
        cloud.add_fault(
            Fault::refuse(8445, "Instance without gpu already running").on_action(START),
        );
    };
    page.add("Another instance in no-GPU mode", keepalive(json!({}), other)).await;
    let stuck = |cloud: &Simulator| cloud.add_fault(on_start(Effect::StuckInStarting));
    page.add("Timeout of the start", keepalive(json!({}), stuck)).await;
    let not_stopped = |cloud: &Simulator| {
        cloud.add_fault(Fault::refuse(299, "IAM permission denied").on_action(STOP));
    };
    page.add("Stop is refused", keepalive(json!({}), not_stopped)).await;
    let allocated = |cloud: &Simulator| cloud.add_fault(on_start(Effect::GpuAllocated));
    page.add("Unexpected GPU", keepalive(json!({}), allocated)).await;
}

/// Applies the schedule of a stop in 8 hours, with `trouble`.
async fn schedule(instance: Json, trouble: impl Fn(&Simulator)) -> Errors {
    let (simulator, terraform) = cloud_with(instance).await;
    trouble(&simulator);
    let config = json!({"stop_after": "8h", "timeouts": {"create": "2s"}});
    terraform
        .resource("compshare_instance_stop_schedule")
        .run(configuration(config))
        .await
        .unwrap_err()
}

async fn schedules(page: &mut Page) {
    let running = || json!({"State": "Running"});
    for (how, config) in [
        ("No time", json!({})),
        ("Two times", json!({"stop_at": "2100-01-01T00:00:00Z", "stop_after": "8h"})),
        ("Time in another format", json!({"stop_at": "18:00"})),
        ("Time in the past", json!({"stop_at": "2026-01-01T00:00:00Z"})),
        ("Negative duration", json!({"stop_after": "-8h"})),
        ("Short duration", json!({"stop_after": "1m"})),
    ] {
        let (_simulator, terraform) = cloud_with(running()).await;
        let terraform = terraform.resource("compshare_instance_stop_schedule");
        let plan = async { terraform.plan(configuration(config)).await.unwrap_err() };
        page.add(how, plan).await;
    }
    page.add("Stopped instance", schedule(json!({}), |_| {})).await;
    let spot = json!({"State": "Running", "IsSpot": true});
    page.add("Spot instance", schedule(spot, |_| {})).await;
    let refused = |code, message: &'static str| {
        schedule(running(), move |cloud| {
            let refusal = Fault::refuse(code, message).on_action(SCHEDULE_STOP);
            cloud.add_fault(refusal.forever());
        })
    };
    page.add("Permission denied", refused(299, "IAM permission denied")).await;
    let busy = async {
        let (simulator, terraform) = without_repeats().await;
        simulator.patch(ID, running());
        let busy = Fault::refuse(8903, "InstanceOperationInProgress").on_action(SCHEDULE_STOP);
        simulator.add_fault(busy.forever());
        let config = json!({"stop_after": "8h", "timeouts": {"create": "2s"}});
        let mut schedule = terraform.resource("compshare_instance_stop_schedule");
        schedule.run(configuration(config)).await.unwrap_err()
    };
    page.add("Operation in progress until the timeout", busy).await;
    let unreported = |cloud: &Simulator| {
        cloud.add_fault(Fault::report(json!({"SchedulerStopTime": 0})).forever());
    };
    page.add("Accepted stop that is not reported", schedule(running(), unreported)).await;
    let lost = |cloud: &Simulator| {
        let lost = Fault::new(Effect::DropConnection).on_action(SCHEDULE_STOP);
        cloud.add_fault(lost.forever());
    };
    page.add("Repeatedly lost responses", schedule(running(), lost)).await;
    let unread = |cloud: &Simulator| {
        cloud.add_fault(Fault::refuse(299, "IAM permission denied").on_action(GET_PROJECTS));
    };
    page.add("Projects cannot be read", schedule(running(), unread)).await;
    let none = |cloud: &Simulator| {
        let empty = Fault::respond(json!({"ProjectSet": []}));
        cloud.add_fault(empty.on_action(GET_PROJECTS));
    };
    page.add("No project", schedule(running(), none)).await;
    cancellations(page).await;
}

async fn cancellations(page: &mut Page) {
    let instances = vec![json!({"UHostId": ID, "State": "Running", "IsSpot": true})];
    let options = Options { instances, any_instance_scheduled: true, ..Options::default() };
    let (simulator, terraform) = cloud(options).await;
    let mut terraform = terraform.resource("compshare_instance_stop_schedule");
    let warnings = terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    page.write("Accepted stop of a spot instance", &only(&warnings).to_string());
    simulator.add_fault(Fault::refuse(299, "IAM permission denied").on_action(CANCEL_STOP));
    page.add("Refused cancellation", async { terraform.destroy().await.unwrap_err() }).await;
    let instance = simulator.instance(ID).unwrap();
    let time = json!({"SchedulerStopTime": instance["SchedulerStopTime"]});
    simulator.add_fault(Fault::report(time).forever());
    let warnings = terraform.destroy().await.unwrap();
    page.write("Cancellation without effect", &only(&warnings).to_string());
}

async fn reads(page: &mut Page) {
    let read = async |instance: Json, config: Json| {
        let (_simulator, terraform) = cloud_with(instance).await;
        terraform.read_data("compshare_instance", &config).await.unwrap_err()
    };
    let by_id = |more| merged(json!({"instance_id": ID}), more);
    page.add("Unknown ID", read(json!({}), json!({"instance_id": "uhost-2"}))).await;
    page.add("Unknown name", read(json!({}), json!({"name": "训练"}))).await;
    page.add("Ambiguous name", namesakes()).await;
    page.add("Instance in another zone", read(json!({}), by_id(json!({"zone": "cn-sh2-01"}))))
        .await;
    page.add("Neither ID nor name", read(json!({}), json!({}))).await;
    page.add("Both ID and name", read(json!({}), by_id(json!({"name": "训练"})))).await;
    let query = async |config: Json, fault: Option<Fault>| {
        let (simulator, terraform) = cloud_with(json!({})).await;
        fault.into_iter().for_each(|fault| simulator.add_fault(fault));
        terraform.query(&config, false, 100).await.unwrap_err()
    };
    page.add("Query in an unknown region", query(json!({"region": "mars"}), None)).await;
    page.add("State in lower case", query(json!({"state": "running"}), None)).await;
    page.add("Invalid regular expression", query(json!({"name_regex": "(训练"}), None)).await;
    let refused = Fault::refuse(299, "IAM permission denied");
    page.add("Query without permission", query(json!({}), Some(refused.clone()))).await;
    let zones = async {
        let (simulator, terraform) = cloud_with(json!({})).await;
        simulator.add_fault(refused);
        terraform.read_data("compshare_zones", &json!({})).await.unwrap_err()
    };
    page.add("Zones without permission", zones).await;
    offers(page).await;
    logins(page).await;
}

async fn offers(page: &mut Page) {
    let read = async |name: &str, config: Json, fault: Option<Fault>| {
        let (simulator, terraform) = cloud(Options::default()).await;
        fault.into_iter().for_each(|fault| simulator.add_fault(fault));
        terraform.read_data(&format!("compshare_{name}"), &config).await.unwrap_err()
    };
    let one = |more| merged(json!({"gpu_type": "4090", "zone": "cn-wlcb-01"}), more);
    let busy =
        |action: &str| Some(Fault::refuse(8090, "service error").on_action(action).forever());
    page.add("Unknown zone", read("capacity", one(json!({"zone": "cn-wlcb-1"})), None)).await;
    let elsewhere = one(json!({"region": "cn-sh2"}));
    page.add("Zone of another region", read("instance_types", elsewhere, None)).await;
    page.add("Unknown region", read("instance_types", json!({"region": "mars"}), None)).await;
    page.add("Unknown GPU model", read("price", one(json!({"gpu_type": "5099"})), None)).await;
    page.add("Illegal size", read("price", one(json!({"cpu": 12})), None)).await;
    let types = json!({"AvailableInstanceTypes": [{"Name": "4090", "Zone": "cn-wlcb-01"}]});
    let types = Fault::respond(types).on_action(DESCRIBE_TYPES);
    page.add("GPU model without sizes", read("price", one(json!({})), Some(types))).await;
    let images = Fault::respond(json!({"ImageSet": []})).on_action(DESCRIBE_IMAGES);
    page.add("No image for a check", read("capacity", one(json!({})), Some(images))).await;
    page.add("Failed check", read("capacity", one(json!({})), busy(CHECK_CAPACITY))).await;
    page.add(
        "Price without spot",
        read(
            "price",
            one(json!({
                "gpu_type": "4090_48G", "charge_type": "Spot",
            })),
            None,
        ),
    )
    .await;
    page.add("Failed list of types", read("instance_types", one(json!({})), busy(DESCRIBE_TYPES)))
        .await;

    // One of two zones fails.
    let (simulator, terraform) = cloud(Options::default()).await;
    simulator.add_fault(Fault::refuse(8090, "service error").on_action(CHECK_CAPACITY));
    let config = json!({"gpu_type": "5090", "region": "cn-wlcb"});
    let read = terraform.read_data_with_warnings("compshare_capacity", &config);
    let warning = only(&read.await.unwrap().1).to_string();
    page.write("Failed check of one zone", &warning.replace("cn-wlcb-03", "cn-wlcb-01"));
}

async fn namesakes() -> Errors {
    let instance = |id| json!({"UHostId": id, "Name": "训练", "State": "Running"});
    let instances = vec![instance("uhost-1"), instance("uhost-2")];
    let options = Options { instances, ..Options::default() };
    let (_simulator, terraform) = cloud(options).await;
    terraform.read_data("compshare_instance", &json!({"name": "训练"})).await.unwrap_err()
}

async fn logins(page: &mut Page) {
    let login = async |instance: Json, config: Json| {
        let (_simulator, terraform) = cloud_with(instance).await;
        terraform.open("compshare_instance_login", &configuration(config)).await
    };
    let wait = json!({"wait_for_running": true, "timeout": "1s"});
    let waits = async { login(json!({}), wait).await.unwrap_err() };
    page.add("Login that waits for a stopped instance", waits).await;
    let garbled = json!({"Password": "not base64!"});
    let (_, warnings) = login(garbled, json!({})).await.unwrap();
    page.write("Password that cannot be decoded", &warnings[0].to_string());
}

async fn stored(page: &mut Page) {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let blank = json!({"instance_id": ""});
    let import = async { terraform.another().import_by(&blank).await.unwrap_err() };
    page.add("Identity without instance", import).await;
    let mut other = terraform.another();
    other.set_state(&stored_state("Running", json!({})));
    other.set_identity("uhost-2", Json::Null);
    let change = async { other.refresh().await.unwrap_err() };
    page.add("State with the identity of another instance", change).await;
    let request = MoveRequest {
        source_provider_address: "terraform.io/builtin/terraform".to_owned(),
        source_type_name: "terraform_data".to_owned(),
        ..Default::default()
    };
    let moved = async { terraform.move_state(request).await.unwrap_err() };
    page.add("Move from another resource", moved).await;
}

async fn others(page: &mut Page) {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    let warning = &terraform.plan_destroy().await.unwrap().warnings[0];
    page.write("Plan of a destroy without `stop_on_destroy`", &warning.to_string());
    let mut renamed = terraform.another();
    renamed.run(configuration(json!({}))).await.unwrap();
    terraform.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    let warning = &terraform.destroy().await.unwrap()[0];
    page.write("Destroy of an instance that another resource requires", &warning.to_string());
    page.add("Malformed import ID", async {
        terraform.another().import("a/b/c").await.unwrap_err()
    })
    .await;
    page.add("State of another version", async { terraform.upgrade(7, b"{}").await.unwrap_err() })
        .await;
    for (how, config) in [
        ("Value that is not allowed", configuration(json!({"state": "running"}))),
        ("Malformed duration", configuration(json!({"timeouts": {"create": "soon"}}))),
        ("No-GPU spec without the mode", configuration(json!({"without_gpu_spec": "A"}))),
    ] {
        page.add(how, async { terraform.validate(&config).await.unwrap_err() }).await;
    }
    let remote = json!({"base_url": "http://example.com"});
    page.add("Plain HTTP base URL", async {
        terraform.validate_provider(remote).await.unwrap_err()
    })
    .await;
    let unknown = async {
        let mut terraform =
            Terraform::with(&simulator.url(), json!({"private_key": UNKNOWN})).await;
        terraform.run(configuration(json!({}))).await.unwrap_err()
    };
    page.add("Unknown provider argument", unknown).await;
    let home = "/nonexistent";
    let nothing = async {
        let terraform = Terraform::in_environment([("HOME", home)]).await;
        terraform.configure(json!({})).await.unwrap();
        terraform.plan(configuration(json!({}))).await.unwrap_err()
    };
    page.add("No keys", nothing).await;
    let half = async {
        let terraform =
            Terraform::in_environment([("HOME", home), ("COMPSHARE_PUBLIC_KEY", "demo")]).await;
        terraform.configure(json!({})).await.unwrap();
        terraform.plan(configuration(json!({}))).await.unwrap_err()
    };
    page.add("Private key missing", half).await;
}
