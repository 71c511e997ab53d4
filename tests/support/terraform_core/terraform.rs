//! One provider process as core sees it, and its configuration.

use std::{sync::Arc, time::Duration};

use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    environment::Environment,
    operation::Pace,
    protocol::tfplugin5::{self as wire, provider_client::ProviderClient},
    provider::CompshareProvider,
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY},
};
use tonic::transport::Channel;

use super::{
    connection::connect,
    diagnostic::{Diagnostic, Errors},
    plan::State,
    schema::{Block, ResourceType, Schemas},
    value::{encode, to_json},
};

/// Type of the resource of a new [`Terraform`]; see [`Terraform::resource`] for others.
const DEFAULT_RESOURCE: &str = "compshare_instance_power";

/// Texts that must not appear in any message. `demo-password` is the password of simulated
/// instances.
const SECRETS: [&str; 5] =
    [DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, "ZGVtby1wYXNzd29yZA==", "demo-password", "ssh -p"];

/// One provider process as core sees it, and one resource with its state.
#[derive(Clone, Debug)]
pub(crate) struct Terraform {
    client: ProviderClient<Channel>,
    pub(super) schemas: Arc<Schemas>,
    pub(super) resource: ResourceType,
    /// The host accepts deferred responses, as experimental builds do.
    deferral_allowed: bool,
    secrets: Vec<String>,
    /// Attributes in `ignore_changes`.
    pub(super) ignored: Vec<&'static str>,
    pub(super) state: Option<State>,
}

