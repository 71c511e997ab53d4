//! The provider service, one method per RPC.
//!
//! What this provider does not offer is answered as a provider without it does: empty lists, and an error for a name that
//! is in no schema.

use tokio_stream::Stream;
use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{
    answer::{Reply, answer},
    config, encode, resource,
    server::{Server, not_offered},
    tfplugin5::{self as wire, provider_server},
};
use crate::framework::{Diagnostics, Provider};

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
        answer("UpgradeResourceState", async { resource::upgrade(self, request.into_inner()) })
            .await
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

    /// In a task of its own: once the cloud was asked for something, what came of it has to be found out, even if the
    /// host gives up on the call.
    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        let call = resource::apply(self.clone(), request.into_inner());
        tokio::spawn(answer("ApplyResourceChange", call))
            .await
            .unwrap_or_else(|_| Err(Status::unavailable("the provider is shutting down")))
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        answer("ImportResourceState", async { resource::import(self, request.into_inner()) }).await
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
        answer("GetResourceIdentitySchemas", async { Ok(Default::default()) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        refuse("UpgradeResourceIdentity", "identity", &request.get_ref().type_name).await
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        refuse("MoveResourceState", "move to", &request.get_ref().target_type_name).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<wire::generate_resource_config::Request>,
    ) -> Answer<wire::generate_resource_config::Response> {
        let name = &request.get_ref().type_name;
        refuse("GenerateResourceConfig", "generated configuration for", name).await
    }

    async fn validate_data_source_config(
        &self,
        request: Request<wire::validate_data_source_config::Request>,
    ) -> Answer<wire::validate_data_source_config::Response> {
        refuse("ValidateDataSourceConfig", "data source", &request.get_ref().type_name).await
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        refuse("ReadDataSource", "data source", &request.get_ref().type_name).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        let name = &request.get_ref().type_name;
        refuse("ValidateEphemeralResourceConfig", "ephemeral resource", name).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        refuse("OpenEphemeralResource", "ephemeral resource", &request.get_ref().type_name).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        refuse("RenewEphemeralResource", "ephemeral resource", &request.get_ref().type_name).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        refuse("CloseEphemeralResource", "ephemeral resource", &request.get_ref().type_name).await
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
        refuse("ValidateListResourceConfig", "list resource", &request.get_ref().type_name).await
    }

    type ListResourceStream = BoxStream<wire::list_resource::Event>;

    async fn list_resource(
        &self,
        request: Request<wire::list_resource::Request>,
    ) -> Answer<Self::ListResourceStream> {
        let refusal = not_offered("list resource", &request.get_ref().type_name);
        let diagnostic = encode::diagnostics(refusal);
        Ok(once(wire::list_resource::Event { diagnostic, ..Default::default() }))
    }

    async fn validate_action_config(
        &self,
        request: Request<wire::validate_action_config::Request>,
    ) -> Answer<wire::validate_action_config::Response> {
        refuse("ValidateActionConfig", "action", &request.get_ref().type_name).await
    }

    async fn plan_action(
        &self,
        request: Request<wire::plan_action::Request>,
    ) -> Answer<wire::plan_action::Response> {
        refuse("PlanAction", "action", &request.get_ref().action_type).await
    }

    type InvokeActionStream = BoxStream<wire::invoke_action::Event>;

    async fn invoke_action(
        &self,
        request: Request<wire::invoke_action::Request>,
    ) -> Answer<Self::InvokeActionStream> {
        use wire::invoke_action::{Event, event};
        let refusal = not_offered("action", &request.get_ref().action_type);
        let completed = event::Completed { diagnostics: encode::diagnostics(refusal) };
        Ok(once(Event { r#type: Some(event::Type::Completed(completed)) }))
    }
}

async fn refuse<R: Reply>(rpc: &'static str, kind: &'static str, name: &str) -> Answer<R> {
    answer(rpc, async { Err::<R, Diagnostics>(not_offered(kind, name)) }).await
}

fn once<T: Send + 'static>(event: T) -> Response<BoxStream<T>> {
    let events: std::pin::Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>> =
        Box::pin(tokio_stream::once(Ok(event)));
    Response::new(events)
}
