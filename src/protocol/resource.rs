//! RPCs about managed resources.

use super::{encode, server::Server, tfplugin5 as wire};
use crate::framework::{Context, Diagnostics, Object, PlanRequest, Provider, ToApply};

pub(super) fn validate<P: Provider>(
    server: &Server<P>,
    request: wire::validate_resource_type_config::Request,
) -> Result<wire::validate_resource_type_config::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let diagnostics = encode::validated(resource, request.config, ty)?;
    Ok(wire::validate_resource_type_config::Response { diagnostics })
}

pub(super) async fn read<P: Provider>(
    server: &Server<P>,
    request: wire::read_resource::Request,
) -> Result<wire::read_resource::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let unread = wire::read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private,
        new_identity: request.current_identity.clone(),
        ..wire::read_resource::Response::default()
    };
    if let Some(deferred) = server.deferred(request.client_capabilities) {
        return Ok(wire::read_resource::Response { deferred: Some(deferred), ..unread });
    }
    let identity = resource.identity_schema().ty();
    let stored = Object {
        state: encode::value(request.current_state, ty)?,
        identity: encode::identity_value(request.current_identity, &identity)?,
    };
    let context = server.context();
    let (read, diagnostics) = told(resource.read(&context, stored).await, context);
    let diagnostics = encode::diagnostics(diagnostics);
    // After an error everything stays as it was: an unset state would say that the object is gone.
    let Some(read) = read else {
        return Ok(wire::read_resource::Response { diagnostics, ..unread });
    };
    Ok(wire::read_resource::Response {
        new_state: Some(encode::dynamic(&read.state, ty)?),
        new_identity: encode::identity(&read.identity, &identity)?,
        diagnostics,
        ..unread
    })
}

pub(super) async fn plan<P: Provider>(
    server: &Server<P>,
    request: wire::plan_resource_change::Request,
) -> Result<wire::plan_resource_change::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let identity = resource.identity_schema().ty();
    let values = PlanRequest {
        prior: encode::value(request.prior_state, ty)?,
        config: encode::value(request.config, ty)?,
        proposed: encode::value(request.proposed_new_state, ty)?,
        identity: encode::identity_value(request.prior_identity.clone(), &identity)?,
    };
    let context = server.context();
    let (plan, diagnostics) = told(resource.plan(&context, values).await, context);
    let mut response = wire::plan_resource_change::Response {
        planned_private: request.prior_private,
        planned_identity: request.prior_identity,
        diagnostics: encode::diagnostics(diagnostics),
        deferred: server.deferred(request.client_capabilities),
        ..wire::plan_resource_change::Response::default()
    };
    if let Some(plan) = plan {
        // An unknown one is allowed, but Terraform cannot show a plan that has one (1.12 to 1.16).
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
    let values = ToApply {
        prior: encode::value(request.prior_state, ty)?,
        planned: encode::value(request.planned_state, ty)?,
        identity: encode::identity_value(request.planned_identity.clone(), &identity)?,
    };
    let exists = !values.prior.is_null();
    let context = server.context();
    let applied = resource.apply(&context, values).await;
    let mut diagnostics = context.into_warnings();
    diagnostics.extend(applied.diagnostics);
    let (state, new_identity) = match &applied.object {
        Some(object) => (Some(&object.state), encode::identity(&object.identity, &identity)?),
        // The host keeps what it had, and that had an identity only if it existed.
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

/// A result, and everything there is to tell about it: the warnings given on the way, then the errors.
pub(super) fn told<T, S>(
    result: Result<T, Diagnostics>,
    context: Context<S>,
) -> (Option<T>, Diagnostics) {
    let mut diagnostics = context.into_warnings();
    match result {
        Ok(value) => (Some(value), diagnostics),
        Err(errors) => {
            diagnostics.extend(errors);
            (None, diagnostics)
        }
    }
}
