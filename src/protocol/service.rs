//! The provider service, one method per RPC.
//!
//! There are no functions: the list is empty, and a call of any name is an error.

use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{
    action, config, data_source, ephemeral_resource, list_resource, resource,
    respond::{respond, validate},
    server::Server,
    stored,
    tfplugin5::{self as wire, provider_server},
};
use crate::framework::Provider;

type RpcResult<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<P: Provider> provider_server::Provider for Server<P> {
    async fn get_metadata(
        &self,
        _request: Request<wire::get_metadata::Request>,
    ) -> RpcResult<wire::get_metadata::Response> {
        respond("GetMetadata", async { Ok(config::metadata(self)) }).await
    }

    async fn get_schema(
        &self,
        _request: Request<wire::get_provider_schema::Request>,
    ) -> RpcResult<wire::get_provider_schema::Response> {
        respond("GetSchema", async { Ok(config::schemas(self)) }).await
    }

    async fn prepare_provider_config(
        &self,
        request: Request<wire::prepare_provider_config::Request>,
    ) -> RpcResult<wire::prepare_provider_config::Response> {
        respond("PrepareProviderConfig", async { config::prepare(self, request.into_inner()) })
            .await
    }

    async fn configure(
        &self,
        request: Request<wire::configure::Request>,
    ) -> RpcResult<wire::configure::Response> {
        respond("Configure", config::configure(self, request.into_inner())).await
    }

    async fn validate_resource_type_config(
        &self,
        request: Request<wire::validate_resource_type_config::Request>,
    ) -> RpcResult<wire::validate_resource_type_config::Response> {
        let request = request.into_inner();
        let call = async { validate(self.resource(&request.type_name), request.config) };
        respond("ValidateResourceTypeConfig", call).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> RpcResult<wire::upgrade_resource_state::Response> {
        respond("UpgradeResourceState", async { stored::upgrade(self, request.into_inner()) }).await
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> RpcResult<wire::read_resource::Response> {
        respond("ReadResource", resource::read(self, request.into_inner())).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> RpcResult<wire::plan_resource_change::Response> {
        respond("PlanResourceChange", resource::plan(self, request.into_inner())).await
    }

    /// Runs inside the RPC future, so that it is cancelled when the host disconnects. A detached apply
    /// could race with the next run, and its result would be lost.
    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> RpcResult<wire::apply_resource_change::Response> {
        respond("ApplyResourceChange", resource::apply(self, request.into_inner())).await
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> RpcResult<wire::import_resource_state::Response> {
        respond("ImportResourceState", async { stored::import(self, request.into_inner()) }).await
    }

    async fn stop(
        &self,
        _request: Request<wire::stop::Request>,
    ) -> RpcResult<wire::stop::Response> {
        tracing::info!(tf_rpc = "Stop", "interrupted: cancelling running operations");
        self.stop();
        Ok(Response::new(wire::stop::Response::default()))
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<wire::get_resource_identity_schemas::Request>,
    ) -> RpcResult<wire::get_resource_identity_schemas::Response> {
        respond("GetResourceIdentitySchemas", async { Ok(stored::identity_schemas(self)) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> RpcResult<wire::upgrade_resource_identity::Response> {
        let call = async { stored::upgrade_identity(self, request.into_inner()) };
        respond("UpgradeResourceIdentity", call).await
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> RpcResult<wire::move_resource_state::Response> {
        respond("MoveResourceState", async { stored::move_state(self, request.into_inner()) }).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<wire::generate_resource_config::Request>,
    ) -> RpcResult<wire::generate_resource_config::Response> {
        let call = async { stored::generate_config(self, request.into_inner()) };
        respond("GenerateResourceConfig", call).await
    }

    async fn validate_data_source_config(
        &self,
        request: Request<wire::validate_data_source_config::Request>,
    ) -> RpcResult<wire::validate_data_source_config::Response> {
        let request = request.into_inner();
        let call = async { validate(self.data_source(&request.type_name), request.config) };
        respond("ValidateDataSourceConfig", call).await
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> RpcResult<wire::read_data_source::Response> {
        respond("ReadDataSource", data_source::read(self, request.into_inner())).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> RpcResult<wire::validate_ephemeral_resource_config::Response> {
        let request = request.into_inner();
        let call = async { validate(self.ephemeral_resource(&request.type_name), request.config) };
        respond("ValidateEphemeralResourceConfig", call).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> RpcResult<wire::open_ephemeral_resource::Response> {
        respond("OpenEphemeralResource", ephemeral_resource::open(self, request.into_inner())).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> RpcResult<wire::renew_ephemeral_resource::Response> {
        let call = async { ephemeral_resource::renew(self, request.into_inner()) };
        respond("RenewEphemeralResource", call).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> RpcResult<wire::close_ephemeral_resource::Response> {
        let call = async { ephemeral_resource::close(self, request.get_ref()) };
        respond("CloseEphemeralResource", call).await
    }

    async fn get_functions(
        &self,
        _request: Request<wire::get_functions::Request>,
    ) -> RpcResult<wire::get_functions::Response> {
        respond("GetFunctions", async { Ok(Default::default()) }).await
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> RpcResult<wire::call_function::Response> {
        let text = format!("this provider has no function `{}`", request.get_ref().name);
        let error = Some(wire::FunctionError { text, function_argument: None });
        Ok(Response::new(wire::call_function::Response { result: None, error }))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<wire::validate_list_resource_config::Request>,
    ) -> RpcResult<wire::validate_list_resource_config::Response> {
        let call = async { list_resource::validate(self, request.into_inner()) };
        respond("ValidateListResourceConfig", call).await
    }

    type ListResourceStream = BoxStream<wire::list_resource::Event>;

    async fn list_resource(
        &self,
        request: Request<wire::list_resource::Request>,
    ) -> RpcResult<Self::ListResourceStream> {
        Ok(Response::new(list_resource::list(self.clone(), request.into_inner())))
    }

    async fn validate_action_config(
        &self,
        request: Request<wire::validate_action_config::Request>,
    ) -> RpcResult<wire::validate_action_config::Response> {
        let request = request.into_inner();
        let call = async { validate(self.action(&request.type_name), request.config) };
        respond("ValidateActionConfig", call).await
    }

    /// Checks the configuration only: an action is planned before the resources that it depends on
    /// are applied.
    async fn plan_action(
        &self,
        request: Request<wire::plan_action::Request>,
    ) -> RpcResult<wire::plan_action::Response> {
        let request = request.into_inner();
        let call = async { validate(self.action(&request.action_type), request.config) };
        respond("PlanAction", call).await
    }

    type InvokeActionStream = BoxStream<wire::invoke_action::Event>;

    async fn invoke_action(
        &self,
        request: Request<wire::invoke_action::Request>,
    ) -> RpcResult<Self::InvokeActionStream> {
        Ok(Response::new(action::invoke(self.clone(), request.into_inner())))
    }
}
