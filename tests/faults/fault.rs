//! The faults, as data: what fails, for which requests, and its class.

use std::{fmt, time::Duration};

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault as SimulatorFault, Garbage};

use super::operation::Operation;
use crate::support::actions::{CHANGES, DESCRIBE, DESCRIBE_ZONES};

/// Faults that a client cannot distinguish, except by the reason in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    NoEffect,
    Accepted,
    GatewayRefusal,
    Throttled,
    Credentials,
    Refused,
    NotFound,
    Busy,
    Unreachable,
    Killed,
    Contradicting,
    UnusualTimes,
}

use Class::*;

/// One fault, and the requests that it affects.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Position in [`all`].
    pub(super) index: usize,
    pub(super) class: Class,
    /// Name of the fault in the table of classes.
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// An effect on requests or their responses.
    Response {
        effect: Effect,
        requests: Requests,
        /// The effect applies to each of the requests, not only to the first.
        always: bool,
    },
    /// The provider cannot connect to the API.
    Unreachable(ConnectionFailure),
    /// The provider is killed during this request of the operation; then the operation is repeated.
    Killed { during: usize },
    /// The first describe after the first change contradicts the others.
    Contradiction(Contradiction),
    /// The clock of the API advances by a day at a time.
    ClockJumps,
    /// The API reports this time in every time field.
    Times(i64),
}

/// Content of a describe that contradicts the others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Contradiction {
    StateBefore,
    FailedState,
    OtherGpuMode,
}

/// Requests that a fault affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requests {
    Describes,
    Changes,
    /// Describes after the first change.
    DescribesAfterChange,
}

/// Reason why the provider cannot connect to the API.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConnectionFailure {
    ConnectionRefused,
    UnknownHost,
    PlainText,
    UntrustedCertificate,
}

impl Class {
    pub(super) fn name(self) -> &'static str {
        match self {
            NoEffect => "no effect",
            Accepted => "accepted",
            GatewayRefusal => "gateway refusal",
            Throttled => "throttled",
            Credentials => "credentials",
            Refused => "refused",
            NotFound => "not found",
            Busy => "busy",
            Unreachable => "unreachable",
            Killed => "killed",
            Contradicting => "contradiction",
            UnusualTimes => "unusual times",
        }
    }

    /// Meaning of the class, for the table of classes.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            NoEffect => "The request has no effect, but the response does not prove it.",
            Accepted => "The request is carried out, and its response is lost or unreadable.",
            GatewayRefusal => "An HTTP status proves that the request was refused.",
            Throttled => "The API limits the rate of requests; the request can be repeated.",
            Credentials => "The API refuses the keys, so that every other request fails too.",
            Refused => "The API refuses the request for good.",
            NotFound => "The API reports that the instance does not exist.",
            Busy => "The state of the instance does not allow the request at present.",
            Unreachable => "No request can be sent.",
            Killed => "The provider is killed while a request is in flight, and run again.",
            Contradicting => "One describe contradicts those before and after it.",
            UnusualTimes => "The clock or the times of the API are extreme.",
        }
    }
}

