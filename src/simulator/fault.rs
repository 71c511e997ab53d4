//! Faults as data: the effect, the calls it applies to, and the number of times.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::{optional, required};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// A failure to simulate: the same value in a Rust test and in the body of
/// `POST /simulator/faults`.
///
/// ```
/// use terraform_provider_compshare::simulator::Fault;
///
/// let json = r#"{"action": "StartCompShareInstance", "instance": "uhost-1", "times": 2,
///                "effect": {"refuse": {"ret_code": 8438, "message": "upstream timed out"}}}"#;
/// let fault = Fault::refuse(8438, "upstream timed out")
///     .on_action("StartCompShareInstance")
///     .on_instance("uhost-1")
///     .times(2);
/// assert_eq!(serde_json::from_str::<Fault>(json)?, fault);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Several faults can match one call. Faults of the same kind (transport, outcome of a start,
/// reported fields and so on) apply one at a time, in the order in which they were added. Faults of
/// different kinds combine, for example a delay and a lost response. A call with a wrong signature
/// matches no fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FaultJson")]
pub struct Fault {
    /// Action of the calls; `None`: every action that the effect can apply to.
    pub action: Option<String>,
    /// Instance that the calls name by its ID, or in a create by its `Name`; `None`: any.
    pub instance: Option<String>,
    /// Number of calls; `None`: all. In JSON, an absent `times` means 1, or all calls if `lasts` is
    /// given, and `null` means all.
    pub times: Option<u32>,
    /// Duration of the fault, by the simulator's clock; `None`: unlimited.
    #[serde(with = "optional")]
    pub lasts: Option<Duration>,
    pub effect: Effect,
}

impl Fault {
    /// Applies `effect` to the next call that it can apply to. The methods below change the calls.
    pub fn new(effect: Effect) -> Self {
        Self { action: None, instance: None, times: Some(1), lasts: None, effect }
    }

    /// Refuses the next call with `ret_code` and `message`.
    pub fn refuse(ret_code: i64, message: &str) -> Self {
        Self::new(Effect::Refuse { ret_code, message: message.to_owned() })
    }

    /// Reports `state` in the next describe, regardless of the actual state.
    pub fn report_state(state: &str) -> Self {
        Self::report(json!({"State": state}))
    }

    /// Reports `fields` in the next describe, regardless of the actual ones; null omits a field.
    ///
    /// # Panics
    /// `fields` is not an object.
    #[track_caller]
    pub fn report(fields: Value) -> Self {
        Self::new(Effect::Report(object(fields)))
    }

    /// Responds to the next call with `fields` instead of the correct ones.
    ///
    /// # Panics
    /// `fields` is not an object.
    #[track_caller]
    pub fn respond(fields: Value) -> Self {
        Self::new(Effect::Respond(object(fields)))
    }

    /// Limits the fault to calls of `action`, for example `StartCompShareInstance`.
    pub fn on_action(self, action: &str) -> Self {
        Self { action: Some(action.to_owned()), ..self }
    }

    /// Limits the fault to calls that name `instance`.
    pub fn on_instance(self, instance: &str) -> Self {
        Self { instance: Some(instance.to_owned()), ..self }
    }

    /// Applies the fault to this number of calls.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Applies the fault to every call from now on.
    pub fn forever(self) -> Self {
        Self { times: None, ..self }
    }

    /// Applies the fault to every call for a duration, by the simulator's clock.
    pub fn lasting(self, duration: Duration) -> Self {
        Self { times: None, lasts: Some(duration), ..self }
    }
}

#[track_caller]
fn object(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields,
        _ => panic!("the fields of a fault must be an object: {fields}"),
    }
}

