//! Create of an instance.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{
    model::GpuInstanceModel,
    offer::{self, NoOffer, boot_disk, check_price},
    state::{after_apply, instance_ref},
};
use crate::{
    compshare::{CreateInstance, Instance, Size},
    framework::{Attr, Context, Diagnostics, Failure},
    lifecycle::{self, Operation, Reason, Reservation, Target, marked},
    provider::{
        message,
        session::{Clients, Session},
    },
};

type Failed = Failure<GpuInstanceModel>;

/// Creates the instance of `plan`, and waits until it runs.
///
/// # Errors
/// Nothing was created; or the instance exists, and the failure has its state.
pub(super) async fn create(
    context: &Context<Session>,
    plan: GpuInstanceModel,
    timeout: Duration,
) -> Result<GpuInstanceModel, Failed> {
    let deadline = Instant::now() + timeout;
    let session = context.session()?;
    let clients = session.clients(&context.stop).await?;
    let name = plan.name.text().unwrap_or_default();
    let project_id = offer::scope(session, &plan).project_id;
    let reserved = session.creates().reserve(name, project_id);
    let mut reservation = reserved.ok_or_else(|| message::name_in_use(name))?;
    let checks = async {
        refuse_second(context, clients, &plan, &reservation).await?;
        checked_size(context, &plan).await
    };
    let checked = timeout_at(deadline, checks).await;
    let size =
        checked.map_err(|_| message::timed_out_before_create(&plan_names(&plan), timeout))??;

    let call = call(session, &plan, size, &reservation);
    let wait_for_capacity = plan.wait_for_capacity.is_true();
    let created = lifecycle::create(
        &clients.client,
        &call,
        &reservation,
        wait_for_capacity,
        session.pace(),
        deadline,
        &context.stop,
    );
    let id = match created.await {
        Ok(id) => id,
        Err(failure) => {
            if matches!(failure, lifecycle::CreateFailure::Lost { .. }) {
                reservation.keep();
            }
            let marker = reservation.marker().to_string();
            return Err(
                message::create_failed(&plan_names(&plan), &marker, &failure, timeout).into()
            );
        }
    };
    reservation.keep();
    session.creates().manage(&id);
    let plan = GpuInstanceModel { id: id.as_str().into(), ..plan };
    let state = set_up(context, clients, plan, deadline, timeout).await?;
    warn_of_second(context, clients, &state, &reservation).await;
    Ok(state)
}

/// Name and zone of a new instance, for messages.
fn plan_names(plan: &GpuInstanceModel) -> message::NewInstance {
    message::NewInstance {
        name: plan.name.text().unwrap_or_default().to_owned(),
        zone: plan.zone.text().unwrap_or_default().to_owned(),
        gpu_type: plan.gpu_type.text().unwrap_or_default().to_owned(),
    }
}

/// Fails if an earlier run has created an instance of the same name.
async fn refuse_second(
    context: &Context<Session>,
    clients: &Clients,
    plan: &GpuInstanceModel,
    reservation: &Reservation,
) -> Result<(), Diagnostics> {
    let session = context.session()?;
    let left_behind = session.creates().left_behind(&clients.client, reservation, session.pace());
    let found = context
        .or_interrupted(left_behind, || message::interrupted("Listing Instances"))
        .await?
        .map_err(|error| message::not_created("Check Name", &error))?;
    match found {
        Some(instance) => Err(message::left_behind(&instance, &import_id(plan, &instance))),
        None => Ok(()),
    }
}

/// Warns of an instance of the same name that was not visible before the create. The new instance is
/// usable, so this is no error.
async fn warn_of_second(
    context: &Context<Session>,
    clients: &Clients,
    state: &GpuInstanceModel,
    reservation: &Reservation,
) {
    let Ok(session) = context.session() else { return };
    let creates = session.creates();
    let unseen = creates.left_behind_unseen(&clients.client, reservation, session.pace());
    let found = tokio::select! {
        found = unseen => found.ok().flatten(),
        () = context.stop.cancelled() => None,
    };
    if let Some(instance) = found {
        let import_id = import_id(state, &instance);
        context.warn(message::left_behind_unseen(&instance, &import_id));
    }
}

fn import_id(model: &GpuInstanceModel, instance: &Arc<Instance>) -> String {
    match model.project_id.text() {
        Some(project) => format!("{project}/{}", instance.id),
        None => instance.id.clone(),
    }
}

/// Returns the size to create, and refuses a price above the limit.
async fn checked_size(
    context: &Context<Session>,
    plan: &GpuInstanceModel,
) -> Result<Size, Diagnostics> {
    let failed = |attempt| {
        move |reason| match reason {
            NoOffer::Failed(error) => message::not_created(attempt, &error),
            NoOffer::Refused(diagnostics) => diagnostics,
        }
    };
    let size = offer::size(context, plan).await.map_err(failed("Choose Size"))?;
    if !plan.max_price_cny.is_null() {
        let price = offer::price(context, plan, size).await.map_err(failed("Check Price"))?;
        check_price(plan, price)?;
    }
    Ok(size)
}

fn call(
    session: &Session,
    plan: &GpuInstanceModel,
    size: Size,
    reservation: &Reservation,
) -> CreateInstance {
    let text = |attr: &Attr<String>| attr.text().unwrap_or_default().to_owned();
    CreateInstance {
        scope: offer::scope(session, plan),
        name: text(&plan.name),
        remark: marked(plan.remark.text().unwrap_or_default(), reservation.marker()),
        gpu_type: text(&plan.gpu_type),
        size,
        image_id: text(&plan.image_id),
        boot_disk: boot_disk(plan),
        charge_type: text(&plan.charge_type),
        firewall_id: plan.firewall_id.known().cloned(),
    }
}

/// Waits until the new instance runs. Its state is saved in any case.
async fn set_up(
    context: &Context<Session>,
    clients: &Clients,
    plan: GpuInstanceModel,
    deadline: Instant,
    timeout: Duration,
) -> Result<GpuInstanceModel, Failed> {
    let operation = Operation {
        instance: instance_ref(context.session()?, &plan),
        target: Target::Created,
        known_state: None,
        wait_for_capacity: false,
        timeout: deadline.saturating_duration_since(Instant::now()),
    };
    match clients.operations.run(&operation, &context.stop).await {
        Ok(success) => Ok(after_apply(plan, success.instance.as_deref())),
        Err(mut failure) => {
            // The timeout of the operation is what the create call has left of it.
            if let Reason::TimedOut(shown) = &mut failure.reason {
                *shown = timeout;
            }
            Err(Failure {
                diagnostics: message::lifecycle(&operation, &failure),
                state: Some(Box::new(after_apply(plan, failure.log.last_seen.as_deref()))),
            })
        }
    }
}
