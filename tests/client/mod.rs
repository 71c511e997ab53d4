//! Client of the API against scripted responses: requests sent, responses read, and retries above
//! all.
//!
//! The tests use real sockets and real time, so they are configured with few and short retries.

mod batching;
mod compressed;
mod connections;
mod http2;
mod limits;
mod requests;
mod responses;
mod retries;
mod tls;

use std::time::Duration;

use terraform_provider_compshare::compshare::{
    Call, Client, Credentials, DescribeInstances, Error, Network, PowerAction, PowerCall, Scope,
    Settings,
};

use crate::support::{
    actions::{DESCRIBE, START},
    script::{Report, Script, Step},
};

const STARTED: &str =
    r#"{"Action":"StartCompShareInstanceResponse","RetCode":0,"UHostId":"uhost-1"}"#;
const NONE: &str =
    r#"{"Action":"DescribeCompShareInstanceResponse","RetCode":0,"TotalCount":0,"UHostSet":[]}"#;

fn settings(url: &str) -> Settings {
    Settings {
        base_url: url.parse().unwrap(),
        max_retries: 2,
        request_timeout: Duration::from_secs(10),
        ..Settings::default()
    }
}

fn client(settings: Settings) -> Client {
    client_through(Network::default(), settings)
}

fn client_through(network: Network, settings: Settings) -> Client {
    let credentials =
        Credentials { public_key: "canary-public".into(), private_key: "canary-private".into() };
    Client::new(settings, network, credentials).unwrap()
}

fn start() -> PowerCall {
    let scope = Scope {
        region: Some("cn-wlcb".to_owned()),
        zone: Some("cn-wlcb-01".to_owned()),
        ..Scope::default()
    };
    let action = PowerAction::Start { without_gpu: None };
    PowerCall { instance_id: "uhost-1".to_owned(), scope, action }
}

fn describe() -> DescribeInstances {
    DescribeInstances { ids: vec!["uhost-1".to_owned()], ..DescribeInstances::default() }
}

/// Makes one call to a server that follows `steps`.
async fn play<C: Call>(
    call: &C,
    steps: impl IntoIterator<Item = Step>,
) -> (Result<C::Reply, Error>, Report) {
    play_with(call, steps, |_| {}).await
}

/// As [`play`], with adjusted settings.
async fn play_with<C: Call>(
    call: &C,
    steps: impl IntoIterator<Item = Step>,
    adjust: impl FnOnce(&mut Settings),
) -> (Result<C::Reply, Error>, Report) {
    let script = Script::start(steps).await;
    let mut settings = settings(&script.url());
    adjust(&mut settings);
    let outcome = client(settings).call(call).await;
    if let Err(error) = &outcome {
        assert_no_secret(error);
    }
    (outcome, script.finish())
}

/// Asserts that the texts of `error` contain no key, no signature, and no `canary` from a response.
#[track_caller]
fn assert_no_secret(error: &Error) {
    let texts = format!("{error} {error:?}");
    for word in ["canary", "Signature", "PublicKey", "UHostId"] {
        assert!(!texts.contains(word), "{texts}");
    }
}
