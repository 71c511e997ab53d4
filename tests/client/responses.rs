//! Results that the client derives from responses.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use terraform_provider_compshare::compshare::{BatchingClient, Class, ErrorKind, Pages, State};

use super::*;

#[tokio::test]
async fn ret_code_under_http_200_is_a_refusal() {
    let refusal = Step::json(START, r#"{"RetCode":8357,"Message":"资源不足","Canary":"canary"}"#);
    let (outcome, report) = play(&start(), [refusal]).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.action, error.attempts, report.requests.len()), (START, 1, 1));
    assert_eq!(error.request_id.as_deref(), Some("request-1"));
    assert_eq!((error.ret_code(), error.message()), (Some(8357), Some("资源不足")));
    assert_eq!(error.class(), Some(Class::Capacity));
    assert!(!error.may_have_happened());
}

#[tokio::test]
async fn refusal_does_not_quote_keys() {
    let script = Script::start([Step::json(
        START,
        r#"{"RetCode":172,"Message":"canary-public, canary-private"}"#,
    )])
    .await;
    let error = client(settings(&script.url())).call(&start()).await.unwrap_err();
    assert_no_secret(&error);
    assert_eq!(error.message(), Some("[secret], [secret]"));
    script.finish();
}

/// A describe is attempted three times where a retry may help.
#[tokio::test]
async fn unreadable_response_fails_without_being_quoted() {
    let html: (&[(&str, &str)], _) = (&[("Content-Type", "text/html")], b"<html>canary</html>");
    let table = [(200, 3, true), (400, 1, false), (404, 1, false), (500, 3, true), (503, 3, true)];
    for (status, attempts, may_have_happened) in table {
        let steps = (0..attempts).map(|_| Step::http(DESCRIBE, status, html.0, html.1));
        let (outcome, _) = play(&describe(), steps).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.attempts, attempts, "{status}");
        assert_eq!(error.may_have_happened(), may_have_happened, "{status}");
        assert!(error.to_string().contains(&format!("HTTP status {status}")), "{error}");
    }
}

#[tokio::test]
async fn redirect_is_not_followed() {
    // 307 and 308 would resend the form with its signature, the others request the address alone.
    for status in [301, 302, 303, 307, 308] {
        for action in [DESCRIBE, START] {
            let elsewhere = Script::start([]).await;
            let location = elsewhere.url() + "/canary";
            let step = Step::http(action, status, &[("Location", &location)], b"");
            let error = match action {
                START => play(&start(), [step]).await.0.unwrap_err(),
                _ => play(&describe(), [step]).await.0.unwrap_err(),
            };
            assert_eq!(error.kind, ErrorKind::Http { status });
            assert_eq!(error.attempts, 1);
            assert_eq!(elsewhere.finish().connections, 0, "{status} {action}");
        }
    }
}

#[tokio::test]
async fn compressed_response_is_read() {
    // {"RetCode":0,"TotalCount":0,"UHostSet":[]}
    let body = BASE64_STANDARD
        .decode("H4sIAAAAAAACA6tWCkotcc5PSVWyMtBRCskvScxxzi/NKwFzQz3yi0uCU4Gc6NhaAF39GCgqAAAA")
        .unwrap();
    let (outcome, report) =
        play(&describe(), [Step::http(DESCRIBE, 200, &[("Content-Encoding", "gzip")], &body)])
            .await;
    assert!(outcome.unwrap().instances.is_empty());
    assert_eq!(report.requests[0].headers["accept-encoding"], "gzip");
}

