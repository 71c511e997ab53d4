//! The API client against a script: what it sends, what it makes of the answers, and above all what it repeats.
//!
//! Real sockets on real time, so pauses between attempts are real as well: few retries, short ones.

mod answers;
mod compressed;
mod gather;
mod limits;
mod repeats;
mod requests;
mod tls;

use std::time::Duration;

use terraform_provider_compshare::compshare::{
    Call, Client, Credentials, DescribeInstances, Error, Scope, Settings, StartInstance,
};

use crate::support::script::{Report, Script, Step};

const START: &str = "StartCompShareInstance";
const DESCRIBE: &str = "DescribeCompShareInstance";
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
    Client::new(settings, Credentials::new("canary-public".into(), "canary-private".into()))
        .unwrap()
}

fn start() -> StartInstance {
    let scope = Scope {
        region: Some("cn-wlcb".to_owned()),
        zone: Some("cn-wlcb-01".to_owned()),
        ..Scope::default()
    };
    StartInstance { instance_id: "uhost-1".to_owned(), scope, without_gpu: None }
}

fn describe() -> DescribeInstances {
    DescribeInstances { ids: vec!["uhost-1".to_owned()], ..DescribeInstances::default() }
}

/// Makes `call` once against a cloud that follows `steps`.
async fn play<C: Call>(
    call: &C,
    steps: impl IntoIterator<Item = Step>,
) -> (Result<C::Reply, Error>, Report) {
    play_with(call, steps, |_| {}).await
}

/// The same with other settings.
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

/// The texts of `error` hold neither key nor signature, nor the `canary` that scripts plant in answers.
#[track_caller]
fn assert_no_secret(error: &Error) {
    let texts = format!("{error} {error:?}");
    for word in ["canary", "Signature", "PublicKey", "UHostId"] {
        assert!(!texts.contains(word), "{texts}");
    }
}
