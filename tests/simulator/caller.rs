//! A minimal client: it signs a form, sends it, and parses the JSON response.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use terraform_provider_compshare::simulator::{
    Clock, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator,
};

pub(super) use crate::support::actions::{
    CREATE, DESCRIBE, DESCRIBE_COMMUNITY_IMAGES, DESCRIBE_CUSTOM_IMAGES, DESCRIBE_DISKS,
    DESCRIBE_IMAGES, REBOOT, RENAME, RESIZE, RESIZE_DISK, START, STOP, TERMINATE,
};

pub(super) const START_TIME: Duration = Duration::from_secs(30);
pub(super) const STOP_TIME: Duration = Duration::from_secs(20);

pub(super) type Parameters<'a> = &'a [(&'a str, &'a str)];

/// Parameters of a refused call, and its RetCode and message.
pub(super) type RefusedCase<'a> = (Parameters<'a>, i64, &'a str);

/// A simulator with a stepped clock, and a client of it.
pub(super) struct Cloud {
    pub(super) simulator: Simulator,
    http: reqwest::Client,
}

impl Cloud {
    /// Starts a simulator with one stopped instance, `uhost-1`.
    pub(super) async fn new() -> Self {
        Self::with([json!({"UHostId": "uhost-1"})]).await
    }

    pub(super) async fn with(instances: impl IntoIterator<Item = Value>) -> Self {
        Self::of(Options { instances: instances.into_iter().collect(), ..stepped() }).await
    }

    pub(super) async fn of(options: Options) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { simulator, http }
    }

    /// Sends `form` without a signature.
    pub(super) async fn send(&self, form: &[(&str, &str)]) -> reqwest::Result<reqwest::Response> {
        self.http.post(self.simulator.url()).form(form).send().await
    }

    /// Signs `action` with `parameters` and sends it.
    pub(super) async fn sign_and_send(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> reqwest::Result<reqwest::Response> {
        let mut form = BTreeMap::from([("Action", action), ("PublicKey", DEMO_PUBLIC_KEY)]);
        form.extend(parameters.iter().copied());
        let text: String = form.iter().flat_map(|(name, value)| [*name, *value]).collect();
        let digest = Sha1::digest(text + DEMO_PRIVATE_KEY);
        let signature: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        form.insert("Signature", &signature);
        self.send(&Vec::from_iter(form)).await
    }

    /// Returns the JSON response, which must have HTTP status 200 and a request ID.
    pub(super) async fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Value {
        let response = self.sign_and_send(action, parameters).await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains_key("X-UCLOUD-REQUEST-UUID"));
        let json: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(json["Action"], format!("{action}Response"));
        json
    }

    /// Starts, stops or reboots an instance in the default location. Returns the RetCode.
    pub(super) async fn operate(&self, action: &str, id: &str) -> i64 {
        ret_code(&self.call(action, &location(id)).await)
    }

    /// Returns the state that a describe reports; `None` if the instance does not exist.
    pub(super) async fn state(&self, id: &str) -> Option<String> {
        let response = self.call(DESCRIBE, &[("UHostIds.0", id)]).await;
        let instance = response["UHostSet"].get(0)?;
        Some(instance["State"].as_str().unwrap().to_owned())
    }

    pub(super) async fn described(&self, id: &str) -> Value {
        let response = self.call(DESCRIBE, &[("UHostIds.0", id)]).await;
        response["UHostSet"][0].clone()
    }

    pub(super) async fn control(
        &self,
        method: reqwest::Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> (u16, String) {
        let url = format!("{}/simulator/{path}", self.simulator.url());
        let response = self.http.request(method, url).body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.simulator.advance(Duration::from_secs(seconds));
    }
}

/// Options with a stepped clock, and the durations of the constants above.
pub(super) fn stepped() -> Options {
    Options {
        start_time: START_TIME,
        stop_time: STOP_TIME,
        clock: Clock::Stepped,
        ..Options::default()
    }
}

/// Parameters of a start, stop or reboot of an instance in the default location.
pub(super) fn location(id: &str) -> [(&str, &str); 3] {
    [("Region", "cn-wlcb"), ("Zone", "cn-wlcb-01"), ("UHostId", id)]
}

#[track_caller]
pub(super) fn ret_code(response: &Value) -> i64 {
    response["RetCode"].as_i64().unwrap()
}

#[track_caller]
pub(super) fn check_refused(response: &Value, ret_code: i64, message: &str) {
    assert_eq!(
        (response["RetCode"].as_i64(), response["Message"].as_str()),
        (Some(ret_code), Some(message))
    );
}
