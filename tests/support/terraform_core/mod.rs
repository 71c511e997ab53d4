//! A stand-in for Terraform core, in process: it plans, applies, refreshes, imports and destroys one resource through the
//! generated client, reads data sources, opens ephemeral resources, queries and invokes actions, and holds every answer against
//! the rules that core itself checks. A broken rule is a panic that names it; what the practitioner would be told is a result.

mod diagnostic;
mod offered;
mod rules;
mod schema;
mod stored;

use std::{collections::BTreeMap, io, time::Duration};

use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    cty::{self, Type, Value},
    environment::Environment,
    framework::Provider,
    power::Pace,
    protocol::{
        Server,
        tfplugin5::{
            self as wire, provider_client::ProviderClient, provider_server::ProviderServer,
        },
    },
    provider::CompshareProvider,
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY},
};
use tonic::transport::{Channel, Endpoint};

use self::rules::{assert_object_compatible, assert_plan_valid, proposed_new};
pub(crate) use self::{
    diagnostic::{Diagnostic, Errors},
    offered::{Kind, Listed},
    schema::Block,
    schema::UNKNOWN,
};

const RESOURCE: &str = "compshare_instance_power";

/// One provider process as core sees it, and one resource in its state.
#[derive(Clone, Debug)]
pub(crate) struct Terraform {
    client: ProviderClient<Channel>,
    provider: Block,
    resource: Block,
    identity: Type,
    data_sources: BTreeMap<String, Block>,
    ephemeral_resources: BTreeMap<String, Block>,
    /// What goes into `config` of a list of the resource.
    list: Block,
    actions: BTreeMap<String, Block>,
    /// Whether answers may be deferred, as in an experimental build.
    deferral_allowed: bool,
    /// What must never be told.
    secrets: Vec<String>,
    /// The attributes of `ignore_changes`.
    ignored: Vec<&'static str>,
    state: Option<State>,
}

/// What core stores.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) value: Value,
    /// Null if the provider that wrote it had none.
    pub(crate) identity: Value,
    private: Vec<u8>,
    pub(crate) tainted: bool,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    NoOp,
    Create,
    Update,
    Replace,
    Delete,
}

/// One planned change.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) action: Action,
    pub(crate) planned: Value,
    pub(crate) requires_replace: Vec<String>,
    pub(crate) warnings: Vec<Diagnostic>,
    /// Whether it is to be made by a later run.
    pub(crate) deferred: bool,
    /// Null if nothing is said about it.
    pub(crate) identity: Value,
    config: Json,
    private: Vec<u8>,
}

/// What a read came to.
struct Read {
    value: Value,
    identity: Value,
    private: Vec<u8>,
    warnings: Vec<Diagnostic>,
}

/// How long core waits for an apply here. No test needs a tenth of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What must never be told. The simulator's instances have the password `demo-password`.
const SECRETS: [&str; 5] =
    [DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, "ZGVtby1wYXNzd29yZA==", "demo-password", "ssh -p"];

