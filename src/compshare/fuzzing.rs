//! What of this module takes in what others wrote, for [`crate::fuzzing`].

use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;

use super::{
    Accepted, Instance, Instances, Projects, Zones,
    answer::judge,
    error::ErrorKind,
    limit::Limit,
    transport::{self, Answer},
};

const SECRETS: [&str; 3] = ["canary-public", "canary-private", ""];

/// An answer as each call takes it, down to what is made of an instance.
pub(crate) fn read_answer(status: u16, request_id: &[u8], retry_after: &[u8], body: &[u8]) {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [(transport::REQUEST_ID, request_id), (transport::RETRY_AFTER, retry_after)]
    {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let answer = Answer {
        status,
        request_id: transport::text(&headers, transport::REQUEST_ID),
        retry_after: transport::seconds(&headers),
        body: Ok(Zeroizing::new(body.to_vec())),
    };
    Limit::new(4).throttled(answer.retry_after);
    judged::<Accepted>(&answer);
    judged::<Zones>(&answer);
    judged::<Projects>(&answer);
    for instance in judged::<Instances>(&answer).into_iter().flat_map(|page| page.instances) {
        use_up(&instance);
    }
}

fn judged<R: DeserializeOwned>(answer: &Answer) -> Option<R> {
    match judge::<R>(answer, &SECRETS) {
        Ok(reply) => Some(reply),
        Err(kind) => {
            let told = format!("{kind} {kind:?}");
            assert!(!told.contains(SECRETS[0]) && !told.contains(SECRETS[1]), "{told}");
            assert!(!matches!(kind, ErrorKind::Unsent { .. } | ErrorKind::MaybeSent(_)), "{told}");
            None
        }
    }
}

fn use_up(instance: &Instance) {
    let _ = (
        instance.login(),
        instance.decoded_password(),
        instance.allocated_gpus(),
        instance.state_word(),
    );
    let _ = format!("{instance:?}");
}

/// A text where a command or a password is expected.
pub(crate) fn read_login(text: &str) {
    let fields =
        serde_json::json!({"UHostId": "uhost-1", "SshLoginCommand": text, "Password": text});
    let instance: Instance =
        serde_json::from_value(fields).expect("no field is refused for its value");
    use_up(&instance);
}