fn variables(url: &str) -> [(&'static str, &str); 3] {
    [
        ("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY),
        ("COMPSHARE_PRIVATE_KEY", DEMO_PRIVATE_KEY),
        ("COMPSHARE_BASE_URL", url),
    ]
}

/// Pauses of a few milliseconds in place of minutes.
fn fast_pace(_poll: Duration) -> Pace {
    Pace {
        poll: Duration::from_millis(4),
        recent: Duration::ZERO,
        confirm: Duration::from_millis(2),
        visible: Duration::from_millis(120),
        recheck: Duration::from_millis(3),
        settle: Duration::from_millis(1500),
        resend: Duration::from_millis(60),
        reboot: Duration::from_millis(1000),
        unlisted: Duration::from_millis(1500),
        stuck: Duration::from_millis(1500),
        retry: Duration::from_millis(8),
        capacity: Duration::from_millis(15),
        report: Duration::from_millis(40),
    }
}

/// Fast polls, and pauses before a repeated call that are longer than any test.
fn pace_without_repeats(poll: Duration) -> Pace {
    let long = Duration::from_secs(60);
    Pace { settle: long, resend: long, retry: long, capacity: long, ..fast_pace(poll) }
}

/// Fast polls. An operation accepts a describe of the plan as its first one.
fn pace_with_recent_describes(poll: Duration) -> Pace {
    Pace { recent: Duration::from_secs(60), ..fast_pace(poll) }
}

impl Terraform {
    /// A provider for the API at `url`, configured with `config`.
    pub(crate) async fn with(url: &str, config: Json) -> Self {
        let terraform = Self::unconfigured(url).await;
        terraform.configure(config).await.unwrap();
        terraform
    }

    /// A provider for the API at `url` that has not received its configuration.
    pub(crate) async fn unconfigured(url: &str) -> Self {
        Self::in_environment(variables(url)).await
    }

    /// An unconfigured provider with exactly these environment variables.
    pub(crate) async fn in_environment<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let provider = CompshareProvider::new(Environment::from_iter(variables));
        Self::on(connect(provider.with_pace(fast_pace)).await).await
    }

    /// A provider that sends each start and stop at most once within a test.
    pub(crate) async fn without_repeats(url: &str) -> Self {
        Self::with_pace(pace_without_repeats, url).await
    }

    /// A provider whose operations accept a describe of the plan as their first one.
    pub(crate) async fn with_recent_describes(url: &str) -> Self {
        Self::with_pace(pace_with_recent_describes, url).await
    }

    async fn with_pace(pace: fn(Duration) -> Pace, url: &str) -> Self {
        let provider = CompshareProvider::new(Environment::from_iter(variables(url)));
        let terraform = Self::on(connect(provider.with_pace(pace)).await).await;
        terraform.configure(json!({"max_retries": 0})).await.unwrap();
        terraform
    }

    /// The same resource and state with an unconfigured provider in a new process.
    ///
    /// The new process receives no request for its schemas: the host has them from the first one.
    pub(crate) async fn in_another_process(&self, url: &str) -> Self {
        let provider = CompshareProvider::new(Environment::from_iter(variables(url)));
        self.served_by(connect(provider.with_pace(fast_pace)).await)
    }

    /// The same resource and state with the provider behind `client`.
    pub(crate) fn served_by(&self, client: ProviderClient<Channel>) -> Self {
        Self { client, ..self.clone() }
    }

    /// Reads the schemas of the provider behind `client`, and does not configure it.
    pub(crate) async fn on(client: ProviderClient<Channel>) -> Self {
        Self::on_resource(client, DEFAULT_RESOURCE).await
    }

    /// The same for a provider with other resources.
    pub(crate) async fn on_resource(mut client: ProviderClient<Channel>, type_name: &str) -> Self {
        let request = wire::get_provider_schema::Request::default();
        let schemas = client.get_schema(request).await.unwrap().into_inner();
        let request = wire::get_resource_identity_schemas::Request::default();
        let identities = client.get_resource_identity_schemas(request).await.unwrap().into_inner();
        let schemas = Schemas::read(&schemas, &identities);
        Self {
            client,
            resource: schemas.resource(type_name),
            schemas: Arc::new(schemas),
            deferral_allowed: false,
            secrets: SECRETS.map(str::to_owned).into(),
            ignored: Vec::new(),
            state: None,
        }
    }

    /// The generated client, for requests that this stand-in does not make.
    pub(crate) fn client(&self) -> ProviderClient<Channel> {
        self.client.clone()
    }

    /// Another resource of the same type and provider process, without state.
    pub(crate) fn another(&self) -> Self {
        Self { state: None, ..self.clone() }
    }

    /// A resource of the type `type_name` in the same provider process, without state.
    pub(crate) fn resource(&self, type_name: &str) -> Self {
        Self { resource: self.schemas.resource(type_name), ..self.another() }
    }

    /// The same with `ignore_changes` for these attributes.
    pub(crate) fn ignoring(self, ignored: &[&'static str]) -> Self {
        Self { ignored: ignored.to_vec(), ..self }
    }

    /// The same on a host that accepts deferred responses.
    pub(crate) fn allowing_deferral(self) -> Self {
        Self { deferral_allowed: true, ..self }
    }

    /// The stored state, if any.
    pub(crate) fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// One attribute of the state as JSON; null without a state.
    pub(crate) fn attribute(&self, name: &str) -> Json {
        self.state.as_ref().map_or(Json::Null, |state| to_json(state.value.attribute(name)))
    }

    /// PrepareProviderConfig, as in `terraform validate`.
    pub(crate) async fn validate_provider(&self, config: Json) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.schemas.provider;
        let config = Some(encode(&block.value(&config), block));
        let request = wire::prepare_provider_config::Request { config };
        let response = self.client().prepare_provider_config(request).await.unwrap().into_inner();
        self.read_diagnostics(&response.diagnostics, block)
    }

    /// Validates the provider block and sends it with Configure.
    pub(crate) async fn configure(&self, config: Json) -> Result<Vec<Diagnostic>, Errors> {
        self.validate_provider(config.clone()).await?;
        let request = self.configuration(&config);
        let response = self.client().configure(request).await.unwrap().into_inner();
        self.read_diagnostics(&response.diagnostics, &self.schemas.provider)
    }

    /// The Configure request for `config`.
    pub(crate) fn configuration(&self, config: &Json) -> wire::configure::Request {
        let block = &self.schemas.provider;
        wire::configure::Request {
            terraform_version: "1.15.5".to_owned(),
            config: Some(encode(&block.value(config), block)),
            client_capabilities: None,
        }
    }

    /// Stop, which core sends on Ctrl-C.
    pub(crate) async fn stop(&self) {
        let response = self.client().stop(wire::stop::Request {}).await.unwrap().into_inner();
        assert_eq!(response.error, "");
    }

    pub(super) fn capabilities(&self) -> Option<wire::ClientCapabilities> {
        let deferral_allowed = self.deferral_allowed;
        Some(wire::ClientCapabilities { deferral_allowed, write_only_attributes_allowed: true })
    }

    /// Returns whether a response is deferred, which the host must have allowed.
    ///
    /// Core's rule: "Provider deferred changes when Terraform did not allow deferrals".
    #[track_caller]
    pub(super) fn deferred(&self, deferred: Option<wire::Deferred>) -> bool {
        let Some(deferred) = deferred else { return false };
        assert!(self.deferral_allowed, "deferral was not allowed");
        assert_eq!(deferred.reason(), wire::deferred::Reason::ProviderConfigUnknown);
        true
    }

    /// Checks the diagnostics of a response about `block`, and splits them into warnings and
    /// errors.
    #[track_caller]
    pub(super) fn read_diagnostics(
        &self,
        diagnostics: &[wire::Diagnostic],
        block: &Block,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let read = |diagnostic| Diagnostic::read(diagnostic, block, &self.secrets);
        Errors::or_warnings(diagnostics.iter().map(read).collect())
    }

    #[track_caller]
    pub(super) fn assert_no_secrets(&self, message: &str) {
        for secret in &self.secrets {
            assert!(!message.contains(secret), "the message contains a secret: {message}");
        }
    }
}
