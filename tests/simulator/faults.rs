//! Effects of each fault, and the calls it applies to.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Garbage};
use tokio::time::Instant;

use super::caller::{Cloud, DESCRIBE, REBOOT, START, STOP, check_refused, location, ret_code};

/// Sends a start whose response is lost by `effect`. Returns the state and the RetCode.
async fn start_without_response(effect: Effect) -> (Option<String>, Option<i64>) {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(effect));
    assert!(cloud.sign_and_send(START, &location("uhost-1")).await.is_err());
    let ret_code = cloud.simulator.calls()[0].ret_code;
    (cloud.state("uhost-1").await, ret_code)
}

#[tokio::test]
async fn refusal_applies_to_action_and_instance() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1"}), json!({"UHostId": "uhost-2"})]).await;
    let fault = Fault::refuse(8438, "upstream timed out").on_action(START).on_instance("uhost-1");
    cloud.simulator.add_fault(fault.times(2));
    assert_eq!(cloud.operate(START, "uhost-2").await, 0);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    for _ in 0..2 {
        check_refused(&cloud.call(START, &location("uhost-1")).await, 8438, "upstream timed out");
    }
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
}

#[tokio::test]
async fn faults_of_one_kind_apply_in_order() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::refuse(1, "first"));
    cloud.simulator.add_fault(Fault::refuse(2, "second").forever());
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(cloud.operate(START, "uhost-1").await);
    }
    assert_eq!(seen, [1, 2, 2]);
    cloud.simulator.clear_faults();
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
}

#[tokio::test]
async fn call_with_wrong_key_uses_no_fault() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::refuse(1, "first"));
    cloud.send(&[("Action", DESCRIBE)]).await.unwrap();
    assert_eq!(cloud.operate(START, "uhost-1").await, 1);
}

#[tokio::test]
async fn response_is_lost_before_or_after_processing() {
    let starting = Some("Starting".to_owned());
    let stopped = Some("Stopped".to_owned());
    assert_eq!(start_without_response(Effect::LoseResponse).await, (starting, Some(0)));
    assert_eq!(start_without_response(Effect::DropConnection).await, (stopped, None));
}

#[tokio::test]
async fn delayed_response_arrives_late() {
    let cloud = Cloud::new().await;
    let by = Duration::from_millis(300);
    cloud.simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(START));
    let begun = Instant::now();
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    assert!(begun.elapsed() >= by);
}

#[tokio::test]
async fn delayed_request_takes_effect_immediately() {
    let cloud = Cloud::new().await;
    cloud
        .simulator
        .add_fault(Fault::new(Effect::Delay { by: Duration::from_secs(60) }).on_action(START));
    let parameters = location("uhost-1");
    let received = async {
        while cloud.simulator.count(START) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = cloud.sign_and_send(START, &parameters) => panic!("the response arrived"),
        () = received => {}
    }
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
}

#[tokio::test]
async fn gateway_responds_before_or_after_processing() {
    for (processed, state) in [(false, "Stopped"), (true, "Starting")] {
        let cloud = Cloud::new().await;
        let effect =
            Effect::Http { status: 502, body: "<h1>Bad Gateway</h1>".to_owned(), processed };
        cloud.simulator.add_fault(Fault::new(effect));
        let response = cloud.sign_and_send(START, &location("uhost-1")).await.unwrap();
        assert_eq!(response.status(), 502);
        assert_eq!(response.text().await.unwrap(), "<h1>Bad Gateway</h1>");
        assert_eq!(cloud.state("uhost-1").await.unwrap(), state);
    }
}

#[tokio::test]
async fn malformed_response_is_unreadable() {
    for garbage in [Garbage::Truncated, Garbage::Html, Garbage::WrongTypes] {
        let cloud = Cloud::new().await;
        cloud.simulator.add_fault(Fault::new(Effect::Malformed(garbage)));
        let response = cloud.sign_and_send(START, &location("uhost-1")).await.unwrap();
        assert_eq!(response.status(), 200);
        let json: Option<Value> = serde_json::from_str(&response.text().await.unwrap()).ok();
        let ret_code = json.map(|json| json["RetCode"].clone());
        let expected = if garbage == Garbage::WrongTypes { Some(json!("zero")) } else { None };
        assert_eq!(ret_code, expected, "{garbage:?}");
        assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
    }
}

#[tokio::test]
async fn stale_reads_report_previous_state() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(Effect::StaleReads { lag: Duration::from_secs(10) }));
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    cloud.advance(9);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(cloud.simulator.instance("uhost-1").unwrap()["State"], "Starting");
    assert_eq!(cloud.operate(START, "uhost-1").await, 8903);
    cloud.advance(1);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
}

#[tokio::test]
async fn accepted_start_fails_as_configured() {
    let cases = [
        (Effect::FallBackToStopped, Some("Stopped")),
        (Effect::RollBack, Some("Stopped")),
        (Effect::InstallFail, Some("Install Fail")),
        (Effect::StuckInStarting, Some("Starting")),
        (Effect::Vanish, None),
    ];
    for (effect, end) in cases {
        let cloud = Cloud::new().await;
        cloud.simulator.add_fault(Fault::new(effect.clone()));
        assert_eq!(cloud.operate(START, "uhost-1").await, 0);
        assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting", "{effect:?}");
        cloud.advance(30);
        assert_eq!(cloud.state("uhost-1").await.as_deref(), end, "{effect:?}");
    }
}

