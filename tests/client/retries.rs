//! Retries: a describe is resent after any failure that may pass, a start only if it was certainly
//! not carried out.

use terraform_provider_compshare::compshare::{ErrorKind, Lost, Stage};
use tokio::time::Instant;

use super::*;
use crate::support::closed_port::ClosedPort;

#[tokio::test]
async fn describe_is_resent_after_a_lost_response() {
    let losses = [Step::close_at_once(), Step::reset(DESCRIBE), Step::half_a_body(DESCRIBE, NONE)];
    for loss in losses {
        let (outcome, _) = play(&describe(), [loss.clone(), Step::json(DESCRIBE, NONE)]).await;
        assert!(outcome.is_ok(), "{loss:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn start_is_not_resent_after_a_lost_response() {
    let losses = [Step::close_at_once(), Step::reset(START), Step::half_a_body(START, STARTED)];
    for loss in losses {
        let (outcome, _) = play(&start(), [loss.clone()]).await;
        let error = outcome.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::MaybeSent(Lost::Interrupted(_))),
            "{loss:?}: {error:?}"
        );
        assert!(error.may_have_happened());
        assert_eq!(error.attempts, 1);
    }
}

/// The HTTP library must not resend it either.
#[tokio::test]
async fn start_is_not_resent_after_its_connection_breaks() {
    let script = Script::start([Step::json(DESCRIBE, NONE), Step::reset(START)]).await;
    let client = client(settings(&script.url()));
    client.call(&describe()).await.unwrap();
    let error = client.call(&start()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::MaybeSent(Lost::Interrupted(_))), "{error:?}");
    assert_eq!(script.finish().connections, 2);
}

#[tokio::test]
async fn timed_out_describe_is_resent_and_start_is_not() {
    let hurried = |settings: &mut Settings| settings.request_timeout = Duration::from_millis(300);
    let (outcome, _) =
        play_with(&describe(), [Step::silence(DESCRIBE), Step::json(DESCRIBE, NONE)], hurried)
            .await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let (outcome, _) = play_with(&start(), [Step::silence(START)], hurried).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MaybeSent(Lost::TimedOut));
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn describe_and_start_are_resent_after_a_refused_connection() {
    let nowhere = ClosedPort::new();
    let client = client(settings(&nowhere.url()));
    for error in
        [client.call(&start()).await.unwrap_err(), client.call(&describe()).await.unwrap_err()]
    {
        assert!(matches!(error.kind, ErrorKind::Unsent { at: Stage::Connection, .. }), "{error:?}");
        assert!(error.to_string().contains("refused"), "{error}");
        assert!(!error.may_have_happened());
        assert_eq!(error.attempts, 3);
        assert_no_secret(&error);
    }
}

#[tokio::test]
async fn unresolved_host_name_counts_as_unsent() {
    // RFC 6761: never resolves.
    let client = client(Settings { max_retries: 0, ..settings("https://nowhere.invalid") });
    let error = client.call(&start()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsent { at: Stage::Connection, .. }), "{error:?}");
}

#[tokio::test]
async fn throttled_requests_are_resent_after_retry_after() {
    let busy = |action| Step::http(action, 429, &[("Retry-After", "1")], b"canary");
    let began = Instant::now();
    let (outcome, _) = play(&start(), [busy(START), Step::json(START, STARTED)]).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(began.elapsed() >= Duration::from_secs(1));

    let busy = |action| Step::json(action, r#"{"RetCode":226619,"Message":"too many requests"}"#);
    let (outcome, _) = play(&start(), [busy(START), Step::json(START, STARTED)]).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let (outcome, _) = play(&describe(), [busy(DESCRIBE), Step::json(DESCRIBE, NONE)]).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn describe_is_resent_after_a_service_failure_start_is_not() {
    let failures = [
        (200, r#"{"RetCode":8433,"Message":"upstream"}"#),
        (200, r#"{"RetCode":8438}"#),
        (503, ""),
        (200, "{}"),
    ];
    for (status, body) in failures {
        let failure = |action| Step::http(action, status, &[], body.as_bytes());
        let (outcome, _) = play(&describe(), [failure(DESCRIBE), Step::json(DESCRIBE, NONE)]).await;
        assert!(outcome.is_ok(), "{body}: {outcome:?}");
        let (outcome, _) = play(&start(), [failure(START)]).await;
        let error = outcome.unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert_eq!(error.attempts, 1);
    }
}

#[tokio::test]
async fn retries_end_at_max_retries() {
    for max_retries in [0, 1, 3] {
        let steps = (0..=max_retries)
            .map(|_| Step::json(DESCRIBE, r#"{"RetCode":150,"Message":"unavailable"}"#));
        let (outcome, report) =
            play_with(&describe(), steps, |settings| settings.max_retries = max_retries).await;
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.attempts, report.requests.len()),
            (max_retries + 1, max_retries as usize + 1)
        );
    }
}

#[tokio::test]
async fn final_refusal_is_not_resent() {
    for code in [171, 230, 299, 520, 8357, 8903, 99_999] {
        let refusal = format!(r#"{{"RetCode":{code},"Message":"no"}}"#);
        let (outcome, _) = play(&describe(), [Step::json(DESCRIBE, &refusal)]).await;
        assert_eq!(outcome.unwrap_err().attempts, 1, "{code}");
    }
}
