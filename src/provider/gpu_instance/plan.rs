//! Plans of `compshare_instance`: planned values, and checks of size, price and state.
//!
//! As in the plans of `instance_power`, planned values depend on configuration and prior state only.
//! Size and price of what CompShare sells lead to errors and warnings.

use super::{
    model::{BOOT_DISK_GB, BOOT_DISK_TYPE, GpuInstanceModel, POSTPAY},
    offer::{self, NoOffer, check_price},
    state::{instance_ref, region_of},
};
use crate::{
    compshare::{Class, Error, Size, State},
    framework::{Attr, Change, Context, Diagnostics, ForcedReplacement},
    provider::{
        instance::reported::{ChangingFacts, SshLogin},
        message,
        session::Session,
    },
};

type InstanceChange<'a> = Change<'a, GpuInstanceModel>;

/// Completes `planned`, and warns of its costs.
///
/// # Errors
/// The configuration is at fault.
pub(super) async fn plan(
    context: &Context<Session>,
    change: &InstanceChange<'_>,
    planned: &mut GpuInstanceModel,
) -> Result<(), Diagnostics> {
    match change.prior {
        // A replacement that the user has requested.
        None if change.is_replacement && planned.deletion_protection.is_true() => {
            let name = planned.name.text().unwrap_or_default();
            Err(message::deletion_protected(name, "Replace"))
        }
        None => plan_create(context, change.config, planned).await,
        Some(prior) => plan_update(context, change.config, prior, planned).await,
    }
}

/// Warns of a replacement.
///
/// # Errors
/// The instance is protected, or was only imported.
pub(super) fn plan_replacement(
    context: &Context<Session>,
    replacement: &ForcedReplacement<'_, GpuInstanceModel>,
) -> Result<(), Diagnostics> {
    let ForcedReplacement { prior, planned, attributes, is_imported } = *replacement;
    let id = prior.id.text().unwrap_or_default();
    // The protection of the new configuration counts as well.
    if prior.deletion_protection.is_true() || planned.deletion_protection.is_true() {
        return Err(message::deletion_protected(id, "Replace"));
    }
    if is_imported {
        return Err(message::imported_replacement(id, attributes));
    }
    context.warn(message::replacement(id, attributes));
    Ok(())
}

async fn plan_create(
    context: &Context<Session>,
    config: &GpuInstanceModel,
    planned: &mut GpuInstanceModel,
) -> Result<(), Diagnostics> {
    let session = context.session()?;
    let or_default = |configured: &Attr<i64>, default: i64| match configured {
        Attr::Null => Attr::Known(default),
        given => *given,
    };
    let or_text = |configured: &Attr<String>, default: &str| match configured {
        Attr::Null => Attr::from(default),
        given => given.clone(),
    };
    planned.gpu_count = or_default(&config.gpu_count, 1);
    planned.boot_disk_gb = or_default(&config.boot_disk_gb, BOOT_DISK_GB);
    planned.boot_disk_type = or_text(&config.boot_disk_type, BOOT_DISK_TYPE);
    planned.charge_type = or_text(&config.charge_type, POSTPAY);
    planned.remark = config.remark.clone();
    planned.project_id = session.project_or(&config.project_id);
    if let Some(zone) = config.zone.text() {
        planned.region = region_of(zone).into();
    }
    let has_unknown = [&config.zone, &config.gpu_type, &config.image_id]
        .into_iter()
        .chain([&planned.charge_type, &planned.boot_disk_type, &planned.project_id])
        .any(Attr::is_unknown)
        || [&config.gpu_count, &config.cpu, &config.memory_gb, &planned.boot_disk_gb]
            .into_iter()
            .any(Attr::is_unknown)
        || config.max_price_cny.is_unknown();
    if has_unknown || session.config_is_unknown() {
        return Ok(());
    }
    match quote(context, planned).await {
        Ok((size, price)) => {
            let name = planned.name.text().unwrap_or_default();
            session.warn(context, name, message::billed(planned_instance(planned), size, price));
            Ok(())
        }
        Err(reason) => warn_or_refuse(context, reason),
    }
}

fn planned_instance(planned: &GpuInstanceModel) -> message::Purchase<'_> {
    message::Purchase {
        name: planned.name.text(),
        charge_type: planned.charge_type.text().unwrap_or_default(),
        gpu_type: planned.gpu_type.text().unwrap_or_default(),
    }
}

/// Returns size and price of the new instance. The price is unknown if the API reports none and
/// there is no limit.
async fn quote(
    context: &Context<Session>,
    planned: &GpuInstanceModel,
) -> Result<(Size, Option<f64>), NoOffer> {
    let size = offer::size(context, planned).await?;
    let price = offer::price(context, planned, size).await?;
    check_price(planned, price)?;
    Ok((size, price))
}

