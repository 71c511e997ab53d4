//! Faults as data: what goes wrong, on which calls, how often.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::{clock::later, duration};

/// Something that goes wrong: the same value in a Rust test and in the body of `POST /simulator/faults`.
///
/// ```
/// use terraform_provider_compshare::simulator::Fault;
///
/// let json = r#"{"action": "StartCompShareInstance", "instance": "uhost-1", "times": 2,
///                "effect": {"refuse": {"ret_code": 8903, "message": "InstanceOperationInProgress"}}}"#;
/// let fault = Fault::refuse(8903, "InstanceOperationInProgress")
///     .on_action("StartCompShareInstance")
///     .on_instance("uhost-1")
///     .times(2);
/// assert_eq!(serde_json::from_str::<Fault>(json)?, fault);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Several faults may match one call. Of those that do the same kind of thing the one added first is used: what becomes of
/// the answer on the way; how an accepted start goes on; what a describe shows as the state. Faults of different kinds add
/// up, such as a delay and a lost answer. A call with a wrong signature meets no fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Document")]
pub struct Fault {
    /// Only calls of this action; `None`: any action the effect makes sense for.
    pub action: Option<String>,
    /// Only calls that name this instance; `None`: any.
    pub instance: Option<String>,
    /// How many calls it strikes; `None`: all of them. In JSON an absent `times` means 1, or all of them if `lasts` is
    /// given, and `null` means all of them.
    pub times: Option<u32>,
    /// It strikes only this long after it was added, by the simulator's clock; `None`: no limit.
    #[serde(with = "duration::optional")]
    pub lasts: Option<Duration>,
    /// What happens.
    pub effect: Effect,
}

impl Fault {
    /// `effect` on the next call that it makes sense for. Narrow it or widen it with the methods below.
    pub fn new(effect: Effect) -> Self {
        Self { action: None, instance: None, times: Some(1), lasts: None, effect }
    }

    /// The next call is refused with `ret_code` and `message`.
    pub fn refuse(ret_code: i64, message: &str) -> Self {
        Self::new(Effect::Refuse { ret_code, message: message.to_owned() })
    }

    /// Describes report `state`, whatever the truth is.
    pub fn report_state(state: &str) -> Self {
        Self::new(Effect::ReportState { state: state.to_owned() })
    }

    /// Only on calls of `action`, such as `StartCompShareInstance`.
    pub fn on_action(self, action: &str) -> Self {
        Self { action: Some(action.to_owned()), ..self }
    }

    /// Only on calls that name `instance`.
    pub fn on_instance(self, instance: &str) -> Self {
        Self { instance: Some(instance.to_owned()), ..self }
    }

    /// On this many calls.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// On every call from now on.
    pub fn forever(self) -> Self {
        Self { times: None, ..self }
    }

    /// On every call for this long, by the simulator's clock.
    pub fn lasting(self, duration: Duration) -> Self {
        Self { times: None, lasts: Some(duration), ..self }
    }
}

/// What a [`Fault`] does. Unless said otherwise it can strike any action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The call is refused, and changes nothing.
    Refuse {
        /// The RetCode of the answer.
        ret_code: i64,
        /// The Message of the answer.
        message: String,
    },
    /// The connection closes without an answer, and the request was not taken.
    DropConnection,
    /// The request is taken, then the connection closes without an answer.
    LoseAnswer,
    /// The request is taken at once, the answer comes this much later, in real time.
    Delay {
        /// How long the client waits.
        #[serde(with = "duration")]
        by: Duration,
    },
    /// An answer of the gateway instead of the API's.
    Http {
        /// The HTTP status, 200 to 999; anything else is sent as 500.
        status: u16,
        /// The body, sent as `text/html`.
        #[serde(default)]
        body: String,
        /// Whether the request was taken before that.
        #[serde(default)]
        taken: bool,
    },
    /// The request is taken, but nobody can read the answer (HTTP status 200).
    Malformed(Garbage),
    /// The request is taken, and the answer comes byte by byte, in real time.
    Drip {
        /// How long each byte lets itself be waited for.
        #[serde(with = "duration")]
        every: Duration,
    },
    /// After an accepted start, stop or reboot, describes of the instance keep showing what it was before.
    StaleReads {
        /// How long, by the simulator's clock.
        #[serde(with = "duration", rename = "for")]
        lag: Duration,
    },
    /// A start goes through `Starting` and ends in `Stopped`.
    FallBackToStopped,
    /// A start goes through `Starting` and ends in `Install Fail`.
    InstallFail,
    /// A start goes to `Starting` and stays there.
    StuckInStarting,
    /// A start goes through `Starting`, then the instance is gone.
    Vanish,
    /// A start with GPU is refused with 8357. A start without GPU needs no such capacity.
    SoldOut,
    /// A start that asked for no GPU gets one all the same.
    GpuAllocated,
    /// Describes show this word as the instance's state. The empty string is what the cloud shows when its own look-up fails.
    ReportState {
        /// Any word.
        state: String,
    },
}

/// An answer that is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garbage {
    /// The first half of the real JSON answer.
    Truncated,
    /// A page of HTML.
    Html,
    /// JSON in which fields have types nobody documents.
    WrongTypes,
    /// The real JSON answer, and 5 MiB of blanks behind it.
    Huge,
}

/// How effects compete: at most one of each kind strikes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What becomes of the request and its answer on the way.
    Transport,
    /// How long the answer takes.
    Delay,
    /// Whether there is a GPU to be had.
    Capacity,
    /// How an accepted start goes on.
    Course,
    /// Whether the GPU mode is respected.
    GpuMode,
    /// Whether reads lag behind an accepted operation.
    Staleness,
    /// What describes show as the state.
    State,
}

