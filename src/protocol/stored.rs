//! RPCs about what hosts store: state and identity of earlier versions, of other resources, and of none at all.

use super::{encode, server::Server, tfplugin5 as wire};
use crate::framework::{Diagnostic, Diagnostics, ImportBy, Object, Provider};

pub(super) fn identity_schemas<P: Provider>(
    server: &Server<P>,
) -> wire::get_resource_identity_schemas::Response {
    let schemas = server.resources().iter().filter_map(|(name, resource)| {
        let schema = resource.identity_schema();
        let has_identity = !schema.attributes.is_empty();
        has_identity.then(|| ((*name).to_owned(), encode::identity_schema(&schema)))
    });
    wire::get_resource_identity_schemas::Response {
        identity_schemas: schemas.collect(),
        diagnostics: Vec::new(),
    }
}

pub(super) fn upgrade<P: Provider>(
    server: &Server<P>,
    request: wire::upgrade_resource_state::Request,
) -> Result<wire::upgrade_resource_state::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    check_version("state", &request.type_name, request.version, resource.schema().version)?;
    let state = encode::state(request.raw_state, ty)?;
    Ok(wire::upgrade_resource_state::Response {
        upgraded_state: Some(encode::dynamic(&state, ty)?),
        diagnostics: Vec::new(),
    })
}

pub(super) fn upgrade_identity<P: Provider>(
    server: &Server<P>,
    request: wire::upgrade_resource_identity::Request,
) -> Result<wire::upgrade_resource_identity::Response, Diagnostics> {
    let (resource, _) = server.resource(&request.type_name)?;
    let schema = resource.identity_schema();
    check_version("identity", &request.type_name, request.version, schema.version)?;
    let identity = encode::state(request.raw_identity, &schema.ty())?;
    Ok(wire::upgrade_resource_identity::Response {
        upgraded_identity: encode::identity(&identity, &schema.ty())?,
        diagnostics: Vec::new(),
    })
}

fn check_version(
    what: &str,
    type_name: &str,
    stored: i64,
    current: i64,
) -> Result<(), Diagnostics> {
    if stored == current {
        return Ok(());
    }
    let summary = match what {
        "state" => "Unsupported State Version",
        _ => "Unsupported Identity Version",
    };
    Err(Diagnostic::error(
        summary,
        format!(
            "The {what} of this `{type_name}` was written in version {stored} of its schema; this provider knows version \
             {current}. Use the provider version that wrote it, or a newer one."
        ),
    )
    .into())
}

/// Takes over the same resource of this provider under another address: from a mirror, or from the other registry. Nothing
/// else that Terraform manages holds what this needs.
pub(super) fn move_state<P: Provider>(
    server: &Server<P>,
    request: wire::move_resource_state::Request,
) -> Result<wire::move_resource_state::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.target_type_name)?;
    let (address, source) = (&request.source_provider_address, &request.source_type_name);
    let ours = request.target_type_name.split('_').next();
    if *source != request.target_type_name || address.rsplit('/').next() != ours {
        return Err(unmovable(address, source, &request.target_type_name));
    }
    check_version("state", source, request.source_schema_version, resource.schema().version)?;
    let state = encode::state(request.source_state, ty)?;
    let identity = resource.identity_schema().ty();
    let stored = request.source_identity.filter(|identity| !identity.json.is_empty());
    let target_identity = match stored {
        Some(raw) => encode::identity(&encode::state(Some(raw), &identity)?, &identity)?,
        None => None,
    };
    Ok(wire::move_resource_state::Response {
        target_state: Some(encode::dynamic(&state, ty)?),
        target_private: request.source_private,
        target_identity,
        diagnostics: Vec::new(),
    })
}

fn unmovable(address: &str, source: &str, target: &str) -> Diagnostics {
    Diagnostic::error(
        "Move Not Supported",
        format!(
            "A `{source}` of provider `{address}` cannot become a `{target}`: its state does not say which instance that \
             would be. Use a `removed` block to let Terraform forget the one, and an `import` block to take over the instance \
             as the other. Neither touches the instance."
        ),
    )
    .into()
}

pub(super) fn import<P: Provider>(
    server: &Server<P>,
    request: wire::import_resource_state::Request,
) -> Result<wire::import_resource_state::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let identity_ty = resource.identity_schema().ty();
    let identity = encode::identity_value(request.identity, &identity_ty)?;
    let by =
        if identity.is_null() { ImportBy::Id(request.id) } else { ImportBy::Identity(identity) };
    let context = server.context();
    let Object { state, identity } = resource.import(&context, by)?;
    let imported = wire::import_resource_state::ImportedResource {
        type_name: request.type_name,
        state: Some(encode::dynamic(&state, ty)?),
        identity: encode::identity(&identity, &identity_ty)?,
        private: Vec::new(),
    };
    Ok(wire::import_resource_state::Response {
        imported_resources: vec![imported],
        diagnostics: encode::diagnostics(context.into_warnings()),
        deferred: None,
    })
}

pub(super) fn generate_config<P: Provider>(
    server: &Server<P>,
    request: wire::generate_resource_config::Request,
) -> Result<wire::generate_resource_config::Response, Diagnostics> {
    let (resource, ty) = server.resource(&request.type_name)?;
    let state = encode::value(request.state, ty)?;
    Ok(wire::generate_resource_config::Response {
        config: Some(encode::dynamic(&resource.generated_config(&state)?, ty)?),
        diagnostics: Vec::new(),
    })
}
