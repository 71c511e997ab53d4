//! RPCs about managed resources.

use super::{decode, encode, respond::split_diagnostics, server::Server, tfplugin5 as wire};
use crate::framework::{ApplyRequest, Diagnostics, Object, PlanRequest, Provider};

pub(super) async fn read<P: Provider>(
    server: &Server<P>,
    request: wire::read_resource::Request,
) -> Result<wire::read_resource::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let unchanged = wire::read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private,
        new_identity: request.current_identity.clone(),
        ..wire::read_resource::Response::default()
    };
    if let Some(deferred) = server.deferred(request.client_capabilities) {
        return Ok(wire::read_resource::Response { deferred: Some(deferred), ..unchanged });
    }
    let identity = resource.identity_schema().ty();
    let stored = Object {
        state: decode::value(request.current_state, ty)?,
        identity: decode::identity(request.current_identity, &identity)?,
    };
    let context = server.context();
    let (read, diagnostics) = split_diagnostics(resource.read(&context, stored).await, context);
    let diagnostics = encode::diagnostics(diagnostics);
    // After an error the state is returned unchanged: an absent one would mean that the object is
    // gone.
    let Some(read) = read else {
        return Ok(wire::read_resource::Response { diagnostics, ..unchanged });
    };
    Ok(wire::read_resource::Response {
        new_state: Some(encode::dynamic(&read.state, ty)?),
        new_identity: encode::identity(&read.identity, &identity)?,
        diagnostics,
        ..unchanged
    })
}

/// Private data in the plan of an existing object. Core plans a replacement a second time, as a
/// create, and only then sends a create with private data.
const PLANNED: &[u8] = b"planned";

/// Private data of an imported object, until an apply changes it.
pub(super) const IMPORTED: &[u8] = b"imported";

pub(super) async fn plan<P: Provider>(
    server: &Server<P>,
    request: wire::plan_resource_change::Request,
) -> Result<wire::plan_resource_change::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let identity = resource.identity_schema().ty();
    let prior = decode::value(request.prior_state, ty)?;
    let planned_private =
        if prior.is_null() { request.prior_private.clone() } else { PLANNED.to_vec() };
    let values = PlanRequest {
        is_replacement: prior.is_null() && !request.prior_private.is_empty(),
        is_imported: request.prior_private == IMPORTED,
        prior,
        config: decode::value(request.config, ty)?,
        proposed: decode::value(request.proposed_new_state, ty)?,
        identity: decode::identity(request.prior_identity.clone(), &identity)?,
    };
    let context = server.context();
    let (plan, diagnostics) = split_diagnostics(resource.plan(&context, values).await, context);
    let mut response = wire::plan_resource_change::Response {
        planned_private,
        planned_identity: request.prior_identity,
        diagnostics: encode::diagnostics(diagnostics),
        deferred: server.deferred(request.client_capabilities),
        ..wire::plan_resource_change::Response::default()
    };
    if let Some(plan) = plan {
        // The protocol allows an unknown identity, but Terraform 1.12 to 1.16 cannot show such a plan.
        if plan.identity.is_wholly_known() {
            response.planned_identity = encode::identity(&plan.identity, &identity)?;
        } else {
            response.planned_identity = None;
        }
        response.planned_state = Some(encode::dynamic(&plan.planned, ty)?);
        response.requires_replace = plan.requires_replace.iter().map(encode::path).collect();
    }
    Ok(response)
}

pub(super) async fn apply<P: Provider>(
    server: &Server<P>,
    request: wire::apply_resource_change::Request,
) -> Result<wire::apply_resource_change::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let identity = resource.identity_schema().ty();
    let values = ApplyRequest {
        prior: decode::value(request.prior_state, ty)?,
        planned: decode::value(request.planned_state, ty)?,
        identity: decode::identity(request.planned_identity.clone(), &identity)?,
    };
    let exists = !values.prior.is_null();
    let context = server.context();
    let applied = resource.apply(&context, values).await;
    let mut diagnostics = context.into_warnings();
    diagnostics.extend(applied.diagnostics);
    let (state, new_identity) = match &applied.object {
        Some(object) => (Some(&object.state), encode::identity(&object.identity, &identity)?),
        // The host keeps its state, and has an identity for it only if the object existed before.
        None => (None, request.planned_identity.filter(|_| exists)),
    };
    Ok(wire::apply_resource_change::Response {
        new_state: encode::optional(state, ty)?,
        private: request.planned_private,
        new_identity,
        diagnostics: encode::diagnostics(diagnostics),
        ..wire::apply_resource_change::Response::default()
    })
}