#[tokio::test]
async fn endless_response_is_cut_off() {
    let long = vec![b' '; 17 << 20];
    let (outcome, _) = play(&start(), [Step::http(START, 200, &[], &long)]).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge { limit: 4 << 20 });
    assert!(error.to_string().contains("larger than 4 MiB"), "{error}");
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn incomplete_response_is_not_an_absent_instance() {
    let found = r#"{"RetCode":0,"TotalCount":2,"UHostSet":[
        {"UHostId":"other"},{"UHostId":"uhost-1","State":"Stopped"}]}"#;
    let gone = r#"{"RetCode":8039,"Message":"not exist"}"#;
    let denied = r#"{"RetCode":299,"Message":"no"}"#;
    let incomplete = [
        r#"{"RetCode":0}"#,
        r#"{"RetCode":0,"TotalCount":1,"UHostSet":[]}"#,
        r#"{"RetCode":0,"TotalCount":1,"UHostSet":null}"#,
        r#"{"RetCode":0,"TotalCount":2,"UHostSet":[{"UHostId":"other"}]}"#,
        r#"{"RetCode":0,"TotalCount":1,"UHostSet":[{"Name":"without an ID"}]}"#,
        r#"{"RetCode":0,"TotalCount":1,"UHostSet":["uhost-1"]}"#,
    ];
    let steps = [found, NONE, gone, denied].into_iter().chain(incomplete);
    let steps = steps.map(|json| Step::json(DESCRIBE, json));
    let script = Script::start(steps).await;
    let client = client(Settings { max_retries: 0, ..settings(&script.url()) });
    let client = BatchingClient::new(client);
    let scope = Scope { region: Some("cn-wlcb".to_owned()), ..Scope::default() };
    let describe = || client.describe("uhost-1", &scope, Duration::ZERO);
    let instance = describe().await.unwrap().unwrap();
    assert_eq!((instance.id.as_str(), &instance.state), ("uhost-1", &State::Stopped));
    assert!(describe().await.unwrap().is_none());
    assert!(describe().await.unwrap().is_none());
    assert_eq!(describe().await.unwrap_err().ret_code(), Some(299));
    for response in incomplete {
        let error = describe().await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Incomplete(_)), "{response}: {error}");
    }

    let form = &script.finish().requests[0].form;
    assert_eq!((form["UHostIds.0"].as_str(), form["Limit"].as_str()), ("uhost-1", "100"));
    assert_eq!((form["Region"].as_str(), form.contains_key("Zone")), ("cn-wlcb", false));
}

#[tokio::test]
async fn incomplete_response_is_requested_again() {
    let incomplete = r#"{"RetCode":0,"TotalCount":1,"UHostSet":[]}"#;
    let found = r#"{"RetCode":0,"TotalCount":1,"UHostSet":[{"UHostId":"uhost-1"}]}"#;
    let (outcome, _) =
        play(&describe(), [incomplete, found].map(|j| Step::json(DESCRIBE, j))).await;
    assert_eq!(outcome.unwrap().instances[0].id, "uhost-1");
}

/// A page of a list.
fn page(total: Option<u32>, ids: &[&str]) -> Step {
    let set: Vec<_> = ids.iter().map(|id| json!({"UHostId": id})).collect();
    Step::json(DESCRIBE, &json!({"RetCode": 0, "TotalCount": total, "UHostSet": set}).to_string())
}

/// Lists instances in pages of two. Returns the IDs and the offsets of the requests.
async fn list(steps: impl IntoIterator<Item = Step>) -> (Result<Vec<String>, Error>, Vec<String>) {
    let script = Script::start(steps).await;
    let client = client(Settings { max_retries: 0, ..settings(&script.url()) });
    let describe = DescribeInstances { limit: 2, ..DescribeInstances::default() };
    let listed = Pages::new(client, describe).all().await;
    let ids = listed.map(|instances| instances.into_iter().map(|one| one.id).collect());
    let requests = script.finish().requests;
    (ids, requests.into_iter().map(|mut one| one.form.remove("Offset").unwrap()).collect())
}

#[tokio::test]
async fn list_requests_all_pages_and_none_past_the_last() {
    let past_the_end = Step::json(DESCRIBE, r#"{"RetCode":8401,"Message":"offset"}"#);
    for (steps, ids) in [
        (vec![page(Some(3), &["a", "b"]), page(Some(3), &["c"])], "a b c"),
        (vec![page(None, &["a", "b"]), page(None, &["c"])], "a b c"),
        // An instance was created, or deleted, between the two requests.
        (vec![page(Some(3), &["a", "b"]), page(Some(4), &["b", "c"])], "a b c"),
        (vec![page(Some(4), &["a", "b"]), page(Some(3), &["d"])], "a b d"),
        (vec![page(Some(3), &["a", "b"]), past_the_end], "a b"),
        (vec![page(Some(3), &["a", "b"]), page(Some(2), &[])], "a b"),
    ] {
        let (listed, offsets) = list(steps).await;
        assert_eq!(listed.unwrap().join(" "), ids);
        assert_eq!(offsets, ["0", "2"]);
    }
}

#[tokio::test]
async fn list_with_fewer_instances_than_its_total_fails() {
    let short = [page(Some(4), &["a", "b"]), page(Some(4), &["b", "c"])];
    let ended = [page(Some(3), &["a", "b"]), page(Some(3), &[])];
    for steps in [short, ended] {
        let error = list(steps).await.0.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Incomplete(_)), "{error}");
    }
}
