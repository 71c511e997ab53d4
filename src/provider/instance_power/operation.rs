//! Operation on the instance of a configuration, plan or state.

use std::time::Duration;

use super::model::{InstancePowerModel, STOPPED};
use crate::{
    operation::{InstanceRef, Location},
    power::{Operation, Target},
    provider::{gpu_mode::running, session::Session},
};

/// The operation on the instance of `model`, which is expected in `location`. A stop before a
/// destroy is not limited to the provider's region.
pub(super) fn operation(
    session: &Session,
    model: &InstancePowerModel,
    location: Location,
    target: Target,
    timeout: Duration,
) -> Operation {
    let region_limit = session.region().filter(|_| target != Target::NotRunning);
    Operation {
        instance: InstanceRef {
            id: model.instance_id.text().unwrap_or_default().to_owned(),
            scope: session.scope(self::location(model), &model.project_id),
            region_limit: region_limit.map(str::to_owned),
            location,
        },
        target,
        known_state: None,
        force_stop: model.force_stop.is_true(),
        wait_for_capacity: model.wait_for_capacity.is_true(),
        keep_running: matches!(target, Target::Running { .. }),
        timeout,
    }
}

pub(super) fn location(model: &InstancePowerModel) -> Location {
    Location { region: model.region.known().cloned(), zone: model.zone.known().cloned() }
}

/// The target of a plan, in which a `without_gpu` that is not configured is unknown.
pub(super) fn target(plan: &InstancePowerModel) -> Target {
    if plan.state.text() == Some(STOPPED) {
        return Target::Stopped;
    }
    running(&plan.without_gpu, &plan.without_gpu_spec, &plan.allow_stopping_for_update)
}
