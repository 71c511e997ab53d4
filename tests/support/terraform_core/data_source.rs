//! Data sources.

use serde_json::Value as Json;
use terraform_provider_compshare::{cty::Value, protocol::tfplugin5 as wire};

use super::{
    diagnostic::{Diagnostic, Errors},
    rules::assert_plan_valid,
    terraform::Terraform,
    value::{decode, encode, to_json},
};

impl Terraform {
    /// ValidateDataSourceConfig.
    pub(crate) async fn validate_data(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.schemas.data_sources[name];
        let request = wire::validate_data_source_config::Request {
            type_name: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
        };
        let response = self.client().validate_data_source_config(request).await.unwrap();
        self.read_diagnostics(&response.into_inner().diagnostics, block)
    }

    /// Validates and reads a data source, and returns its value as JSON.
    pub(crate) async fn read_data(&self, name: &str, config: &Json) -> Result<Json, Errors> {
        Ok(self.read_data_with_warnings(name, config).await?.0)
    }

    /// As [`Self::read_data`], with the warnings.
    pub(crate) async fn read_data_with_warnings(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<(Json, Vec<Diagnostic>), Errors> {
        let (value, warnings) = self.read_response(name, config).await?;
        assert!(value.is_wholly_known(), "unknown value after a read: {value:?}");
        Ok((to_json(&value), warnings))
    }

    /// Validates and reads a data source; the response may be deferred.
    pub(crate) async fn read_data_value(&self, name: &str, config: &Json) -> Result<Value, Errors> {
        Ok(self.read_response(name, config).await?.0)
    }

    async fn read_response(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<(Value, Vec<Diagnostic>), Errors> {
        self.validate_data(name, config).await?;
        let block = &self.schemas.data_sources[name];
        let config = block.value(config);
        assert!(
            config.is_wholly_known(),
            "core reads a data source only with a wholly known configuration"
        );
        let request = wire::read_data_source::Request {
            type_name: name.to_owned(),
            config: Some(encode(&config, block)),
            client_capabilities: self.capabilities(),
            ..Default::default()
        };
        let response = self.client().read_data_source(request).await.unwrap().into_inner();
        let warnings = self.read_diagnostics(&response.diagnostics, block)?;
        self.deferred(response.deferred);
        let value = decode(response.state.as_ref(), block);
        assert!(!value.is_null(), "Provider produced null object");
        // Core does not make this comparison for data sources. A configuration that reads an
        // argument back must still see the configured value.
        assert_plan_valid(block, &Value::Null, &config, &value);
        Ok((value, warnings))
    }
}