fn variables(url: &str) -> [(&'static str, &str); 3] {
    [
        ("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY),
        ("COMPSHARE_PRIVATE_KEY", DEMO_PRIVATE_KEY),
        ("COMPSHARE_BASE_URL", url),
    ]
}

/// A rhythm in which minutes pass in milliseconds.
fn fast(_poll: Duration) -> Pace {
    Pace {
        poll: Duration::from_millis(4),
        confirm: Duration::from_millis(2),
        settle: Duration::from_millis(1500),
        doubt: Duration::from_millis(60),
        lock: Duration::from_millis(8),
        capacity: Duration::from_millis(15),
        report: Duration::from_millis(40),
    }
}

impl Terraform {
    /// A provider for the cloud at `url`, configured with `config` as well.
    pub(crate) async fn with(url: &str, config: Json) -> Self {
        let terraform = Self::unconfigured(url).await;
        terraform.configure(config).await.unwrap();
        terraform
    }

    /// A provider that is running and not configured yet.
    pub(crate) async fn unconfigured(url: &str) -> Self {
        Self::in_environment(variables(url)).await
    }

    /// A provider with these variables in its environment and no others.
    pub(crate) async fn in_environment<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self::of(CompshareProvider::new(Environment::from_iter(variables)).with_pace(fast)).await
    }

    /// A provider for the cloud at `url` that takes its time before it asks again: within a test it asks once.
    pub(crate) async fn patient(url: &str) -> Self {
        let environment = Environment::from_iter(variables(url));
        let pace = |poll| {
            let long = Duration::from_secs(60);
            Pace { settle: long, doubt: long, lock: long, capacity: long, ..fast(poll) }
        };
        let terraform = Self::of(CompshareProvider::new(environment).with_pace(pace)).await;
        terraform.configure(json!({"max_retries": 0})).await.unwrap();
        terraform
    }

    /// The same in a process of its own that is never asked for schemas, since the host has them from another one.
    pub(crate) async fn in_another_process(&self, url: &str) -> Self {
        let provider = CompshareProvider::new(Environment::from_iter(variables(url)));
        self.served_by(connect(provider.with_pace(fast)).await)
    }

    /// The same with the provider behind `client`, which is never asked for schemas either.
    pub(crate) fn served_by(&self, client: ProviderClient<Channel>) -> Self {
        Self { client, ..self.clone() }
    }

    async fn of(provider: CompshareProvider) -> Self {
        Self::on(connect(provider).await).await
    }

    /// The provider at the other end of `client`, which is not configured by this.
    pub(crate) async fn on(mut client: ProviderClient<Channel>) -> Self {
        let request = wire::get_provider_schema::Request::default();
        let schemas = client.get_schema(request).await.unwrap().into_inner();
        assert!(schemas.diagnostics.is_empty(), "{:?}", schemas.diagnostics);
        let request = wire::get_resource_identity_schemas::Request::default();
        let identities = client.get_resource_identity_schemas(request).await.unwrap().into_inner();
        assert!(identities.diagnostics.is_empty(), "{:?}", identities.diagnostics);
        let all = |schemas: &std::collections::HashMap<String, wire::Schema>| {
            let read = |(name, schema): (&String, _)| (name.clone(), Block::read(Some(schema)));
            schemas.iter().map(read).collect()
        };
        let action = |(name, action): (&String, &wire::ActionSchema)| {
            (name.clone(), Block::read(action.schema.as_ref()))
        };
        Self {
            client,
            provider: Block::read(schemas.provider.as_ref()),
            resource: Block::read(schemas.resource_schemas.get(RESOURCE)),
            identity: schema::identity(identities.identity_schemas.get(RESOURCE)),
            data_sources: all(&schemas.data_source_schemas),
            ephemeral_resources: all(&schemas.ephemeral_resource_schemas),
            list: Block::read(schemas.list_resource_schemas.get(RESOURCE)),
            actions: schemas.action_schemas.iter().map(action).collect(),
            deferral_allowed: false,
            secrets: SECRETS.map(str::to_owned).into(),
            ignored: Vec::new(),
            state: None,
        }
    }

    /// The generated client, for what is not about one resource.
    pub(crate) fn client(&self) -> ProviderClient<Channel> {
        self.client.clone()
    }

    /// Another resource of the same provider process, with nothing in its state.
    pub(crate) fn another(&self) -> Self {
        Self { state: None, ..self.clone() }
    }

    /// With `ignore_changes` for these attributes.
    pub(crate) fn ignoring(self, ignored: &[&'static str]) -> Self {
        Self { ignored: ignored.to_vec(), ..self }
    }

    /// As a host that lets a provider put things off to a later run.
    pub(crate) fn allowing_deferral(self) -> Self {
        Self { deferral_allowed: true, ..self }
    }

    /// What is in the state, if anything is.
    pub(crate) fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// One attribute of the state as JSON, for comparing; null if there is no state.
    pub(crate) fn attribute(&self, name: &str) -> Json {
        let value = self.state.as_ref().map_or(&Value::Null, |state| state.value.attribute(name));
        plain(value)
    }

    /// PrepareProviderConfig, as `terraform validate` calls it.
    pub(crate) async fn validate_provider(&self, config: Json) -> Result<Vec<Diagnostic>, Errors> {
        let config = Some(encode(&self.provider.value(&config), &self.provider));
        let request = wire::prepare_provider_config::Request { config };
        let response = self.client().prepare_provider_config(request).await.unwrap().into_inner();
        self.told_by(&response.diagnostics, &self.provider)
    }

    /// Validates and hands over the provider block.
    pub(crate) async fn configure(&self, config: Json) -> Result<Vec<Diagnostic>, Errors> {
        self.validate_provider(config.clone()).await?;
        let request = self.configuration(&config);
        let response = self.client().configure(request).await.unwrap().into_inner();
        self.told_by(&response.diagnostics, &self.provider)
    }

    /// ValidateResourceTypeConfig.
    pub(crate) async fn validate(&self, config: &Json) -> Result<Vec<Diagnostic>, Errors> {
        let request = self.validation(config);
        let response = self.client().validate_resource_type_config(request).await;
        self.told(&response.unwrap().into_inner().diagnostics)
    }

    /// Plans `config` against the state, without a refresh.
    pub(crate) async fn plan(&self, config: Json) -> Result<Plan, Errors> {
        self.validate(&config).await?;
        let state = self.state.as_ref().filter(|state| !state.tainted);
        let prior = state.map_or(Value::Null, |state| state.value.clone());
        let private = state.map(|state| state.private.clone()).unwrap_or_default();
        let identity = state.map_or(Value::Null, |state| state.identity.clone());
        let mut plan = self.plan_change(&prior, config.clone(), private, &identity).await?;
        if plan.action == Action::Replace {
            // A prior identity does not say that there is a prior object.
            let first = plan.identity.clone();
            let create = self.plan_change(&Value::Null, config, plan.private, &first).await?;
            plan =
                Plan { action: Action::Replace, requires_replace: plan.requires_replace, ..create };
        }
        Ok(plan)
    }

    /// Plans the end of the resource.
    pub(crate) async fn plan_destroy(&self) -> Result<Plan, Errors> {
        let state = self.state.as_ref().unwrap();
        let private = state.private.clone();
        let plan = self.plan_change(&state.value, Json::Null, private, &state.identity).await?;
        assert!(!plan.identity.is_null(), "a destroy without an identity loses it if it fails");
        Ok(plan)
    }

    /// Carries a plan out, its values now being as they were when it was made.
    pub(crate) async fn apply(&mut self, plan: Plan) -> Result<Vec<Diagnostic>, Errors> {
        let config = plan.config.clone();
        self.apply_with(plan, config).await
    }

    /// Carries a plan out, its unknown values being known now: `config` has them.
    pub(crate) async fn apply_with(
        &mut self,
        plan: Plan,
        config: Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        match plan.action {
            Action::NoOp => Ok(Vec::new()),
            Action::Delete => {
                let Plan { planned, private, identity, .. } = plan;
                self.apply_change(&planned, Json::Null, private, &identity).await
            }
            Action::Replace => {
                let State { private, identity, .. } = self.state.clone().unwrap();
                self.apply_change(&Value::Null, Json::Null, private, &identity).await?;
                self.apply_planned_again(&plan, Action::Create, config).await
            }
            action => self.apply_planned_again(&plan, action, config).await,
        }
    }

    /// Plans once more, as core does in the apply, holds the result against the first plan, and applies it.
    async fn apply_planned_again(
        &mut self,
        first: &Plan,
        action: Action,
        config: Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let second = self.plan(config.clone()).await?;
        assert!(
            second.action == action || (second.action, action) == (Action::NoOp, Action::Update),
            "inconsistent final plan: {:?} instead of {action:?}",
            second.action
        );
        assert_object_compatible(&first.planned, &second.planned, "the final plan");
        assert!(self.resource.value(&config).is_wholly_known(), "all is known in an apply");
        if second.action == Action::NoOp {
            return Ok(Vec::new());
        }
        self.apply_change(&second.planned, config, second.private, &second.identity).await
    }

    /// The request that would create what `config` asks for, planned and not sent yet.
    pub(crate) async fn creation(&self, config: Json) -> wire::apply_resource_change::Request {
        let plan = self.plan(config.clone()).await.unwrap();
        assert_eq!(plan.action, Action::Create);
        self.change(&plan.planned, config, plan.private, &plan.identity)
    }

    /// Plans and applies.
    pub(crate) async fn run(&mut self, config: Json) -> Result<Vec<Diagnostic>, Errors> {
        let plan = self.plan(config).await?;
        self.apply(plan).await
    }

    /// Plans and applies the end of the resource.
    pub(crate) async fn destroy(&mut self) -> Result<Vec<Diagnostic>, Errors> {
        let plan = self.plan_destroy().await?;
        self.apply(plan).await
    }

    /// Upgrades the stored state, as core does first in each run, and reads the resource.
    pub(crate) async fn refresh(&mut self) -> Result<Vec<Diagnostic>, Errors> {
        let State { value, identity, private, tainted } = self.state.clone().unwrap();
        let stored = cty::json::encode(&value, &self.resource.ty()).unwrap();
        assert_eq!(
            self.upgrade(0, &stored).await.unwrap(),
            value,
            "a state that changes by itself"
        );
        let Read { value, identity, private, warnings } =
            self.read(&value, private, &identity).await?;
        let read = State { value, identity, private, tainted };
        self.state = Some(read).filter(|read| !read.value.is_null());
        Ok(warnings)
    }

    /// Stop, as core sends it on Ctrl-C.
    pub(crate) async fn stop(&self) {
        let response = self.client().stop(wire::stop::Request {}).await.unwrap().into_inner();
        assert_eq!(response.error, "");
    }

    async fn plan_change(
        &self,
        prior: &Value,
        config: Json,
        private: Vec<u8>,
        identity: &Value,
    ) -> Result<Plan, Errors> {
        let configured = self.configured(prior, &config);
        let request = self.planning(prior, &config, private, identity);
        let response = self.client().plan_resource_change(request).await.unwrap().into_inner();
        let warnings = self.told(&response.diagnostics)?;
        assert!(!response.legacy_type_system, "hides bugs");
        let deferred = self.deferred(response.deferred);
        let planned = decode(response.planned_state.as_ref(), &self.resource);
        assert_plan_valid(&self.resource, prior, &configured, &planned);
        let requires_replace: Vec<String> =
            response.requires_replace.iter().map(|path| self.replaced(path)).collect();
        let action = action(prior, &planned, &requires_replace);
        let planned_identity = self.known_identity(response.planned_identity.as_ref());
        if !matches!(action, Action::Create | Action::Replace) && !identity.is_null() {
            assert_eq!(planned_identity, *identity, "an identity never changes");
        }
        Ok(Plan {
            action,
            planned,
            requires_replace,
            warnings,
            deferred,
            identity: planned_identity,
            config,
            private: response.planned_private,
        })
    }

    /// The request that hands over the provider block.
    pub(crate) fn configuration(&self, config: &Json) -> wire::configure::Request {
        wire::configure::Request {
            terraform_version: "1.15.5".to_owned(),
            config: Some(encode(&self.provider.value(config), &self.provider)),
            client_capabilities: None,
        }
    }

    /// The request that validates `config`.
    pub(crate) fn validation(&self, config: &Json) -> wire::validate_resource_type_config::Request {
        wire::validate_resource_type_config::Request {
            type_name: RESOURCE.to_owned(),
            config: Some(encode(&self.resource.value(config), &self.resource)),
            client_capabilities: None,
        }
    }

    /// The request that plans `config` against `prior`, which is null before there is anything.
    pub(crate) fn planning(
        &self,
        prior: &Value,
        config: &Json,
        prior_private: Vec<u8>,
        identity: &Value,
    ) -> wire::plan_resource_change::Request {
        let configured = self.configured(prior, config);
        let proposed = proposed_new(&self.resource, prior, &configured);
        wire::plan_resource_change::Request {
            type_name: RESOURCE.to_owned(),
            prior_state: Some(encode(prior, &self.resource)),
            proposed_new_state: Some(encode(&proposed, &self.resource)),
            config: Some(encode(&configured, &self.resource)),
            prior_private,
            prior_identity: Some(self.identity_data(identity)).filter(|_| !identity.is_null()),
            client_capabilities: self.capabilities(),
            ..wire::plan_resource_change::Request::default()
        }
    }

    /// The configuration that core plans with; null for a destroy.
    fn configured(&self, prior: &Value, config: &Json) -> Value {
        if config.is_null() {
            return Value::Null;
        }
        let mut configured = self.resource.value(config);
        if let (Value::Map(configured), Value::Map(prior)) = (&mut configured, prior) {
            // Core plans as if what is ignored were configured as it is. The apply gets the real configuration again.
            configured
                .extend(self.ignored.iter().map(|name| ((*name).to_owned(), prior[*name].clone())));
        }
        configured
    }

    /// The attribute that a path of `requires_replace` names, which has to exist.
    #[track_caller]
    fn replaced(&self, path: &wire::AttributePath) -> String {
        use wire::attribute_path::step::Selector;
        let [step] = &path.steps[..] else { panic!("no path to an attribute: {path:?}") };
        let Some(Selector::AttributeName(name)) = &step.selector else { panic!("{step:?}") };
        assert!(self.resource.attributes.contains_key(name), "no such attribute: {name}");
        name.clone()
    }

    async fn apply_change(
        &mut self,
        planned: &Value,
        config: Json,
        private: Vec<u8>,
        identity: &Value,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let prior = self.state.as_ref().map_or(Value::Null, |state| state.value.clone());
        let request = self.change(planned, config, private.clone(), identity);
        let mut client = self.client();
        let apply = client.apply_resource_change(request);
        let response = tokio::time::timeout(PATIENCE, apply).await.expect("an apply that ends");
        let response = response.unwrap().into_inner();
        assert!(!response.legacy_type_system, "hides bugs");
        let outcome = self.told(&response.diagnostics);
        let new = decode(response.new_state.as_ref(), &self.resource);
        assert!(new.is_wholly_known(), "something is unknown after an apply: {new:?}");
        if outcome.is_ok() {
            assert_eq!(new.is_null(), planned.is_null(), "null exactly after a delete");
            assert_object_compatible(planned, &new, "the result");
        }
        let new_identity = self.known_identity(response.new_identity.as_ref());
        if !new.is_null() {
            assert!(!new_identity.is_null(), "a state without an identity");
            assert!(identity.is_null() || new_identity == *identity, "another identity");
            assert_eq!(response.private, private, "what is kept for the provider");
        }
        if new.is_null() && !planned.is_null() && !prior.is_null() {
            assert_eq!(new_identity, *identity, "a failed update, after which nothing changes");
        }
        let failed = outcome.is_err();
        if !(failed && new.is_null()) {
            let tainted = failed && prior.is_null();
            let saved =
                State { value: new, identity: new_identity, private: response.private, tainted };
            self.state = Some(saved).filter(|state| !state.value.is_null());
        }
        outcome
    }

    fn change(
        &self,
        planned: &Value,
        config: Json,
        planned_private: Vec<u8>,
        identity: &Value,
    ) -> wire::apply_resource_change::Request {
        let prior = self.state.as_ref().map_or(Value::Null, |state| state.value.clone());
        let config = if config.is_null() { Value::Null } else { self.resource.value(&config) };
        wire::apply_resource_change::Request {
            type_name: RESOURCE.to_owned(),
            prior_state: Some(encode(&prior, &self.resource)),
            planned_state: Some(encode(planned, &self.resource)),
            config: Some(encode(&config, &self.resource)),
            planned_private,
            planned_identity: Some(self.identity_data(identity)).filter(|_| !identity.is_null()),
            ..wire::apply_resource_change::Request::default()
        }
    }

    /// The request that reads what is in the state.
    pub(crate) fn reading(&self) -> wire::read_resource::Request {
        let State { value, identity, private, .. } = self.state.as_ref().unwrap();
        self.reading_of(value, private.clone(), identity)
    }

    fn reading_of(
        &self,
        current: &Value,
        private: Vec<u8>,
        identity: &Value,
    ) -> wire::read_resource::Request {
        wire::read_resource::Request {
            type_name: RESOURCE.to_owned(),
            current_state: Some(encode(current, &self.resource)),
            private,
            current_identity: Some(self.identity_data(identity)).filter(|_| !identity.is_null()),
            client_capabilities: self.capabilities(),
            ..wire::read_resource::Request::default()
        }
    }

    async fn read(
        &self,
        current: &Value,
        private: Vec<u8>,
        identity: &Value,
    ) -> Result<Read, Errors> {
        let request = self.reading_of(current, private.clone(), identity);
        let response = self.client().read_resource(request).await.unwrap().into_inner();
        let value = decode(response.new_state.as_ref(), &self.resource);
        let told = self.told(&response.diagnostics);
        // Core drops the answer then; hosts that do not must not take it for a removal.
        assert!(told.is_ok() || value == *current, "an error and another state: {value:?}");
        let warnings = told?;
        assert!(value.is_wholly_known(), "something is unknown after a read: {value:?}");
        assert_eq!(response.private, private, "what is kept for the provider");
        let deferred = self.deferred(response.deferred);
        assert!(!deferred || value == *current, "deferred, and another state: {value:?}");
        let read = self.known_identity(response.new_identity.as_ref());
        if !value.is_null() && !deferred {
            assert!(!read.is_null(), "what is not returned is lost");
            assert!(identity.is_null() || read == *identity, "an identity never changes");
        }
        Ok(Read { value, identity: read, private: response.private, warnings })
    }

    fn capabilities(&self) -> Option<wire::ClientCapabilities> {
        let deferral_allowed = self.deferral_allowed;
        Some(wire::ClientCapabilities { deferral_allowed, write_only_attributes_allowed: true })
    }

    /// "Provider deferred changes when Terraform did not allow deferrals".
    #[track_caller]
    fn deferred(&self, deferred: Option<wire::Deferred>) -> bool {
        let Some(deferred) = deferred else { return false };
        assert!(self.deferral_allowed, "deferral was not allowed");
        assert_eq!(deferred.reason(), wire::deferred::Reason::ProviderConfigUnknown);
        true
    }

    fn told(&self, diagnostics: &[wire::Diagnostic]) -> Result<Vec<Diagnostic>, Errors> {
        self.told_by(diagnostics, &self.resource)
    }

    fn told_by(
        &self,
        diagnostics: &[wire::Diagnostic],
        block: &Block,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let read = |diagnostic| Diagnostic::read(diagnostic, block, &self.secrets);
        Errors::or_warnings(diagnostics.iter().map(read).collect())
    }
}

impl Plan {
    /// One planned attribute as JSON, [`UNKNOWN`] if it is known only after apply.
    pub(crate) fn attribute(&self, name: &str) -> Json {
        plain(self.planned.attribute(name))
    }

    /// The planned attributes that are known only after apply.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        let attributes = self.planned.as_map().unwrap().iter();
        attributes.filter(|(_, value)| value.is_unknown()).map(|(name, _)| name.as_str()).collect()
    }
}

/// A client of `provider`, which runs in this process.
pub(crate) async fn connect<P: Provider>(provider: P) -> ProviderClient<Channel> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let service = ProviderServer::new(Server::new(provider));
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(tokio_stream::once(Ok::<_, io::Error>(theirs))),
    );
    let mut ours = Some(TokioIo::new(ours));
    let connector = tower::service_fn(move |_| {
        let pipe = ours.take().ok_or_else(|| io::Error::other("the provider is gone"));
        std::future::ready(pipe)
    });
    let endpoint = Endpoint::from_static("http://provider.invalid");
    ProviderClient::new(endpoint.connect_with_connector(connector).await.unwrap())
}