/// Effect of a [`Fault`]. It applies to every action unless noted otherwise.
///
/// A create passes through `Initializing`, `Install` and `Starting`; the effects on a start apply to
/// it too. A resize passes through `Resizing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The call is refused and has no effect.
    Refuse { ret_code: i64, message: String },
    /// The connection closes without a response; the request has no effect.
    DropConnection,
    /// The request is processed, but the connection closes without a response.
    LoseResponse,
    /// The request is processed immediately; the response is late, in real time.
    Delay {
        #[serde(with = "required")]
        by: Duration,
    },
    /// The gateway responds instead of the API.
    Http {
        /// HTTP status, 200 to 999; any other value is sent as 500.
        status: u16,
        /// Body, sent as `text/html`.
        #[serde(default)]
        body: String,
        /// If true, the API still processes the request.
        #[serde(default)]
        processed: bool,
    },
    /// The request is processed; the response has `RetCode` 0 and these fields instead, for example
    /// `{"Total": 0, "UHostSet": null}`. `{"RetCode": 8438, "Message": "upstream timed out"}` reports
    /// a failure of a request that was carried out.
    Respond(Map<String, Value>),
    /// The request is processed; the response has HTTP status 200 and is unreadable.
    Malformed(Garbage),
    /// The request is processed; the response arrives byte by byte, in real time.
    Drip {
        /// Pause before each byte.
        #[serde(with = "required")]
        every: Duration,
    },
    /// Describes report the instance as it was before an accepted operation: after a create, not at
    /// all.
    StaleReads {
        /// Duration, by the simulator's clock.
        #[serde(with = "required", rename = "for")]
        lag: Duration,
    },
    /// A start passes through `Starting` and ends in `Stopped`, in the size of the start.
    FallBackToStopped,
    /// A start passes through `Starting` and ends in `Stopped`, in the size before the start. A
    /// resize ends in the size before it.
    RollBack,
    /// A start passes through `Starting` and ends in `Install Fail`.
    InstallFail,
    /// A start stays in `Starting`, a create in `Initializing`, a resize in `Resizing`.
    StuckInStarting,
    /// A start passes through `Starting`; then the instance no longer exists.
    Vanish,
    /// A start or resize with GPU is refused with 8357; with 226604 a create, and a start that would
    /// restore the size. A start in no-GPU mode needs no capacity.
    SoldOut,
    /// A start in no-GPU mode allocates a GPU.
    GpuAllocated,
    /// Describes report the instance with these fields merged into it; null omits a field. The API
    /// reports an empty `State` if it fails to read the state.
    Report(Map<String, Value>),
}

/// Form of an unreadable response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garbage {
    /// The first half of the correct response.
    Truncated,
    /// An HTML page.
    Html,
    /// JSON whose fields have undocumented types.
    WrongTypes,
    /// The correct response, followed by 5 MiB of spaces.
    Huge,
}

/// JSON form of a [`Fault`], which distinguishes an absent `times` from null.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultJson {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    instance: Option<String>,
    #[serde(default, deserialize_with = "present")]
    times: Option<Option<u32>>,
    #[serde(default, with = "optional")]
    lasts: Option<Duration>,
    effect: Effect,
}

/// Returns `Some(None)` for null. An absent field has the default `None`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<FaultJson> for Fault {
    fn from(json: FaultJson) -> Self {
        let FaultJson { action, instance, times, lasts, effect } = json;
        let default_times = if lasts.is_none() { Some(1) } else { None };
        Self { action, instance, times: times.unwrap_or(default_times), lasts, effect }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: Value, fault: &Fault) {
        assert_eq!(&serde_json::from_value::<Fault>(json).unwrap(), fault);
        let text = serde_json::to_string(fault).unwrap();
        assert_eq!(&serde_json::from_str::<Fault>(&text).unwrap(), fault, "{text}");
    }

    #[test]
    fn json_and_rust_faults_are_equal() {
        check(json!({"effect": "lose_response"}), &Fault::new(Effect::LoseResponse));
        check(
            json!({
                "action": "A", "instance": "i", "times": 3,
                "effect": {"refuse": {"ret_code": 1, "message": "m"}},
            }),
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
            &Fault::new(Effect::Http { status: 502, body: String::new(), processed: false }),
        );
        check(
            json!({"effect": {"malformed": "html"}}),
            &Fault::new(Effect::Malformed(Garbage::Html)),
        );
        check(
            json!({"effect": {"report": {"State": "", "Zone": null}}}),
            &Fault::report(json!({"State": "", "Zone": null})),
        );
        check(
            json!({"effect": {"respond": {"Total": 0, "UHostSet": null}}}),
            &Fault::respond(json!({"Total": 0, "UHostSet": null})),
        );
        check(
            json!({"effect": {"drip": {"every": "1s"}}}),
            &Fault::new(Effect::Drip { every: Duration::from_secs(1) }),
        );
    }

    #[test]
    fn misspelled_fault_is_an_error() {
        for document in [
            json!({"effect": "loose_response"}),
            json!({"effect": "vanish", "tims": 2}),
            json!({"effect": {"delay": {"by": 5}}}),
            json!({"effect": {"refuse": {"ret_code": 1}}}),
            json!({"effect": {"report": []}}),
        ] {
            assert!(serde_json::from_value::<Fault>(document.clone()).is_err(), "{document}");
        }
    }
}
