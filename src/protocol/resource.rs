//! RPCs about managed resources.

use super::{encode, server::Server, tfplugin5 as wire};
use crate::{
    cty::Type,
    framework::{Context, Diagnostic, Diagnostics, PlanRequest, Provider, ToApply},
};

pub(super) fn validate<P: Provider>(
    server: &Server<P>,
    request: wire::validate_resource_type_config::Request,
) -> Result<wire::validate_resource_type_config::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let config = encode::value(request.config, &ty)?;
    let diagnostics = encode::diagnostics(resource.validate(&config));
    Ok(wire::validate_resource_type_config::Response { diagnostics })
}

pub(super) fn upgrade<P: Provider>(
    server: &Server<P>,
    request: wire::upgrade_resource_state::Request,
) -> Result<wire::upgrade_resource_state::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let current = resource.schema().version;
    if request.version != current {
        return Err(Diagnostic::error(
            "Unsupported State Version",
            format!(
                "The state of this `{}` was written in version {} of its schema; this provider knows version {current}. \
                 Use the provider version that wrote it, or a newer one.",
                request.type_name, request.version
            ),
        )
        .into());
    }
    let state = encode::state(request.raw_state, &ty)?;
    Ok(wire::upgrade_resource_state::Response {
        upgraded_state: Some(encode::dynamic(&state, &ty)?),
        diagnostics: Vec::new(),
    })
}

pub(super) async fn read<P: Provider>(
    server: &Server<P>,
    request: wire::read_resource::Request,
) -> Result<wire::read_resource::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let state = encode::value(request.current_state.clone(), &ty)?;
    let context = server.context();
    let (read, diagnostics) = told(resource.read(&context, state).await, context);
    // After an error the state stays as it was: an unset one would say that the object is gone.
    let new_state = match read {
        Some(state) => Some(encode::dynamic(&state, &ty)?),
        None => request.current_state,
    };
    Ok(wire::read_resource::Response {
        new_state,
        diagnostics: encode::diagnostics(diagnostics),
        private: request.private,
        new_identity: request.current_identity,
        ..wire::read_resource::Response::default()
    })
}

pub(super) async fn plan<P: Provider>(
    server: &Server<P>,
    request: wire::plan_resource_change::Request,
) -> Result<wire::plan_resource_change::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let values = PlanRequest {
        prior: encode::value(request.prior_state, &ty)?,
        config: encode::value(request.config, &ty)?,
        proposed: encode::value(request.proposed_new_state, &ty)?,
    };
    let context = server.context();
    let (plan, diagnostics) = told(resource.plan(&context, values).await, context);
    let mut response = wire::plan_resource_change::Response {
        planned_private: request.prior_private,
        planned_identity: request.prior_identity,
        diagnostics: encode::diagnostics(diagnostics),
        ..wire::plan_resource_change::Response::default()
    };
    if let Some(plan) = plan {
        response.planned_state = Some(encode::dynamic(&plan.planned, &ty)?);
        response.requires_replace = plan.requires_replace.iter().map(encode::path).collect();
    }
    Ok(response)
}

pub(super) async fn apply<P: Provider>(
    server: Server<P>,
    request: wire::apply_resource_change::Request,
) -> Result<wire::apply_resource_change::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let values = ToApply {
        prior: encode::value(request.prior_state, &ty)?,
        planned: encode::value(request.planned_state, &ty)?,
    };
    let context = server.context();
    let applied = resource.apply(&context, values).await;
    let mut diagnostics = context.into_warnings();
    diagnostics.extend(applied.diagnostics);
    let new_state = match &applied.state {
        Some(state) => Some(encode::dynamic(state, &ty)?),
        None => None,
    };
    Ok(wire::apply_resource_change::Response {
        new_state,
        private: request.planned_private,
        new_identity: request.planned_identity,
        diagnostics: encode::diagnostics(diagnostics),
        ..wire::apply_resource_change::Response::default()
    })
}

pub(super) fn import<P: Provider>(
    server: &Server<P>,
    request: wire::import_resource_state::Request,
) -> Result<wire::import_resource_state::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let state = resource.import(&request.id)?;
    Ok(wire::import_resource_state::Response {
        imported_resources: vec![imported(request.type_name, &state, &ty)?],
        ..wire::import_resource_state::Response::default()
    })
}

fn imported(
    type_name: String,
    state: &crate::cty::Value,
    ty: &Type,
) -> Result<wire::import_resource_state::ImportedResource, Diagnostics> {
    Ok(wire::import_resource_state::ImportedResource {
        type_name,
        state: Some(encode::dynamic(state, ty)?),
        ..wire::import_resource_state::ImportedResource::default()
    })
}

/// A result, and everything there is to tell about it: the warnings given on the way, then the errors.
fn told<T, S>(result: Result<T, Diagnostics>, context: Context<S>) -> (Option<T>, Diagnostics) {
    let mut diagnostics = context.into_warnings();
    match result {
        Ok(value) => (Some(value), diagnostics),
        Err(errors) => {
            diagnostics.extend(errors);
            (None, diagnostics)
        }
    }
}
