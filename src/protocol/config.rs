//! RPCs about the provider as a whole: what it offers, and its own configuration.

use super::{encode, server::Server, tfplugin5 as wire};
use crate::{
    cty::{Type, Value},
    framework::{Diagnostics, Host, Model, Provider},
};

const CAPABILITIES: wire::ServerCapabilities = wire::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: false,
    generate_resource_config: false,
};

pub(super) fn metadata<P: Provider>(server: &Server<P>) -> wire::get_metadata::Response {
    let resource = |name: &&str| wire::get_metadata::ResourceMetadata { type_name: (*name).into() };
    wire::get_metadata::Response {
        server_capabilities: Some(CAPABILITIES),
        resources: server.resources().keys().map(resource).collect(),
        ..wire::get_metadata::Response::default()
    }
}

pub(super) fn schemas<P: Provider>(server: &Server<P>) -> wire::get_provider_schema::Response {
    let resources = server.resources().iter();
    wire::get_provider_schema::Response {
        provider: Some(encode::schema(server.schema())),
        resource_schemas: resources
            .map(|(name, resource)| ((*name).to_owned(), encode::schema(resource.schema())))
            .collect(),
        server_capabilities: Some(CAPABILITIES),
        ..wire::get_provider_schema::Response::default()
    }
}

pub(super) fn prepare<P: Provider>(
    server: &Server<P>,
    request: wire::prepare_provider_config::Request,
) -> Result<wire::prepare_provider_config::Response, Diagnostics> {
    let ty = server.schema().block.ty();
    let config = encode::value(request.config.clone(), &ty)?;
    Ok(wire::prepare_provider_config::Response {
        prepared_config: request.config,
        diagnostics: encode::diagnostics(validated(server, &config)?),
    })
}

pub(super) async fn configure<P: Provider>(
    server: &Server<P>,
    request: wire::configure::Request,
) -> Result<wire::configure::Response, Diagnostics> {
    let ty = server.schema().block.ty();
    let config = encode::value(request.config, &ty)?;
    // A host that skips validation must not get further than one that does not.
    let warnings = validated(server, &config)?.into_result()?;
    let host = Host { terraform_version: request.terraform_version };
    let model = model::<P>(&config, &ty)?;
    server.set_session(server.provider().configure(model, host).await?);
    Ok(wire::configure::Response { diagnostics: encode::diagnostics(warnings) })
}

fn validated<P: Provider>(server: &Server<P>, config: &Value) -> Result<Diagnostics, Diagnostics> {
    let block = &server.schema().block;
    let mut diagnostics = block.validate(config);
    diagnostics.extend(server.provider().validate(&model::<P>(config, &block.ty())?));
    Ok(diagnostics)
}

/// The typed provider block. One that is not there at all is one with nothing in it.
fn model<P: Provider>(config: &Value, ty: &Type) -> Result<P::Model, Diagnostics> {
    let empty = || match ty {
        Type::Object(attributes) => {
            Value::Map(attributes.keys().map(|name| (name.clone(), Value::Null)).collect())
        }
        _ => Value::Null,
    };
    let model = if config.is_null() {
        P::Model::from_value(&empty())
    } else {
        P::Model::from_value(config)
    };
    model.map_err(|error| {
        crate::framework::Diagnostic::bug(format!("A value does not fit the schema: {error}."))
            .into()
    })
}
