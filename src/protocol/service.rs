//! The provider service, one method per RPC.
//!
//! There are no functions, which is answered as a provider without any does: an empty list, and an error for every name.

use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{
    action,
    answer::answer,
    config, data_source, ephemeral_resource, list_resource, resource,
    server::Server,
    stored,
    tfplugin5::{self as wire, provider_server},
};
use crate::framework::Provider;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<P: Provider> provider_server::Provider for Server<P> {
    async fn get_metadata(
        &self,
        _request: Request<wire::get_metadata::Request>,
    ) -> Answer<wire::get_metadata::Response> {
        answer("GetMetadata", async { Ok(config::metadata(self)) }).await
    }

    async fn get_schema(
        &self,
        _request: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        answer("GetSchema", async { Ok(config::schemas(self)) }).await
    }

    async fn prepare_provider_config(
        &self,
        request: Request<wire::prepare_provider_config::Request>,
    ) -> Answer<wire::prepare_provider_config::Response> {
        answer("PrepareProviderConfig", async { config::prepare(self, request.into_inner()) }).await
    }

    async fn configure(
        &self,
        request: Request<wire::configure::Request>,
    ) -> Answer<wire::configure::Response> {
        answer("Configure", config::configure(self, request.into_inner())).await
    }

    async fn validate_resource_type_config(
        &self,
        request: Request<wire::validate_resource_type_config::Request>,
    ) -> Answer<wire::validate_resource_type_config::Response> {
        let call = async { resource::validate(self, request.into_inner()) };
        answer("ValidateResourceTypeConfig", call).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        answer("UpgradeResourceState", async { stored::upgrade(self, request.into_inner()) }).await
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        answer("ReadResource", resource::read(self, request.into_inner())).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        answer("PlanResourceChange", resource::plan(self, request.into_inner())).await
    }

    /// Not in a task of its own: it ends with the host, or with the host's interest. Nobody would learn what came of it, and
    /// the next run may be at work on the same instances.
    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        answer("ApplyResourceChange", resource::apply(self, request.into_inner())).await
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        answer("ImportResourceState", async { stored::import(self, request.into_inner()) }).await
    }

    async fn stop(&self, _request: Request<wire::stop::Request>) -> Answer<wire::stop::Response> {
        tracing::info!(tf_rpc = "Stop", "interrupted: ending what is under way");
        self.stop();
        Ok(Response::new(wire::stop::Response::default()))
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        answer("GetResourceIdentitySchemas", async { Ok(stored::identity_schemas(self)) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        let call = async { stored::upgrade_identity(self, request.into_inner()) };
        answer("UpgradeResourceIdentity", call).await
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        answer("MoveResourceState", async { stored::move_state(self, request.into_inner()) }).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<wire::generate_resource_config::Request>,
    ) -> Answer<wire::generate_resource_config::Response> {
        let call = async { stored::generate_config(self, request.into_inner()) };
        answer("GenerateResourceConfig", call).await
    }

    async fn validate_data_source_config(
        &self,
        request: Request<wire::validate_data_source_config::Request>,
    ) -> Answer<wire::validate_data_source_config::Response> {
        let call = async { data_source::validate(self, request.into_inner()) };
        answer("ValidateDataSourceConfig", call).await
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        answer("ReadDataSource", data_source::read(self, request.into_inner())).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        let call = async { ephemeral_resource::validate(self, request.into_inner()) };
        answer("ValidateEphemeralResourceConfig", call).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        answer("OpenEphemeralResource", ephemeral_resource::open(self, request.into_inner())).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        let call = async { ephemeral_resource::renew(self, request.into_inner()) };
        answer("RenewEphemeralResource", call).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        let call = async { ephemeral_resource::close(self, request.get_ref()) };
        answer("CloseEphemeralResource", call).await
    }

    async fn get_functions(
        &self,
        _request: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        answer("GetFunctions", async { Ok(Default::default()) }).await
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Answer<wire::call_function::Response> {
        let text = format!("this provider has no function `{}`", request.get_ref().name);
        let error = Some(wire::FunctionError { text, function_argument: None });
        Ok(Response::new(wire::call_function::Response { result: None, error }))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<wire::validate_list_resource_config::Request>,
    ) -> Answer<wire::validate_list_resource_config::Response> {
        let call = async { list_resource::validate(self, request.into_inner()) };
        answer("ValidateListResourceConfig", call).await
    }

    type ListResourceStream = BoxStream<wire::list_resource::Event>;

    async fn list_resource(
        &self,
        request: Request<wire::list_resource::Request>,
    ) -> Answer<Self::ListResourceStream> {
        Ok(Response::new(list_resource::list(self.clone(), request.into_inner())))
    }

    async fn validate_action_config(
        &self,
        request: Request<wire::validate_action_config::Request>,
    ) -> Answer<wire::validate_action_config::Response> {
        let call = async { action::validate(self, request.into_inner()) };
        answer("ValidateActionConfig", call).await
    }

    async fn plan_action(
        &self,
        request: Request<wire::plan_action::Request>,
    ) -> Answer<wire::plan_action::Response> {
        answer("PlanAction", async { action::plan(self, request.into_inner()) }).await
    }

    type InvokeActionStream = BoxStream<wire::invoke_action::Event>;

    async fn invoke_action(
        &self,
        request: Request<wire::invoke_action::Request>,
    ) -> Answer<Self::InvokeActionStream> {
        Ok(Response::new(action::invoke(self.clone(), request.into_inner())))
    }
}
