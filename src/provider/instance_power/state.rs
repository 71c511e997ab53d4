//! States of `compshare_instance_power`: after a read, an apply or an import.

use super::model::InstancePowerModel;
use crate::{
    compshare::{Instance, State},
    framework::{Attr, Model as _},
    provider::{
        instance::{facts::rfc3339, identity::InstanceIdentity},
        session::Session,
    },
};

/// Returns `model` with the values that the API reports. Other values are kept.
pub(super) fn observed(model: &InstancePowerModel, instance: &Instance) -> InstancePowerModel {
    let mut state = model.clone();
    // The API reports an empty state if its own lookup failed.
    if instance.state == State::Unknown {
        return state;
    }
    state.id = model.instance_id.clone();
    state.state = instance.state.as_str().into();
    // An instance does not move. Overwriting a known region or zone with an observed one could make
    // the next plan replace the resource.
    if state.region.known().is_none() {
        set(&mut state.region, instance.region.clone());
    }
    if state.zone.known().is_none() {
        set(&mut state.zone, instance.zone.clone());
    }
    set(&mut state.name, instance.name.clone());
    set(&mut state.gpu_type, instance.gpu_type.clone());
    set(&mut state.started_at, instance.start_time.and_then(rfc3339));
    set(&mut state.gpu_count, instance.allocated_gpus().map(i64::from));
    match &instance.state {
        State::Running => set(&mut state.without_gpu, instance.gpu.map(|count| count == 0)),
        State::Other(state) => {
            tracing::warn!(instance = %instance.id, state, "undocumented instance state");
        }
        _ => {}
    }
    state
}

fn set<T>(attr: &mut Attr<T>, fact: Option<T>) {
    if let Some(fact) = fact {
        *attr = Attr::Known(fact);
    }
}

/// The state after an apply. Values that the plan left unknown come from the instance; those that
/// the API does not report become null, because no value may be unknown after an apply.
pub(super) fn after_apply(
    plan: InstancePowerModel,
    instance: Option<&Instance>,
) -> InstancePowerModel {
    let mut state = plan;
    if let Some(instance) = instance {
        let observed = observed(&state, instance);
        state.fill_unknown(&observed);
        state.fill_unknown(&InstancePowerModel::default());
    }
    state
}

/// The state that an import or a list begins with.
pub(super) fn imported_state(session: &Session, identity: InstanceIdentity) -> InstancePowerModel {
    // The provider's project is written out, so that an import by ID and one by identity lead to the
    // same state. The project cannot be unknown here.
    let project_id = session.project_or(&identity.project_id).into_known().into();
    InstancePowerModel {
        id: identity.instance_id.clone(),
        instance_id: identity.instance_id,
        project_id,
        without_gpu: Attr::Known(false),
        ..InstancePowerModel::default()
    }
}
