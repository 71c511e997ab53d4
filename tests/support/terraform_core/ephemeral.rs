//! Ephemeral resources.

use serde_json::Value as Json;
use terraform_provider_compshare::{cty::Value, protocol::tfplugin5 as wire};

use super::{
    connection::RPC_TIMEOUT,
    diagnostic::{Diagnostic, Errors},
    rules::assert_plan_valid,
    terraform::Terraform,
    value::{decode, encode, to_json},
};

impl Terraform {
    /// ValidateEphemeralResourceConfig.
    pub(crate) async fn validate_ephemeral(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.schemas.ephemeral_resources[name];
        let request = wire::validate_ephemeral_resource_config::Request {
            type_name: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
        };
        let response = self.client().validate_ephemeral_resource_config(request).await.unwrap();
        self.read_diagnostics(&response.into_inner().diagnostics, block)
    }

    /// Opens and closes an ephemeral resource. Returns its value as JSON, and the warnings.
    pub(crate) async fn open(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<(Json, Vec<Diagnostic>), Errors> {
        self.validate_ephemeral(name, config).await?;
        let block = &self.schemas.ephemeral_resources[name];
        let config = block.value(config);
        let request = wire::open_ephemeral_resource::Request {
            type_name: name.to_owned(),
            config: Some(encode(&config, block)),
            // Core leaves them empty for ephemeral resources.
            client_capabilities: Some(wire::ClientCapabilities::default()),
        };
        let mut client = self.client();
        let open = client.open_ephemeral_resource(request);
        let response = tokio::time::timeout(RPC_TIMEOUT, open).await.expect("the open timed out");
        let response = response.unwrap().into_inner();
        assert!(response.deferred.is_none(), "the response is deferred");
        let warnings = self.read_diagnostics(&response.diagnostics, block)?;
        let value = decode(response.result.as_ref(), block);
        assert_plan_valid(block, &Value::Null, &config, &value);
        assert!(value.is_wholly_known(), "OpenTofu requires known values: {value:?}");
        assert!(response.renew_at.is_none(), "unexpected renewal");
        let request = wire::close_ephemeral_resource::Request {
            type_name: name.to_owned(),
            private: response.private,
        };
        let closed = client.close_ephemeral_resource(request).await.unwrap().into_inner();
        assert!(closed.diagnostics.is_empty(), "{:?}", closed.diagnostics);
        Ok((to_json(&value), warnings))
    }
}
