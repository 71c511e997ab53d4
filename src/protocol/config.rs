//! RPCs about the provider as a whole: its definitions and its configuration.

use std::collections::HashMap;

use super::{
    decode, encode,
    server::{ByName, Server},
    tfplugin5 as wire,
};
use crate::{
    cty::{Type, Value},
    framework::{Diagnostic, Diagnostics, ErasedDefinition, Host, Model, Provider, Schema},
};

const CAPABILITIES: wire::ServerCapabilities = wire::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

pub(super) fn metadata<P: Provider>(server: &Server<P>) -> wire::get_metadata::Response {
    use wire::get_metadata::{
        ActionMetadata, DataSourceMetadata, EphemeralMetadata, ListResourceMetadata,
        ResourceMetadata,
    };
    let registry = server.registry();
    wire::get_metadata::Response {
        server_capabilities: Some(CAPABILITIES),
        diagnostics: Vec::new(),
        resources: named(&registry.resources, |type_name| ResourceMetadata { type_name }),
        data_sources: named(&registry.data_sources, |type_name| DataSourceMetadata { type_name }),
        ephemeral_resources: named(&registry.ephemeral_resources, |type_name| EphemeralMetadata {
            type_name,
        }),
        list_resources: named(&registry.list_resources, |type_name| ListResourceMetadata {
            type_name,
        }),
        actions: named(&registry.actions, |type_name| ActionMetadata { type_name }),
        functions: Vec::new(),
    }
}

fn named<T: ?Sized, M>(offered: &ByName<T>, metadata: impl Fn(String) -> M) -> Vec<M> {
    offered.keys().map(|name| metadata((*name).to_owned())).collect()
}

/// Encoded for each call, in less than a tenth of a millisecond: Terraform requests the schemas once
/// per command, from one process.
pub(super) fn schemas<P: Provider>(server: &Server<P>) -> wire::get_provider_schema::Response {
    let registry = server.registry();
    wire::get_provider_schema::Response {
        provider: Some(encode::schema(server.schema())),
        resource_schemas: encoded(&registry.resources, encode::schema),
        data_source_schemas: encoded(&registry.data_sources, encode::schema),
        ephemeral_resource_schemas: encoded(&registry.ephemeral_resources, encode::schema),
        list_resource_schemas: encoded(&registry.list_resources, encode::schema),
        action_schemas: encoded(&registry.actions, |schema| wire::ActionSchema {
            schema: Some(encode::schema(schema)),
        }),
        server_capabilities: Some(CAPABILITIES),
        ..wire::get_provider_schema::Response::default()
    }
}

fn encoded<T: ErasedDefinition + ?Sized, E>(
    offered: &ByName<T>,
    encode: impl Fn(&Schema) -> E,
) -> HashMap<String, E> {
    offered.iter().map(|(name, one)| ((*name).to_owned(), encode(one.schema()))).collect()
}

pub(super) fn prepare<P: Provider>(
    server: &Server<P>,
    request: wire::prepare_provider_config::Request,
) -> Result<wire::prepare_provider_config::Response, Diagnostics> {
    let ty = server.schema().block.ty();
    let config = decode::value(request.config.clone(), &ty)?;
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
    let config = decode::value(request.config, &ty)?;
    // Not every host validates before it configures.
    let warnings = validated(server, &config)?.into_result()?;
    let host = Host { terraform_version: request.terraform_version };
    let model = model::<P>(&config, &ty)?;
    server.set_session(server.provider().configure(model, host).await?);
    Ok(wire::configure::Response { diagnostics: encode::diagnostics(warnings) })
}

fn validated<P: Provider>(server: &Server<P>, config: &Value) -> Result<Diagnostics, Diagnostics> {
    let block = &server.schema().block;
    let mut diagnostics = block.validate(config);
    // A broken rule explains more than the type error that follows from it.
    if diagnostics.has_errors() {
        return Ok(diagnostics);
    }
    diagnostics.extend(server.provider().validate(&model::<P>(config, &block.ty())?));
    Ok(diagnostics)
}

/// Converts the provider block. An absent block equals an empty one.
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
        Diagnostic::bug(format!("A value does not match the schema: {error}.")).into()
    })
}
