//! States of `compshare_instance_stop_schedule`: after a read, an apply or an import.

use super::{
    model::{EXPIRED, MISSING, SCHEDULED, StopScheduleModel},
    time,
};
use crate::{
    compshare::Instance,
    framework::Attr,
    operation::Location,
    provider::{
        instance::{identity::InstanceIdentity, reported::rfc3339},
        session::Session,
    },
};

/// Returns `model` with the values that the API reports at the time `now`; `None` if `model` is an
/// import without a scheduled stop.
pub(super) fn observed(
    model: &StopScheduleModel,
    instance: &Instance,
    now: i64,
) -> Option<StopScheduleModel> {
    let reported = instance.scheduled_stop_time().filter(|time| *time > now);
    let stop_at = match model.stop_at.text().and_then(time::parse) {
        Some(time) => time,
        None => reported?,
    };
    Some(StopScheduleModel {
        stop_at: if model.stop_at.is_null() {
            rfc3339(stop_at).into()
        } else {
            model.stop_at.clone()
        },
        scheduled_stop_at: reported.and_then(rfc3339).into(),
        status: status(stop_at, reported, now).into(),
        region: place(&model.region, instance.region.as_ref()),
        zone: place(&model.zone, instance.zone.as_ref()),
        ..model.clone()
    })
}

/// Status of a stop at the time `stop_at`, when the API reports a stop at the time `reported`.
///
/// A stop that is too near to be set again is expired rather than missing: the clock of CompShare
/// may be ahead, and an update would be refused.
fn status(stop_at: i64, reported: Option<i64>, now: i64) -> &'static str {
    if reported == Some(stop_at) {
        SCHEDULED
    } else if time::can_be_scheduled(stop_at, now) {
        MISSING
    } else {
        EXPIRED
    }
}

/// The state after an apply that may have set the stop at the time `at`.
pub(super) fn after_apply(
    plan: StopScheduleModel,
    at: i64,
    instance: Option<&Instance>,
    is_set: bool,
) -> StopScheduleModel {
    StopScheduleModel {
        stop_at: plan.stop_at.known().cloned().or_else(|| rfc3339(at)).into(),
        scheduled_stop_at: rfc3339(at).filter(|_| is_set).into(),
        status: if is_set { SCHEDULED } else { MISSING }.into(),
        region: place(&plan.region, instance.and_then(|seen| seen.region.as_ref())),
        zone: place(&plan.zone, instance.and_then(|seen| seen.zone.as_ref())),
        ..plan
    }
}

/// The region or zone. An instance does not move.
fn place(known: &Attr<String>, reported: Option<&String>) -> Attr<String> {
    known.known().or(reported).cloned().into()
}

/// The state that an import or a list begins with.
pub(super) fn imported_state(session: &Session, identity: InstanceIdentity) -> StopScheduleModel {
    let project_id = session.project_or(&identity.project_id).into_known().into();
    StopScheduleModel {
        id: identity.instance_id.clone(),
        instance_id: identity.instance_id,
        project_id,
        ..StopScheduleModel::default()
    }
}

pub(super) fn location(model: &StopScheduleModel) -> Location {
    Location { region: model.region.known().cloned(), zone: model.zone.known().cloned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fired_stop_is_no_drift() {
        const AT: i64 = 100_000;
        for (reported, now, expected) in [
            (Some(AT), AT - 3600, SCHEDULED),
            (Some(AT), AT - 10, SCHEDULED),
            // Canceled, or changed to another time.
            (None, AT - 3600, MISSING),
            (Some(AT + 60), AT - 3600, MISSING),
            (None, AT - 300, MISSING),
            // The stop was carried out, perhaps by a clock that is ahead.
            (None, AT - 299, EXPIRED),
            (None, AT, EXPIRED),
            (None, AT + 3600, EXPIRED),
            // A later stop is not the one of this resource.
            (Some(AT + 7200), AT + 3600, EXPIRED),
        ] {
            assert_eq!(status(AT, reported, now), expected, "{reported:?} at {now}");
        }
    }
}
