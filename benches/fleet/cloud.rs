//! The cloud that is asked: the simulator, a gate in front of it that throttles, and the tally of what was asked.

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

use crate::life::Fleet;

pub(crate) const DESCRIBE: &str = "DescribeCompShareInstance";
pub(crate) const START: &str = "StartCompShareInstance";
pub(crate) const STOP: &str = "StopCompShareInstance";

/// "Too many requests", which the cloud says before it does anything.
const THROTTLED: i64 = 8441;
/// The first interval between two looks of a wait: the provider's default.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(3);

/// A simulated cloud with a fleet in it.
pub(crate) struct Cloud {
    simulator: Simulator,
    url: String,
    gate: Option<Arc<Gate>>,
    /// The gate ends with it.
    _runtime: Runtime,
}

impl Cloud {
    /// With all instances in `state`.
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
            return Self { simulator, url, gate: None, _runtime: runtime };
        }
        let gate = Arc::new(Gate {
            cloud: url,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            latency: fleet.latency,
            percent: fleet.throttle,
            dice: Mutex::new(fastrand::Rng::with_seed(8441)),
            turned_away: Mutex::default(),
        });
        let url = runtime.block_on(open(Arc::clone(&gate)));
        Self { simulator, url, gate: Some(gate), _runtime: runtime }
    }

    /// Where clients find it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops every tenth instance behind the API's back.
    pub(crate) fn drift(&self, fleet: &Fleet) {
        for number in (0..fleet.instances).step_by(10) {
            self.simulator.patch(&id(number), json!({"State": "Stopped"}));
        }
    }

    /// How many instances are not in `state`.
    pub(crate) fn others_than(&self, fleet: &Fleet, state: &str) -> usize {
        let is_other = |number: &usize| {
            self.simulator.instance(&id(*number)).is_none_or(|view| view["State"] != state)
        };
        (0..fleet.instances).filter(is_other).count()
    }

    /// What was asked since the last time.
    pub(crate) fn take_tally(&self) -> Tally {
        let calls = self.simulator.calls();
        self.simulator.clear_calls();
        let mut tally = Tally::default();
        let mut begun = BTreeMap::<&str, usize>::new();
        let mut polls = Vec::new();
        for call in &calls {
            *tally.requests.entry((call.action.clone(), call.ret_code)).or_default() += 1;
            let looks_after = |begun: &BTreeMap<&str, usize>| {
                call.instances.iter().all(|id| begun.contains_key(id.as_str()))
            };
            match (&call.instance, call.action.as_str()) {
                (Some(instance), START) => *begun.entry(instance).or_default() += 1,
                (_, DESCRIBE) if looks_after(&begun) => polls.push(call.at),
                _ => {}
            }
        }
        let more_than_once = begun.into_iter().filter(|(_, times)| *times > 1);
        tally.started_twice = more_than_once.map(|(id, _)| id.to_owned()).collect();
        let interval = jiff::SignedDuration::try_from(POLL_INTERVAL).unwrap();
        tally.busiest_interval = (0..polls.len())
            .map(|first| {
                polls[first..].iter().take_while(|at| **at < polls[first] + interval).count()
            })
            .max()
            .unwrap_or(0);
        if let Some(gate) = &self.gate {
            for (action, count) in std::mem::take(&mut *gate.turned_away.lock().unwrap()) {
                tally.requests.insert((action, Some(THROTTLED)), count);
            }
        }
        tally
    }
}

/// What an instance is called.
fn id(number: usize) -> String {
    format!("uhost-{number:06}")
}

/// What was asked of the cloud in a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By action and RetCode.
    pub(crate) requests: BTreeMap<(String, Option<i64>), usize>,
    /// Instances for which more than one start got through.
    pub(crate) started_twice: BTreeSet<String>,
    /// The most describes within a poll interval that only look after instances whose start had been sent. One that also
    /// reads another instance is made for that one.
    pub(crate) busiest_interval: usize,
}

impl Tally {
    /// All requests of `action`, whatever came of them.
    pub(crate) fn of(&self, action: &str) -> usize {
        self.requests.iter().filter(|((name, _), _)| name == action).map(|(_, count)| count).sum()
    }

    /// The requests of `action` that the cloud accepted.
    pub(crate) fn accepted(&self, action: &str) -> usize {
        self.requests.get(&(action.to_owned(), Some(0))).copied().unwrap_or(0)
    }

    /// Requests that were refused, by action and RetCode, in words.
    pub(crate) fn refused(&self) -> Vec<String> {
        let refused = self.requests.iter().filter(|((_, ret_code), _)| *ret_code != Some(0));
        refused
            .map(|((action, ret_code), count)| match ret_code {
                Some(ret_code) => format!("{count} {action} with {ret_code}"),
                None => format!("{count} {action} without an answer"),
            })
            .collect()
    }
}

/// Turns away a part of all requests, at random but in every run alike, and passes on the others.
struct Gate {
    cloud: String,
    client: reqwest::Client,
    /// Being turned away takes as long as any answer.
    latency: Duration,
    percent: u8,
    dice: Mutex<fastrand::Rng>,
    /// How many requests, by action.
    turned_away: Mutex<BTreeMap<String, usize>>,
}

/// Opens the gate, and says where it is. It stays open as long as the runtime lives.
async fn open(gate: Arc<Gate>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(pass).with_state(gate);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn pass(State(gate): State<Arc<Gate>>, form: Bytes) -> Response {
    let content_type = "application/json";
    if gate.dice.lock().unwrap().u8(0..100) < gate.percent {
        let action = form_urlencoded::parse(&form).find(|(name, _)| name == "Action");
        let action = action.map(|(_, action)| action.into_owned()).unwrap_or_default();
        let answer = json!({
            "Action": format!("{action}Response"), "RetCode": THROTTLED, "Message": "Too many requests",
        });
        *gate.turned_away.lock().unwrap().entry(action).or_default() += 1;
        tokio::time::sleep(gate.latency).await;
        return ([(header::CONTENT_TYPE, content_type)], answer.to_string()).into_response();
    }
    let request = gate
        .client
        .post(&gate.cloud)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let answer = match request.send().await {
        Ok(response) => response.bytes().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(body) => ([(header::CONTENT_TYPE, content_type)], body).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