/// Effects on a request or its response, with class and name.
fn effects() -> Vec<(Class, &'static str, Effect)> {
    let an_hour = Duration::from_secs(3600);
    let refuse = |ret_code, message: &str| Effect::Refuse { ret_code, message: message.to_owned() };
    let http =
        |status, processed| Effect::Http { status, body: "<h1>Sorry</h1>".to_owned(), processed };
    vec![
        (NoEffect, "connection reset", Effect::DropConnection),
        (NoEffect, "HTTP 500", http(500, false)),
        (NoEffect, "HTTP 503", http(503, false)),
        (NoEffect, "RetCode 150, transient", refuse(150, "Service unavailable")),
        (NoEffect, "RetCode 8438, ambiguous", refuse(8438, "Upstream timed out")),
        (Accepted, "connection reset", Effect::LoseResponse),
        (Accepted, "no response", Effect::Delay { by: an_hour }),
        (Accepted, "response byte by byte", Effect::Drip { every: Duration::from_millis(200) }),
        (Accepted, "truncated JSON", Effect::Malformed(Garbage::Truncated)),
        (Accepted, "HTML with status 200", Effect::Malformed(Garbage::Html)),
        (Accepted, "JSON of wrong types", Effect::Malformed(Garbage::WrongTypes)),
        (Accepted, "huge body", Effect::Malformed(Garbage::Huge)),
        (Accepted, "HTTP 502", http(502, true)),
        (GatewayRefusal, "HTTP 302", http(302, false)),
        (GatewayRefusal, "HTTP 400", http(400, false)),
        (GatewayRefusal, "HTTP 403", http(403, false)),
        (GatewayRefusal, "HTTP 404", http(404, false)),
        (Throttled, "HTTP 429", http(429, false)),
        (Throttled, "RetCode 8441", refuse(8441, "Too many requests")),
        (Credentials, "RetCode 171", refuse(171, "Signature VerifyAC Error")),
        (Refused, "RetCode 230, usage", refuse(230, "Params [ProjectId] not available")),
        (Refused, "RetCode 299, permission", refuse(299, "IAM permission denied")),
        (Refused, "RetCode 520, billing", refuse(520, "Balance not enough")),
        (Refused, "RetCode 8095, quota", refuse(8095, "Quota exceeded")),
        (Refused, "RetCode 8357, capacity", refuse(8357, "Resource sold out")),
        (Refused, "RetCode 99999, unlisted", refuse(99_999, "Something new")),
        (NotFound, "RetCode 8039", refuse(8039, "Resource not exist")),
        (Busy, "RetCode 8903, in progress", refuse(8903, "InstanceOperationInProgress")),
        (Busy, "RetCode 8905, power state", refuse(8905, "Operation not allowed in this state")),
    ]
}

/// All faults, in the order of the page.
pub(super) fn all() -> Vec<Fault> {
    let mut all = Vec::new();
    for requests in [Requests::Describes, Requests::Changes, Requests::DescribesAfterChange] {
        for always in [false, true] {
            all.extend(effects().into_iter().map(|(class, name, effect)| {
                Fault::new(class, name, Kind::Response { effect, requests, always })
            }));
        }
    }
    all.extend(
        [
            ("connection refused", ConnectionFailure::ConnectionRefused),
            ("unknown host name", ConnectionFailure::UnknownHost),
            ("server without TLS", ConnectionFailure::PlainText),
            ("untrusted certificate", ConnectionFailure::UntrustedCertificate),
        ]
        .map(|(name, why)| Fault::new(Unreachable, name, Kind::Unreachable(why))),
    );
    all.extend(
        (1..=4).map(|n| Fault::new(Killed, &format!("request {n}"), Kind::Killed { during: n })),
    );
    all.extend(
        [
            ("state before the call", Contradiction::StateBefore),
            ("failed state", Contradiction::FailedState),
            ("other GPU mode", Contradiction::OtherGpuMode),
        ]
        .map(|(name, what)| Fault::new(Contradicting, name, Kind::Contradiction(what))),
    );
    all.extend([
        Fault::new(UnusualTimes, "clock advances by days", Kind::ClockJumps),
        Fault::new(UnusualTimes, "times before 1970", Kind::Times(-86_400)),
        Fault::new(UnusualTimes, "times after year 9999", Kind::Times(i64::MAX)),
    ]);
    for (index, fault) in all.iter_mut().enumerate() {
        fault.index = index;
    }
    all
}

impl Fault {
    fn new(class: Class, name: &str, kind: Kind) -> Self {
        Self { index: 0, class, name: name.to_owned(), kind }
    }

