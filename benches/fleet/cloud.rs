//! The simulator, a proxy in front of it that throttles requests, and counts of the requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use terraform_provider_compshare::simulator::{Options, Simulator};
use tokio::runtime::Runtime;
use url::form_urlencoded;

use crate::fleet::Fleet;

pub(crate) const DESCRIBE: &str = "DescribeCompShareInstance";
pub(crate) const START: &str = "StartCompShareInstance";
pub(crate) const STOP: &str = "StopCompShareInstance";

/// RetCode of throttled requests.
const THROTTLED: i64 = 8441;
/// Default of `poll_interval`.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(3);

/// A simulated cloud with the instances of a fleet.
pub(crate) struct Cloud {
    simulator: Simulator,
    url: String,
    proxy: Option<Arc<Proxy>>,
    /// Runs the proxy.
    _runtime: Runtime,
}

impl Cloud {
    /// Starts a cloud with all instances in `state`.
    pub(crate) fn new(fleet: &Fleet, state: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let instances =
            (0..fleet.instances).map(|number| json!({"UHostId": id(number), "State": state}));
        let options = Options {
            instances: instances.collect(),
            latency: fleet.latency,
            start_time: fleet.start_time,
            stop_time: fleet.stop_time,
            ..Options::default()
        };
        let simulator = runtime.block_on(Simulator::start(options)).unwrap();
        let url = simulator.url();
        if fleet.throttle == 0 {
            return Self { simulator, url, proxy: None, _runtime: runtime };
        }
        let proxy = Arc::new(Proxy {
            cloud: url,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            latency: fleet.latency,
            percent: fleet.throttle,
            random: Mutex::new(fastrand::Rng::with_seed(8441)),
            throttled: Mutex::default(),
        });
        let url = runtime.block_on(serve(Arc::clone(&proxy)));
        Self { simulator, url, proxy: Some(proxy), _runtime: runtime }
    }

    /// Base URL for clients.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops every tenth instance without a call.
    pub(crate) fn stop_every_tenth(&self, fleet: &Fleet) {
        for number in (0..fleet.instances).step_by(10) {
            self.simulator.patch(&id(number), json!({"State": "Stopped"}));
        }
    }

    /// Number of instances in other states than `state`.
    pub(crate) fn count_not_in(&self, fleet: &Fleet, state: &str) -> usize {
        let is_other = |number: &usize| {
            self.simulator.instance(&id(*number)).is_none_or(|view| view["State"] != state)
        };
        (0..fleet.instances).filter(is_other).count()
    }

    /// Counts the requests since the previous call.
    pub(crate) fn take_tally(&self) -> Tally {
        let calls = self.simulator.calls();
        self.simulator.clear_calls();
        let mut tally = Tally::default();
        let mut starts = BTreeMap::<&str, usize>::new();
        let mut polls = Vec::new();
        for call in &calls {
            *tally.requests.entry((call.action.clone(), call.ret_code)).or_default() += 1;
            let polls_starts = |starts: &BTreeMap<&str, usize>| {
                call.instances.iter().all(|id| starts.contains_key(id.as_str()))
            };
            match (&call.instance, call.action.as_str()) {
                (Some(instance), START) => *starts.entry(instance).or_default() += 1,
                (_, DESCRIBE) if polls_starts(&starts) => polls.push(call.at),
                _ => {}
            }
        }
        let repeated = starts.into_iter().filter(|(_, times)| *times > 1);
        tally.started_twice = repeated.map(|(id, _)| id.to_owned()).collect();
        let interval = jiff::SignedDuration::try_from(POLL_INTERVAL).unwrap();
        tally.busiest_interval = (0..polls.len())
            .map(|first| {
                polls[first..].iter().take_while(|at| **at < polls[first] + interval).count()
            })
            .max()
            .unwrap_or(0);
        if let Some(proxy) = &self.proxy {
            for (action, count) in std::mem::take(&mut *proxy.throttled.lock().unwrap()) {
                tally.requests.insert((action, Some(THROTTLED)), count);
            }
        }
        tally
    }
}

fn id(number: usize) -> String {
    format!("uhost-{number:06}")
}

/// Requests of a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Counts by action and RetCode.
    pub(crate) requests: BTreeMap<(String, Option<i64>), usize>,
    /// Instances that received more than one start.
    pub(crate) started_twice: BTreeSet<String>,
    /// Maximum number of describes within a poll interval that polled started instances only.
    pub(crate) busiest_interval: usize,
}

impl Tally {
    /// Number of requests of `action`.
    pub(crate) fn of(&self, action: &str) -> usize {
        self.requests.iter().filter(|((name, _), _)| name == action).map(|(_, count)| count).sum()
    }

    /// Number of accepted requests of `action`.
    pub(crate) fn accepted(&self, action: &str) -> usize {
        self.requests.get(&(action.to_owned(), Some(0))).copied().unwrap_or(0)
    }

    /// Refused requests by action and RetCode, as text.
    pub(crate) fn refused(&self) -> Vec<String> {
        let refused = self.requests.iter().filter(|((_, ret_code), _)| *ret_code != Some(0));
        refused
            .map(|((action, ret_code), count)| match ret_code {
                Some(ret_code) => format!("{count} {action} with {ret_code}"),
                None => format!("{count} {action} without a response"),
            })
            .collect()
    }
}

/// Throttles a part of the requests, at random with a fixed seed, and forwards the others.
struct Proxy {
    cloud: String,
    client: reqwest::Client,
    /// Latency of throttled requests, as of others.
    latency: Duration,
    percent: u8,
    random: Mutex<fastrand::Rng>,
    /// Throttled requests by action.
    throttled: Mutex<BTreeMap<String, usize>>,
}

/// Starts the proxy on the current runtime; returns its URL.
async fn serve(proxy: Arc<Proxy>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(forward).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn forward(State(proxy): State<Arc<Proxy>>, form: Bytes) -> Response {
    let content_type = "application/json";
    if proxy.random.lock().unwrap().u8(0..100) < proxy.percent {
        let action = form_urlencoded::parse(&form).find(|(name, _)| name == "Action");
        let action = action.map(|(_, action)| action.into_owned()).unwrap_or_default();
        let body = json!({
            "Action": format!("{action}Response"),
            "RetCode": THROTTLED,
            "Message": "Too many requests",
        });
        *proxy.throttled.lock().unwrap().entry(action).or_default() += 1;
        tokio::time::sleep(proxy.latency).await;
        return ([(header::CONTENT_TYPE, content_type)], body.to_string()).into_response();
    }
    let request = proxy
        .client
        .post(&proxy.cloud)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let body = match request.send().await {
        Ok(response) => response.bytes().await,
        Err(error) => Err(error),
    };
    match body {
        Ok(body) => ([(header::CONTENT_TYPE, content_type)], body).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