#[tokio::test]
async fn huge_response_has_five_mebibytes() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(Effect::Malformed(Garbage::Huge)));
    let response = cloud.sign_and_send(START, &location("uhost-1")).await.unwrap();
    let body = response.bytes().await.unwrap();
    assert!(body.len() > 5 << 20, "{}", body.len());
    let json: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((ret_code(&json), &json["UHostId"]), (0, &json!("uhost-1")));
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
}

#[tokio::test]
async fn dripped_response_arrives_byte_by_byte() {
    let cloud = Cloud::new().await;
    let every = Duration::from_millis(5);
    cloud.simulator.add_fault(Fault::new(Effect::Drip { every }));
    let begun = Instant::now();
    let mut response = cloud.sign_and_send(START, &location("uhost-1")).await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.len() < 10 && first.starts_with(b"{"), "{first:?}");
    let rest = response.bytes().await.unwrap();
    let json: Value = serde_json::from_slice(&[first, rest].concat()).unwrap();
    assert_eq!(ret_code(&json), 0);
    assert!(begun.elapsed() >= every * 20, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn outcome_fault_applies_to_accepted_start_only() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1", "State": "Running"})]).await;
    cloud.simulator.add_fault(Fault::new(Effect::Vanish));
    assert_eq!(cloud.operate(START, "uhost-1").await, 8010);
    assert_eq!(cloud.operate(REBOOT, "uhost-1").await, 0);
    cloud.advance(30);
    assert_eq!(cloud.operate(STOP, "uhost-1").await, 0);
    cloud.advance(20);
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    cloud.advance(30);
    assert_eq!(cloud.state("uhost-1").await, None);
}

#[tokio::test]
async fn sold_out_applies_to_some_calls_or_some_time() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(Effect::SoldOut));
    assert_eq!(cloud.operate(START, "uhost-1").await, 8357);
    cloud.simulator.add_fault(Fault::new(Effect::SoldOut).lasting(Duration::from_secs(60)));
    for _ in 0..3 {
        assert_eq!(cloud.operate(START, "uhost-1").await, 8357);
        cloud.advance(20);
    }
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
}

#[tokio::test]
async fn no_gpu_start_needs_no_capacity() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(Effect::SoldOut).forever());
    let mut parameters = location("uhost-1").to_vec();
    parameters.push(("WithoutGpu", "true"));
    assert_eq!(ret_code(&cloud.call(START, &parameters).await), 0);
}

#[tokio::test]
async fn no_gpu_start_allocates_gpu_by_fault() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(Effect::GpuAllocated));
    let mut parameters = location("uhost-1").to_vec();
    parameters.push(("WithoutGpu", "true"));
    assert_eq!(ret_code(&cloud.call(START, &parameters).await), 0);
    cloud.advance(30);
    assert_eq!(cloud.described("uhost-1").await["GPU"], 1);
}

#[tokio::test]
async fn describe_reports_any_state_by_fault() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1"}), json!({"UHostId": "uhost-2"})]).await;
    cloud.simulator.add_fault(Fault::report_state("").on_instance("uhost-1").times(2));
    let word = Fault::report_state("Reinstalling").on_instance("uhost-1");
    cloud.simulator.add_fault(word.lasting(Duration::from_secs(5)));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(cloud.state("uhost-1").await.unwrap());
    }
    assert_eq!(seen, ["", "", "Reinstalling", "Reinstalling"]);
    assert_eq!(cloud.state("uhost-2").await.unwrap(), "Stopped");
    cloud.advance(5);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
}

#[tokio::test]
async fn describe_reports_any_fields_by_fault() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::report(json!({"GPU": 0, "Zone": null})));
    let reported = cloud.described("uhost-1").await;
    assert_eq!((&reported["GPU"], reported.get("Zone")), (&json!(0), None));
    let reported = cloud.described("uhost-1").await;
    assert_eq!((&reported["GPU"], &reported["Zone"]), (&json!(1), &json!("cn-wlcb-01")));
}

#[tokio::test]
async fn response_has_any_fields_by_fault() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::respond(json!({"Total": 0, "UHostSet": null})));
    let expected = json!({
        "Action": "DescribeCompShareInstanceResponse", "RetCode": 0, "Total": 0, "UHostSet": null,
    });
    assert_eq!(cloud.call(DESCRIBE, &[]).await, expected);
}

#[tokio::test]
async fn faults_of_different_kinds_combine() {
    let cloud = Cloud::new().await;
    let by = Duration::from_millis(200);
    cloud.simulator.add_fault(Fault::new(Effect::Delay { by }));
    cloud.simulator.add_fault(Fault::new(Effect::LoseResponse));
    cloud.simulator.add_fault(Fault::new(Effect::InstallFail));
    let begun = Instant::now();
    assert!(cloud.sign_and_send(START, &location("uhost-1")).await.is_err());
    assert!(begun.elapsed() >= by);
    cloud.advance(30);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Install Fail");
}
