//! What can go wrong, as data.

use std::{fmt, time::Duration};

use terraform_provider_compshare::simulator::{Effect, Fault, Garbage};

use super::operation::Operation;
use crate::support::actions::{DESCRIBE, DESCRIBE_ZONES, POWER_CALLS};

/// One thing that goes wrong, and where.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// With a request, or its answer.
    Request {
        what: &'static str,
        effect: Effect,
        /// Which requests it strikes.
        at: At,
        /// Whether it strikes each of them, or only the first.
        always: bool,
    },
    /// The provider cannot get as far as the cloud.
    Unreachable(Unreachable),
    /// The provider is killed when this many requests of the operation have reached the cloud, and run again.
    Killed { after: usize },
    /// The cloud's clock goes on by a day at a time.
    ClockJumps,
    /// The times that the cloud reports are out of this world.
    Times(&'static str, i64),
}

/// Which requests are struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Those that only ask.
    Looks,
    /// Those that change something.
    Calls,
    /// Those that only ask, once something was changed.
    LooksAfterCall,
}

/// Why the provider cannot get as far as the cloud.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unreachable {
    Refused,
    NoSuchName,
    NoTls,
    Untrusted,
}

/// Everything that can go wrong with a request, each with its name.
fn effects() -> Vec<(&'static str, Effect)> {
    let an_hour = Duration::from_secs(3600);
    let refuse = |ret_code, message: &str| Effect::Refuse { ret_code, message: message.to_owned() };
    let http = |status, taken| Effect::Http { status, body: "<h1>Sorry</h1>".to_owned(), taken };
    vec![
        ("reset, not taken", Effect::DropConnection),
        ("reset, taken", Effect::LoseAnswer),
        ("no answer, taken", Effect::Delay { by: an_hour }),
        ("answer drop by drop, taken", Effect::Drip { every: Duration::from_millis(200) }),
        ("truncated JSON, taken", Effect::Malformed(Garbage::Truncated)),
        ("HTML under 200, taken", Effect::Malformed(Garbage::Html)),
        ("wrong types, taken", Effect::Malformed(Garbage::WrongTypes)),
        ("huge body, taken", Effect::Malformed(Garbage::Huge)),
        ("HTTP 302", http(302, false)),
        ("HTTP 400", http(400, false)),
        ("HTTP 403", http(403, false)),
        ("HTTP 404", http(404, false)),
        ("HTTP 429", http(429, false)),
        ("HTTP 500, not taken", http(500, false)),
        ("HTTP 502, taken", http(502, true)),
        ("HTTP 503, not taken", http(503, false)),
        ("RetCode 150, transient", refuse(150, "Service unavailable")),
        ("RetCode 171, credentials", refuse(171, "Signature VerifyAC Error")),
        ("RetCode 230, usage", refuse(230, "Params [Zone] not available")),
        ("RetCode 299, permission", refuse(299, "IAM permission denied")),
        ("RetCode 520, billing", refuse(520, "Balance not enough")),
        ("RetCode 8039, not found", refuse(8039, "Resource not exist")),
        ("RetCode 8095, quota", refuse(8095, "Quota exceeded")),
        ("RetCode 8357, capacity", refuse(8357, "Resource sold out")),
        ("RetCode 8438, ambiguous", refuse(8438, "Upstream timed out")),
        ("RetCode 8441, throttled", refuse(8441, "Too many requests")),
        ("RetCode 8903, in progress", refuse(8903, "InstanceOperationInProgress")),
        ("RetCode 8905, power state", refuse(8905, "Operation not allowed in this state")),
        ("RetCode 99999, unlisted", refuse(99_999, "Something new")),
    ]
}

