//! States of `compshare_instance`: after a read, an apply or an import.

use super::model::{GpuInstanceModel, SPOT};
use crate::{
    compshare::{Instance, Scope, State},
    framework::{Attr, Model as _},
    lifecycle::user_text,
    operation::{InstanceRef, Location},
    provider::{
        instance::{
            identity::InstanceIdentity,
            reported::{ChangingFacts, SshLogin, reported},
        },
        session::Session,
    },
};

/// Returns `model` with the values that the API reports. Other values are kept.
///
/// A stored value whose change replaces the instance is kept as well: no observation may lead to a
/// replacement.
pub(super) fn observed(model: &GpuInstanceModel, instance: &Instance) -> GpuInstanceModel {
    fn kept<T: Clone>(stored: &Attr<T>, observed: Option<T>) -> Attr<T> {
        reported(stored.known().cloned().or(observed))
    }
    if instance.state == State::Unknown {
        return model.clone();
    }
    // An instance in no-GPU mode has its own size again after the next start with GPU.
    let size = instance.own_size();
    let boot_disk = instance.boot_disk();
    let disk_gb = boot_disk.and_then(|disk| disk.size_gb);
    let remark = instance.remark.as_deref().and_then(user_text);
    let mut now = GpuInstanceModel {
        id: instance.id.as_str().into(),
        zone: kept(&model.zone, instance.zone.clone()),
        region: kept(&model.region, instance.region.clone()),
        gpu_type: kept(&model.gpu_type, instance.gpu_type.clone()),
        image_id: kept(&model.image_id, instance.image_id.clone()),
        charge_type: kept(&model.charge_type, charge_type(instance)),
        boot_disk_gb: kept(&model.boot_disk_gb, disk_gb.and_then(|gb| i64::try_from(gb).ok())),
        boot_disk_type: kept(&model.boot_disk_type, boot_disk.and_then(|disk| disk.kind.clone())),
        remark: kept(&model.remark, remark.map(str::to_owned)),
        name: reported(instance.name.clone()),
        gpu_count: reported(size.map(|size| i64::from(size.gpu_count))),
        cpu: reported(size.map(|size| i64::from(size.cpu))),
        memory_gb: reported(size.map(|size| i64::from(size.memory_gb))),
        state: instance.state.as_str().into(),
        changing: ChangingFacts::of(instance),
        ssh: SshLogin::of(instance),
        ..model.clone()
    };
    now.fill_unknown(model);
    now
}

/// Spot instances report `Postpay` as well.
fn charge_type(instance: &Instance) -> Option<String> {
    match instance.is_spot {
        Some(true) => Some(SPOT.to_owned()),
        _ => instance.charge_type.clone(),
    }
}

/// The state after an apply. Values that the plan left unknown come from the instance, or are null
/// if the API does not report them.
pub(super) fn after_apply(plan: GpuInstanceModel, instance: Option<&Instance>) -> GpuInstanceModel {
    let mut state = plan;
    if let Some(instance) = instance {
        let observed = observed(&state, instance);
        state.fill_unknown(&observed);
    }
    state.fill_unknown(&GpuInstanceModel::default());
    state
}

/// The state that an import or a list begins with.
pub(super) fn imported_state(session: &Session, identity: InstanceIdentity) -> GpuInstanceModel {
    let project_id = session.project_or(&identity.project_id).into_known().into();
    GpuInstanceModel { id: identity.instance_id, project_id, ..GpuInstanceModel::default() }
}

/// The instance of a state. Operations on it are not limited to the provider's region.
pub(super) fn instance_ref(session: &Session, model: &GpuInstanceModel) -> InstanceRef {
    InstanceRef {
        id: model.id.text().unwrap_or_default().to_owned(),
        scope: scope(session, model),
        region_limit: None,
        location: Location::default(),
    }
}

/// Scope of the instance of a state. Its project and region are those of the instance: with the
/// ones that the provider has now, an existing instance could count as deleted.
pub(super) fn scope(session: &Session, model: &GpuInstanceModel) -> Scope {
    Scope {
        region: model.region.text().or_else(|| session.region()).map(str::to_owned),
        zone: model.zone.known().cloned(),
        project_id: model.project_id.known().cloned(),
    }
}

/// Region of a zone: `cn-wlcb` for `cn-wlcb-01`.
pub(super) fn region_of(zone: &str) -> &str {
    match zone.rsplit_once('-') {
        Some((region, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => region,
        _ => zone,
    }
}
