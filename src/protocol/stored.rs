//! RPCs about stored objects: upgrade, move and import of state and identity, and generated
//! configuration.

use super::{decode, encode, resource::IMPORTED, server::Server, tfplugin5 as wire};
use crate::framework::{Diagnostic, Diagnostics, ImportBy, Object, Provider};

pub(super) fn identity_schemas<P: Provider>(
    server: &Server<P>,
) -> wire::get_resource_identity_schemas::Response {
    let schemas = server.registry().resources.iter().filter_map(|(name, resource)| {
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
    let state = decode::stored(request.raw_state, ty)?;
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
    let identity = decode::stored(request.raw_identity, &schema.ty())?;
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
            "The {what} of this `{type_name}` has schema version {stored}, and this version of the \
             provider supports version {current}. Use the provider version that wrote it, or a newer \
             one."
        ),
    )
    .into())
}

/// Moves a resource of the same type from this provider under another source address, such as that
/// of a mirror or of another registry. The state of no other resource has the data for it.
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
    let state = decode::stored(request.source_state, ty)?;
    let identity = resource.identity_schema().ty();
    let stored = request.source_identity.filter(|identity| !identity.json.is_empty());
    let target_identity = match stored {
        Some(raw) => encode::identity(&decode::stored(Some(raw), &identity)?, &identity)?,
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
            "A `{source}` of provider `{address}` cannot be moved to a `{target}`: its state does not \
             identify the object. Use a `removed` block to remove the `{source}` from the state, and \
             an `import` block to import the object as a `{target}`. Neither changes the object itself."
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
    let identity = decode::identity(request.identity, &identity_ty)?;
    let by =
        if identity.is_null() { ImportBy::Id(request.id) } else { ImportBy::Identity(identity) };
    let context = server.context();
    let Object { state, identity } = resource.import(&context, by)?;
    let imported = wire::import_resource_state::ImportedResource {
        type_name: request.type_name,
        state: Some(encode::dynamic(&state, ty)?),
        identity: encode::identity(&identity, &identity_ty)?,
        private: IMPORTED.to_vec(),
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
    let state = decode::value(request.state, ty)?;
    Ok(wire::generate_resource_config::Response {
        config: Some(encode::dynamic(&resource.generated_config(&state)?, ty)?),
        diagnostics: Vec::new(),
    })
}