impl Effect {
    fn kind(&self) -> Kind {
        match self {
            Self::Refuse { .. }
            | Self::DropConnection
            | Self::LoseAnswer
            | Self::Http { .. }
            | Self::Malformed(_)
            | Self::Drip { .. } => Kind::Transport,
            Self::Delay { .. } => Kind::Delay,
            Self::SoldOut => Kind::Capacity,
            Self::FallBackToStopped | Self::InstallFail | Self::StuckInStarting | Self::Vanish => {
                Kind::Course
            }
            Self::GpuAllocated => Kind::GpuMode,
            Self::StaleReads { .. } => Kind::Staleness,
            Self::ReportState { .. } => Kind::State,
        }
    }
}

/// The faults that may still strike, in the order they were added.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Pending>);

#[derive(Debug)]
struct Pending {
    fault: Fault,
    /// When it stops striking.
    until: Timestamp,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault, now: Timestamp) {
        let until = fault.lasts.map_or(Timestamp::MAX, |duration| later(now, duration));
        self.0.push(Pending { fault, until });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect of the first fault of `kind` that strikes this call, which is thereby one strike older.
    pub(super) fn strike(
        &mut self,
        kind: Kind,
        action: &str,
        instances: &[String],
        now: Timestamp,
    ) -> Option<Effect> {
        self.0.retain(|pending| pending.until > now && pending.fault.times != Some(0));
        let pending = self.0.iter_mut().find(|pending| {
            let fault = &pending.fault;
            fault.effect.kind() == kind
                && fault.action.as_deref().is_none_or(|wanted| wanted == action)
                && fault.instance.as_ref().is_none_or(|wanted| instances.contains(wanted))
        })?;
        pending.fault.times = pending.fault.times.map(|times| times - 1);
        Some(pending.fault.effect.clone())
    }
}

/// A [`Fault`] as JSON, where an absent `times` is not a null one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    instance: Option<String>,
    #[serde(default, deserialize_with = "present")]
    times: Option<Option<u32>>,
    #[serde(default, with = "duration::optional")]
    lasts: Option<Duration>,
    effect: Effect,
}

/// Tells a null, `Some(None)`, from an absent field, which never gets here.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<Document> for Fault {
    fn from(document: Document) -> Self {
        let Document { action, instance, times, lasts, effect } = document;
        let usual_times = if lasts.is_none() { Some(1) } else { None };
        Self { action, instance, times: times.unwrap_or(usual_times), lasts, effect }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(document: serde_json::Value, fault: &Fault) {
        assert_eq!(&serde_json::from_value::<Fault>(document).unwrap(), fault);
        let round_trip = serde_json::to_string(fault).unwrap();
        assert_eq!(&serde_json::from_str::<Fault>(&round_trip).unwrap(), fault, "{round_trip}");
    }

    #[test]
    fn faults_are_the_same_in_json_and_in_rust() {
        check(json!({"effect": "lose_answer"}), &Fault::new(Effect::LoseAnswer));
        check(
            json!({"action": "A", "instance": "i", "times": 3, "effect": {"refuse": {"ret_code": 1, "message": "m"}}}),
            &Fault::refuse(1, "m").on_action("A").on_instance("i").times(3),
        );
        check(json!({"times": null, "effect": "vanish"}), &Fault::new(Effect::Vanish).forever());
        check(
            json!({"lasts": "10m", "effect": "sold_out"}),
            &Fault::new(Effect::SoldOut).lasting(Duration::from_secs(600)),
        );
        check(
            json!({"effect": {"stale_reads": {"for": "5s"}}}),
            &Fault::new(Effect::StaleReads { lag: Duration::from_secs(5) }),
        );
        check(
            json!({"effect": {"http": {"status": 502}}}),
            &Fault::new(Effect::Http { status: 502, body: String::new(), taken: false }),
        );
        check(
            json!({"effect": {"malformed": "html"}}),
            &Fault::new(Effect::Malformed(Garbage::Html)),
        );
        check(
            json!({"effect": {"drip": {"every": "1s"}}}),
            &Fault::new(Effect::Drip { every: Duration::from_secs(1) }),
        );
    }

    #[test]
    fn a_misspelt_fault_is_an_error_rather_than_no_fault() {
        for document in [
            json!({"effect": "loose_answer"}),
            json!({"effect": "vanish", "tims": 2}),
            json!({"effect": {"delay": {"by": 5}}}),
            json!({"effect": {"refuse": {"ret_code": 1}}}),
        ] {
            assert!(serde_json::from_value::<Fault>(document.clone()).is_err(), "{document}");
        }
    }

    #[test]
    fn a_fault_strikes_as_often_and_as_long_as_it_says() {
        let now = Timestamp::UNIX_EPOCH;
        let mut faults = Faults::default();
        faults.add(Fault::new(Effect::Vanish).times(2), now);
        faults.add(Fault::new(Effect::InstallFail).lasting(Duration::from_secs(1)), now);
        let mut strike = |at| faults.strike(Kind::Course, "StartCompShareInstance", &[], at);
        assert_eq!(strike(now), Some(Effect::Vanish));
        assert_eq!(strike(now), Some(Effect::Vanish));
        assert_eq!(strike(now), Some(Effect::InstallFail));
        assert_eq!(strike(now), Some(Effect::InstallFail));
        assert_eq!(strike(later(now, Duration::from_secs(1))), None);
    }
}
