//! Requests that the client sends.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use terraform_provider_compshare::compshare::{
    Client, Credentials, DescribeInstances, Network, PowerAction, PowerCall, Spec, WithoutGpu,
};
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::SubscriberExt};

use super::*;

/// With the values of the SDK's test vector "start, seed example".
#[tokio::test]
async fn start_is_one_signed_form() {
    let script = Script::start([Step::json(START, STARTED)]).await;
    let credentials =
        Credentials { public_key: "my_public_key".into(), private_key: "my_private_key".into() };
    let client = Client::new(settings(&script.url()), Network::default(), credentials).unwrap();
    let call = PowerCall { instance_id: "uhost-xxxx".to_owned(), ..start() };
    client.call(&call).await.unwrap();

    let report = script.finish();
    let request = &report.requests[0];
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(
        request.body,
        "Action=StartCompShareInstance&PublicKey=my_public_key&Region=cn-wlcb\
         &Signature=38ac7b56f0f06780bf4c23ea765bf02b6c873a67&UHostId=uhost-xxxx&Zone=cn-wlcb-01"
    );
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(request.headers["user-agent"].starts_with("terraform-provider-compshare/"));
    let sent: u64 = request.headers["u-timestamp-ms"].parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    assert!(now - sent < 60_000, "{sent} {now}");
}

#[tokio::test]
async fn no_gpu_start_sends_the_spec_and_optionally_the_flag() {
    for (send_flag, want) in [(true, Some("true")), (false, None)] {
        let without_gpu = Some(WithoutGpu { spec: Spec::B, send_flag });
        let call = PowerCall { action: PowerAction::Start { without_gpu }, ..start() };
        let (outcome, report) = play(&call, [Step::json(START, STARTED)]).await;
        outcome.unwrap();
        let form = &report.requests[0].form;
        assert_eq!(form["WithoutGpuSpec"], "B");
        assert_eq!(form.get("WithoutGpu").map(String::as_str), want);
    }
}

#[tokio::test]
async fn lists_are_flattened_and_values_escaped_after_signing() {
    let call = DescribeInstances {
        ids: ["a", "b"].map(str::to_owned).to_vec(),
        tag: Some("训练 组/a+b=c&d%20?".to_owned()),
        ..DescribeInstances::default()
    };
    let (outcome, report) = play(&call, [Step::json(DESCRIBE, NONE)]).await;
    outcome.unwrap();
    let request = &report.requests[0];
    assert_eq!(
        (request.form["UHostIds.0"].as_str(), request.form["UHostIds.1"].as_str()),
        ("a", "b")
    );
    assert_eq!(request.form["Tag"], "训练 组/a+b=c&d%20?");
    assert_eq!(request.form["Limit"], "100");
    assert!(request.body.contains("Tag=%E8%AE%AD"), "{}", request.body);
}

/// Events logged on this thread, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "\n{}:", event.metadata().level()).unwrap();
        event.record(&mut Line(&mut text));
    }
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

#[tokio::test]
async fn each_attempt_is_logged_without_secrets() {
    let log = Log::default();
    // With a single dispatcher, tracing caches the interest of the first thread that reaches a
    // callsite, which may belong to a test without subscriber. A second dispatcher prevents that.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let refusal = r#"{"RetCode":8357,"Message":"sold out, says canary-public"}"#;
    let busy = Step::http(START, 429, &[], b"canary");
    let (outcome, report) = play(&start(), [busy, Step::json(START, refusal)]).await;
    outcome.unwrap_err();

    let log = log.0.lock().unwrap();
    let ours: Vec<_> = log.lines().filter(|line| line.contains("API call")).collect();
    assert_eq!(ours.len(), 2, "{log}");
    assert!(ours[0].contains("attempt=1") && ours[0].contains("http_status=429"), "{}", ours[0]);
    let facts = [
        "DEBUG",
        "action=\"StartCompShareInstance\"",
        "instance=\"uhost-1\"",
        "attempt=2",
        "duration_ms=",
    ];
    for fact in facts.iter().chain(&["ret_code=8357", "request_id=\"request-1\""]) {
        assert!(ours[1].contains(fact), "{fact} in {}", ours[1]);
    }
    // Events of reqwest and hyper included.
    assert!(!log.contains("canary"), "{log}");
    assert!(!log.contains(&report.requests[1].form["Signature"]), "{log}");
}