fn action(prior: &Value, planned: &Value, requires_replace: &[String]) -> Action {
    if planned.is_null() {
        return Action::Delete;
    }
    if prior.is_null() {
        return Action::Create;
    }
    let counts = |name: &String| {
        let plan = planned.attribute(name);
        plan.is_unknown() || plan != prior.attribute(name)
    };
    if requires_replace.iter().any(counts) {
        return Action::Replace;
    }
    if planned == prior { Action::NoOp } else { Action::Update }
}

fn encode(value: &Value, block: &Block) -> wire::DynamicValue {
    let msgpack = cty::msgpack::encode(value, &block.ty()).unwrap();
    wire::DynamicValue { msgpack, json: Vec::new() }
}

/// Exactly the schema's attributes, as MessagePack; absent is null.
#[track_caller]
fn decode(value: Option<&wire::DynamicValue>, block: &Block) -> Value {
    let Some(value) = value else { return Value::Null };
    assert!(value.json.is_empty(), "JSON cannot hold unknown values");
    cty::msgpack::decode(&value.msgpack, &block.ty()).expect("conforms to the schema")
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => json!(UNKNOWN),
        Value::String(text) => json!(text),
        Value::Bool(truth) => json!(truth),
        Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::List(elements) => elements.iter().map(plain).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
        }
        other => panic!("no attribute of this provider is {other:?}"),
    }
}
