//! Selection of the faults that apply to a call.

use jiff::Timestamp;

use super::{
    clock::later,
    fault::{Effect, Fault},
    request::Request,
};

/// Kind of an effect. At most one fault of each kind applies to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Refusals, and failures of the connection or the gateway.
    Transport,
    /// Late responses.
    Delay,
    /// GPU capacity.
    Capacity,
    /// Outcome of an accepted start.
    Outcome,
    /// GPU of a start in no-GPU mode.
    GpuMode,
    /// Outdated describes after an accepted operation.
    Staleness,
    /// Fields that describes report.
    Report,
}

fn kind(effect: &Effect) -> Kind {
    match effect {
        Effect::Refuse { .. }
        | Effect::DropConnection
        | Effect::LoseResponse
        | Effect::Http { .. }
        | Effect::Respond(_)
        | Effect::Malformed(_)
        | Effect::Drip { .. } => Kind::Transport,
        Effect::Delay { .. } => Kind::Delay,
        Effect::SoldOut => Kind::Capacity,
        Effect::FallBackToStopped
        | Effect::RollBack
        | Effect::InstallFail
        | Effect::StuckInStarting
        | Effect::Vanish => Kind::Outcome,
        Effect::GpuAllocated => Kind::GpuMode,
        Effect::StaleReads { .. } => Kind::Staleness,
        Effect::Report(_) => Kind::Report,
    }
}

/// Faults that can still apply, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct PendingFaults(Vec<Pending>);

#[derive(Debug)]
struct Pending {
    fault: Fault,
    /// End of the fault.
    until: Timestamp,
}

impl PendingFaults {
    pub(super) fn add(&mut self, fault: Fault, now: Timestamp) {
        let until = fault.lasts.map_or(Timestamp::MAX, |duration| later(now, duration));
        self.0.push(Pending { fault, until });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the effect of the first fault of `wanted` kind that applies to the request, and
    /// reduces its remaining calls by one.
    pub(super) fn strike(&mut self, wanted: Kind, request: &Request<'_>) -> Option<Effect> {
        self.0.retain(|pending| pending.until > request.now && pending.fault.times != Some(0));
        let matching = self.0.iter_mut().find(|Pending { fault, .. }| {
            kind(&fault.effect) == wanted
                && fault.action.as_deref().is_none_or(|action| action == request.action.name())
                && fault.instance.as_ref().is_none_or(|id| request.instances.contains(id))
        })?;
        matching.fault.times = matching.fault.times.map(|times| times - 1);
        Some(matching.fault.effect.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::simulator::{
        form::Form,
        request::{Action, PowerOperation},
    };

    #[test]
    fn fault_applies_to_its_number_of_calls_and_duration() {
        let now = Timestamp::UNIX_EPOCH;
        let mut faults = PendingFaults::default();
        faults.add(Fault::new(Effect::Vanish).times(2), now);
        faults.add(Fault::new(Effect::InstallFail).lasting(Duration::from_secs(1)), now);
        let form = Form::parse(b"");
        let mut strike = |now| {
            let action = Action::Power(PowerOperation::Start);
            faults.strike(Kind::Outcome, &Request { action, form: &form, instances: &[], now })
        };
        assert_eq!(strike(now), Some(Effect::Vanish));
        assert_eq!(strike(now), Some(Effect::Vanish));
        assert_eq!(strike(now), Some(Effect::InstallFail));
        assert_eq!(strike(now), Some(Effect::InstallFail));
        assert_eq!(strike(later(now, Duration::from_secs(1))), None);
    }
}