    /// Heading of the section with the results of this fault.
    pub(super) fn section(&self) -> &'static str {
        let Kind::Response { requests, always, .. } = self.kind else { return "Other faults" };
        match (requests, always) {
            (Requests::Describes, false) => "First describe",
            (Requests::Describes, true) => "Every describe",
            (Requests::Changes, false) => "First change",
            (Requests::Changes, true) => "Every change",
            (Requests::DescribesAfterChange, false) => "First describe after a change",
            (Requests::DescribesAfterChange, true) => "Every describe after a change",
        }
    }

    /// Returns whether the fault can affect `operation`.
    pub(super) fn affects(&self, operation: Operation) -> bool {
        match self.kind {
            Kind::Response { requests: Requests::Changes, .. } => operation.changes_the_instance(),
            // A scheduled stop has no transition, during which the fault could begin.
            Kind::Response { requests: Requests::DescribesAfterChange, .. }
            | Kind::Contradiction(_) => {
                operation.changes_the_instance() && !operation.is_about_a_schedule()
            }
            // Later requests are not certain, or the last ones.
            Kind::Killed { during } => match operation {
                _ if operation.is_about_a_schedule() => during <= 2,
                _ => operation.changes_the_instance() || during == 1,
            },
            _ => true,
        }
    }

    /// Faults to add to the simulator.
    pub(super) fn simulator_faults(&self, operation: Operation) -> Vec<SimulatorFault> {
        if let Kind::Contradiction(what) = self.kind {
            return vec![SimulatorFault::report(what.fields(operation))];
        }
        let Kind::Response { effect, requests, always } = &self.kind else { return Vec::new() };
        let actions: &[&str] = match requests {
            Requests::Changes => &CHANGES,
            Requests::Describes | Requests::DescribesAfterChange => &[DESCRIBE, DESCRIBE_ZONES],
        };
        let fault = |action: &&str| {
            let fault = SimulatorFault::new(effect.clone()).on_action(action);
            if *always { fault.forever() } else { fault }
        };
        actions.iter().map(fault).collect()
    }

    /// Request timeout of the provider: short if the response never arrives.
    pub(super) fn request_timeout(&self) -> Duration {
        match self.kind {
            Kind::Response { effect: Effect::Delay { .. } | Effect::Drip { .. }, .. } => {
                Duration::from_secs(2)
            }
            _ => Duration::from_secs(20),
        }
    }

    /// Text of the network error that a message must contain; empty for other faults.
    pub(super) fn network_error(&self) -> &'static str {
        let Kind::Unreachable(why) = self.kind else { return "" };
        match why {
            ConnectionFailure::ConnectionRefused => "refused",
            ConnectionFailure::UnknownHost => "dns error",
            ConnectionFailure::PlainText => "corrupt message",
            ConnectionFailure::UntrustedCertificate => "invalid peer certificate",
        }
    }

    /// Returns whether the fault begins after the first change.
    pub(super) fn begins_after_a_change(&self) -> bool {
        matches!(
            self.kind,
            Kind::Response { requests: Requests::DescribesAfterChange, .. }
                | Kind::Contradiction(_)
        )
    }

    /// Returns whether a changing operation is expected to run into its timeout.
    pub(super) fn ends_in_timeout(&self) -> bool {
        let Kind::Response { requests, always: true, effect } = &self.kind else { return false };
        match (requests, effect) {
            (Requests::DescribesAfterChange, _) => true,
            (Requests::Changes, Effect::Http { status, .. }) => *status == 429,
            (Requests::Changes, Effect::Refuse { ret_code, .. }) => [8441, 8903].contains(ret_code),
            _ => false,
        }
    }

    /// Returns whether the API reports that the instance does not exist.
    pub(super) fn denies_the_instance(&self) -> bool {
        self.class == NotFound
    }
}

impl Contradiction {
    fn fields(self, operation: Operation) -> Json {
        match self {
            Self::StateBefore => json!({"State": operation.origin()}),
            Self::FailedState => json!({"State": "Install Fail"}),
            Self::OtherGpuMode => {
                json!({"State": "Running", "GPU": i32::from(operation.is_without_gpu())})
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let section = self.section().to_lowercase();
        write!(formatter, "{section}: {}, {}", self.class.name(), self.name)
    }
}