/// Fails if the configuration or the keys are at fault. Other failures of the API must not hold up
/// the rest of the plan: the apply checks again.
fn warn_or_refuse(context: &Context<Session>, reason: NoOffer) -> Result<(), Diagnostics> {
    match reason {
        NoOffer::Refused(diagnostics) => Err(diagnostics),
        NoOffer::Failed(error) if error.class() == Some(Class::Credentials) => {
            Err(message::call("Check Plan", &error))
        }
        NoOffer::Failed(error) => not_checked(context, Some(&error)),
    }
}

fn not_checked(context: &Context<Session>, error: Option<&Error>) -> Result<(), Diagnostics> {
    context.session()?.warn(context, "", message::plan_not_checked(error));
    Ok(())
}

async fn plan_update(
    context: &Context<Session>,
    config: &GpuInstanceModel,
    prior: &GpuInstanceModel,
    planned: &mut GpuInstanceModel,
) -> Result<(), Diagnostics> {
    unchangeable(prior, planned)?;
    if changes_size(prior, planned) {
        // A part of the size that is not configured follows the other parts.
        for (part, configured) in
            [(&mut planned.cpu, &config.cpu), (&mut planned.memory_gb, &config.memory_gb)]
        {
            if configured.is_null() {
                *part = Attr::Unknown;
            }
        }
    }
    if !changes_size(prior, planned) && !extends_disk(prior, planned) {
        return Ok(());
    }
    planned.state = Attr::Unknown;
    planned.changing = ChangingFacts::unknown(prior.changing.is_spot);
    planned.ssh = SshLogin::unknown();
    let is_unknown =
        [&config.gpu_count, &config.cpu, &config.memory_gb].into_iter().any(Attr::is_unknown);
    if is_unknown || context.session()?.config_is_unknown() {
        return Ok(());
    }
    if changes_size(prior, planned)
        && let Err(reason) = offer::size(context, planned).await
    {
        warn_or_refuse(context, reason)?;
    }
    check_resize(context, prior, planned).await
}

/// Refuses a resize that requires a stop which is not allowed.
async fn check_resize(
    context: &Context<Session>,
    prior: &GpuInstanceModel,
    planned: &GpuInstanceModel,
) -> Result<(), Diagnostics> {
    if planned.allow_stopping_for_update.is_true() || planned.allow_stopping_for_update.is_unknown()
    {
        return Ok(());
    }
    let session = context.session()?;
    let instance = instance_ref(session, prior);
    let operations = &session.clients(&context.stop).await?.operations;
    let described = tokio::select! {
        described = operations.describe_recent(&instance.id, &instance.scope) => described,
        () = context.stop.cancelled() => return Ok(()),
        () = tokio::time::sleep(session.request_timeout()) => return not_checked(context, None),
    };
    match described {
        Ok(Some(seen)) if seen.state == State::Running => {
            Err(message::resize_needs_stop(&instance.id))
        }
        Ok(_) => Ok(()),
        Err(error) => not_checked(context, Some(&error)),
    }
}

/// Refuses a change that the API has no request for. A value that was not stored, because the API
/// does not report it, is no change.
///
/// # Errors
/// The first such attribute.
pub(super) fn unchangeable(
    prior: &GpuInstanceModel,
    planned: &GpuInstanceModel,
) -> Result<(), Diagnostics> {
    let id = prior.id.text().unwrap_or_default();
    let differs = |before: &Attr<String>, now: &Attr<String>| !before.is_null() && before != now;
    for (attribute, before, now) in [
        ("boot_disk_type", &prior.boot_disk_type, &planned.boot_disk_type),
        ("firewall_id", &prior.firewall_id, &planned.firewall_id),
        ("project_id", &prior.project_id, &planned.project_id),
    ] {
        if differs(before, now) && !now.is_unknown() {
            return Err(message::unchangeable(id, attribute, before.text()));
        }
    }
    if prior.remark != planned.remark && !planned.remark.is_unknown() {
        return Err(message::unchangeable(id, "remark", prior.remark.text()));
    }
    Ok(())
}

/// Returns true if the change from `prior` to `planned` resizes the instance.
pub(super) fn changes_size(prior: &GpuInstanceModel, planned: &GpuInstanceModel) -> bool {
    prior.gpu_count != planned.gpu_count
        || prior.cpu != planned.cpu
        || prior.memory_gb != planned.memory_gb
}

/// Returns true if the change from `prior` to `planned` extends the system disk. A size that was
/// not reported is not compared.
pub(super) fn extends_disk(prior: &GpuInstanceModel, planned: &GpuInstanceModel) -> bool {
    !prior.boot_disk_gb.is_null() && prior.boot_disk_gb != planned.boot_disk_gb
}
