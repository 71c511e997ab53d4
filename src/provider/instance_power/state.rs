//! States of `compshare_instance_power`: after a read, an apply or an import.

use super::model::{InstancePowerModel, RUNNING, STOPPED};
use crate::{
    compshare::{Instance, State},
    framework::{Attr, Model as _},
    provider::{
        instance::{
            identity::InstanceIdentity,
            reported::{ReportedFacts, SshLogin, reported},
        },
        session::Session,
    },
};

/// Returns `model` with the values that the API reports. Other values are kept.
pub(super) fn observed(model: &InstancePowerModel, instance: &Instance) -> InstancePowerModel {
    let is_imported = model.state.is_null();
    let state = if is_imported { resting(&instance.state) } else { instance.state.as_str() };
    // The API reports an empty state if its own lookup failed.
    if instance.state == State::Unknown {
        let state = if is_imported { state.into() } else { model.state.clone() };
        return InstancePowerModel { state, ..model.clone() };
    }
    if let State::Other(state) = &instance.state {
        tracing::warn!(instance = %instance.id, state, "undocumented instance state");
    }
    // An instance does not move. Overwriting a known region or zone with an observed one could make
    // the next plan replace the resource.
    let place = |known: &Attr<String>, observed: &Option<String>| {
        reported(known.known().or(observed.as_ref()).cloned())
    };
    let mut now = InstancePowerModel {
        id: model.instance_id.clone(),
        state: state.into(),
        region: place(&model.region, &instance.region),
        zone: place(&model.zone, &instance.zone),
        without_gpu: reported(instance.runs_without_gpu()),
        name: reported(instance.name.clone()),
        reported: ReportedFacts::of(instance),
        ssh: SshLogin::of(instance),
        ..model.clone()
    };
    now.fill_unknown(model);
    now
}

/// Returns the state that an instance in `state` rests in, or is heading to. Before Terraform 1.14,
/// `-generate-config-out` writes the state of an import as the desired one.
pub(super) const fn resting(state: &State) -> &'static str {
    match state {
        State::Running
        | State::Starting
        | State::Rebooting
        | State::Initializing
        | State::Install
        | State::Pending
        | State::Unknown => RUNNING,
        State::Stopped
        | State::Stopping
        | State::Resizing
        | State::Reinstalling
        | State::InstallFail
        | State::Other(_) => STOPPED,
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
        state.fill_unknown(&unreported());
    }
    state
}

/// Values that the API does not report.
fn unreported() -> InstancePowerModel {
    InstancePowerModel { without_gpu: Attr::Known(false), ..InstancePowerModel::default() }
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
        ..unreported()
    }
}