/// The rows of the matrix.
pub(super) fn all() -> Vec<Trouble> {
    let mut all = Vec::new();
    for (what, effect) in effects() {
        for at in [At::Looks, At::Calls, At::LooksAfterCall] {
            for always in [false, true] {
                all.push(Trouble::Request { what, effect: effect.clone(), at, always });
            }
        }
    }
    let unreachable =
        [Unreachable::Refused, Unreachable::NoSuchName, Unreachable::NoTls, Unreachable::Untrusted];
    all.extend(unreachable.map(Trouble::Unreachable));
    all.extend((1..=4).map(|after| Trouble::Killed { after }));
    all.push(Trouble::ClockJumps);
    all.push(Trouble::Times("before the epoch", -86_400));
    all.push(Trouble::Times("long after the end of time", i64::MAX));
    all
}

impl Trouble {
    /// Whether it can happen to `operation` at all.
    pub(super) fn concerns(&self, operation: Operation) -> bool {
        match self {
            Self::Request { at: At::Calls | At::LooksAfterCall, .. } => operation.changes(),
            // What happens to something killed may be seen only while something is under way.
            Self::Killed { after } => operation.changes() || *after == 1,
            _ => true,
        }
    }

    /// What makes a simulator behave so.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let Self::Request { effect, at, always, .. } = self else { return Vec::new() };
        let actions: &[&str] = match at {
            At::Calls => &POWER_CALLS,
            At::Looks | At::LooksAfterCall => &[DESCRIBE, DESCRIBE_ZONES],
        };
        let fault = |action: &&str| {
            let fault = Fault::new(effect.clone()).on_action(action);
            if *always { fault.forever() } else { fault }
        };
        actions.iter().map(fault).collect()
    }

    /// How long a request may take: not long where its answer never comes.
    pub(super) fn request_timeout(&self) -> Duration {
        match self {
            Self::Request { effect: Effect::Delay { .. } | Effect::Drip { .. }, .. } => {
                Duration::from_secs(2)
            }
            _ => Duration::from_secs(20),
        }
    }

    /// What the practitioner has to be told of the network, if that is what is wrong.
    pub(super) fn network_says(&self) -> &'static str {
        match self {
            Self::Unreachable(Unreachable::Refused) => "refused",
            Self::Unreachable(Unreachable::NoSuchName) => "dns error",
            Self::Unreachable(Unreachable::NoTls) => "corrupt message",
            Self::Unreachable(Unreachable::Untrusted) => "invalid peer certificate",
            _ => "",
        }
    }

    /// Whether it begins only when something has been asked of the cloud.
    pub(super) fn begins_after_a_call(&self) -> bool {
        matches!(self, Self::Request { at: At::LooksAfterCall, .. })
    }

    /// Whether what waits for the end of it waits for as long as it may.
    pub(super) fn outlasts_patience(&self) -> bool {
        let Self::Request { at, always: true, effect, .. } = self else { return false };
        match (at, effect) {
            (At::Looks, _) => false,
            (At::Calls, Effect::Http { status, .. }) => *status == 429,
            (At::Calls, Effect::Refuse { ret_code, .. }) => [8441, 8903].contains(ret_code),
            (At::Calls, _) => false,
            (At::LooksAfterCall, _) => true,
        }
    }

    /// Whether the cloud says for itself, and more than once, that there is no such instance.
    pub(super) fn denies_the_instance(&self) -> bool {
        matches!(self, Self::Request { effect: Effect::Refuse { ret_code: 8039, .. }, .. })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { what, at, always, .. } => {
                let which = match at {
                    At::Looks => "look",
                    At::Calls => "call",
                    At::LooksAfterCall => "look after a call",
                };
                let often = if *always { "each" } else { "the first" };
                write!(formatter, "{what}, at {often} {which}")
            }
            Self::Unreachable(why) => formatter.write_str(match why {
                Unreachable::Refused => "connection refused",
                Unreachable::NoSuchName => "no such name in the DNS",
                Unreachable::NoTls => "no TLS on the other side",
                Unreachable::Untrusted => "a certificate that nobody trusts",
            }),
            Self::Killed { after } => write!(formatter, "killed during request {after}"),
            Self::ClockJumps => formatter.write_str("the cloud's clock jumps from day to day"),
            Self::Times(which, _) => write!(formatter, "times {which}"),
        }
    }
}
