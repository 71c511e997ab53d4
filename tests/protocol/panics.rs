//! Panics in provider code: each RPC returns a diagnostic, and the process continues.

use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use terraform_provider_compshare::{
    cty::{Type, Value},
    framework::{
        ApplyRequest, ApplyResponse, Attr, Attribute, Block, Context, Diagnostic, Diagnostics,
        ErasedAction, ErasedDataSource, ErasedDefinition, ErasedEphemeralResource,
        ErasedListResource, ErasedResource, Host, IdentitySchema, ImportBy, ListEvent, ListRequest,
        Mode, Object, PlanRequest, PlanResponse, Progress, Provider, Schema,
    },
    model, panics,
    protocol::tfplugin5::{self as wire, provider_client::ProviderClient},
};
use tokio::sync::mpsc::Sender;
use tonic::transport::Channel;

use super::conformance::rpcs;
use crate::support::terraform_core::connect;

const NAME: &str = "fragile_thing";

/// Extent of the panics: none, operations only, or every method that an RPC calls first.
const NOTHING: u8 = 0;
const OPERATIONS: u8 = 1;
const EVERYTHING: u8 = 2;

/// A provider that panics on request, and each of its resources.
#[derive(Clone, Debug)]
struct Fragile {
    panics: Arc<AtomicU8>,
    schema: Schema,
}

model! {
    struct Nothing {
        /// A thing.
        thing: Attr<String> = optional(),
    }
}

impl Fragile {
    fn new() -> Self {
        let thing = Attribute::new("thing", Type::String, Mode::Optional, "A thing.");
        let block = Block { attributes: vec![thing], ..Block::default() };
        Self { panics: Arc::default(), schema: Schema { version: 0, block } }
    }

    fn reach(&self, what: u8) {
        let panics = self.panics.load(Ordering::Relaxed);
        panics::set_location(Some(Location::caller()));
        assert!(panics < what, "panics in the first method that an RPC calls");
    }

    /// Panics if operations must panic; otherwise returns an error that proves the call.
    #[track_caller]
    fn operate<T>(&self) -> Result<T, Diagnostics> {
        let panics = self.panics.load(Ordering::Relaxed);
        // The panic hook of the binary does this before the panic is caught.
        panics::set_location(Some(Location::caller()));
        assert!(panics < OPERATIONS, "canary-value {panics}: a formatted value");
        Err(Diagnostic::error("Well", "Nothing panicked.").into())
    }
}

impl Provider for Fragile {
    type Model = Nothing;
    type Session = ();

    fn description(&self) -> &'static str {
        "A provider that panics."
    }

    fn schema(&self) -> Schema {
        self.reach(EVERYTHING);
        self.schema.clone()
    }

    fn validate(&self, _: &Nothing) -> Diagnostics {
        self.operate::<()>().unwrap_err()
    }

    async fn configure(&self, _: Nothing, _: Host) -> Result<(), Diagnostics> {
        self.operate()
    }

    fn resources(&self) -> Vec<Box<dyn ErasedResource<()>>> {
        self.reach(EVERYTHING);
        vec![Box::new(self.clone())]
    }

    fn data_sources(&self) -> Vec<Box<dyn ErasedDataSource<()>>> {
        vec![Box::new(self.clone())]
    }

    fn ephemeral_resources(&self) -> Vec<Box<dyn ErasedEphemeralResource<()>>> {
        vec![Box::new(self.clone())]
    }

    fn list_resources(&self) -> Vec<Box<dyn ErasedListResource<()>>> {
        vec![Box::new(self.clone())]
    }

    fn actions(&self) -> Vec<Box<dyn ErasedAction<()>>> {
        vec![Box::new(self.clone())]
    }
}

impl ErasedDefinition for Fragile {
    fn type_name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, _: &Value) -> Diagnostics {
        self.operate::<()>().unwrap_err()
    }
}

#[async_trait]
impl ErasedResource<()> for Fragile {
    fn identity_schema(&self) -> IdentitySchema {
        self.reach(EVERYTHING);
        let thing = Attribute::new("thing", Type::String, Mode::Required, "The thing.");
        IdentitySchema { version: 0, attributes: vec![thing] }
    }

    async fn plan(&self, _: &Context<()>, _: PlanRequest) -> Result<PlanResponse, Diagnostics> {
        // The panic occurs in the second poll of the future.
        tokio::task::yield_now().await;
        self.operate()
    }

    async fn apply(&self, _: &Context<()>, _: ApplyRequest) -> ApplyResponse {
        ApplyResponse { object: None, diagnostics: self.operate::<()>().unwrap_err() }
    }

    async fn read(&self, _: &Context<()>, _: Object) -> Result<Object, Diagnostics> {
        self.operate()
    }

    fn import(&self, _: &Context<()>, _: ImportBy<Value>) -> Result<Object, Diagnostics> {
        self.operate()
    }

    fn generated_config(&self, _: &Value) -> Result<Value, Diagnostics> {
        self.operate()
    }
}

#[async_trait]
impl ErasedDataSource<()> for Fragile {
    async fn read(&self, _: &Context<()>, _: Value) -> Result<Value, Diagnostics> {
        self.operate()
    }
}

#[async_trait]
impl ErasedEphemeralResource<()> for Fragile {
    async fn open(&self, _: &Context<()>, _: Value) -> Result<Value, Diagnostics> {
        self.operate()
    }
}

#[async_trait]
impl ErasedListResource<()> for Fragile {
    async fn list(
        &self,
        _: &Context<()>,
        _: ListRequest,
        events: Sender<ListEvent>,
    ) -> Result<(), Diagnostics> {
        let identity = Value::map([("thing", Value::from("one"))]);
        let one = ListEvent { display_name: "one".to_owned(), identity, object: None };
        events.send(one).await.unwrap();
        self.operate()
    }
}

#[async_trait]
impl ErasedAction<()> for Fragile {
    async fn invoke(
        &self,
        _: &Context<()>,
        _: Value,
        progress: &Progress,
    ) -> Result<(), Diagnostics> {
        progress.send("begun");
        self.operate()
    }
}

/// RPCs that call no provider code.
const WITHOUT_PROVIDER_CODE: [&str; 3] = ["Stop", "GetFunctions", "CallFunction"];

/// RPCs that read the definitions of the provider and call no operation.
const DEFINITIONS_ONLY: [&str; 8] = [
    "CloseEphemeralResource",
    "GetMetadata",
    "GetResourceIdentitySchemas",
    "GetSchema",
    "MoveResourceState",
    "RenewEphemeralResource",
    "UpgradeResourceIdentity",
    "UpgradeResourceState",
];

#[tokio::test]
async fn panic_in_any_rpc_is_a_diagnostic_without_values() {
    for rpc in rpcs().into_iter().filter(|rpc| !WITHOUT_PROVIDER_CODE.contains(&rpc.as_str())) {
        let provider = Fragile::new();
        let panics = Arc::clone(&provider.panics);
        let mut client = connect(provider).await;
        panics.store(EVERYTHING, Ordering::Relaxed);
        assert_bug(&rpc, &call(&rpc, &mut client).await);
        panics.store(NOTHING, Ordering::Relaxed);
        assert_well(&rpc, &call(&rpc, &mut client).await);
        if DEFINITIONS_ONLY.contains(&rpc.as_str()) {
            continue;
        }
        panics.store(OPERATIONS, Ordering::Relaxed);
        assert_bug(&rpc, &call(&rpc, &mut client).await);
        panics.store(NOTHING, Ordering::Relaxed);
        assert_well(&rpc, &call(&rpc, &mut client).await);
    }
}

#[track_caller]
fn assert_bug(rpc: &str, diagnostics: &[wire::Diagnostic]) {
    let [diagnostic] = diagnostics else { panic!("{rpc}: {diagnostics:?}") };
    assert_eq!(diagnostic.severity, i32::from(wire::diagnostic::Severity::Error), "{rpc}");
    assert_eq!(diagnostic.summary, "Provider Bug", "{rpc}");
    let detail = &diagnostic.detail;
    let place = format!("panicked in {rpc} at tests/protocol/panics.rs:");
    assert!(detail.contains(&place), "{rpc}: {detail}");
    assert!(detail.contains("report it"), "{rpc}: {detail}");
    assert!(!detail.contains("canary-value"), "{rpc}: {detail}");
}

#[track_caller]
fn assert_well(rpc: &str, diagnostics: &[wire::Diagnostic]) {
    assert!(
        diagnostics.iter().all(|diagnostic| diagnostic.summary == "Well"),
        "{rpc}: {diagnostics:?}"
    );
    assert_eq!(diagnostics.is_empty(), DEFINITIONS_ONLY.contains(&rpc), "{rpc}: {diagnostics:?}");
}

/// Calls `rpc` once and returns its diagnostics.
#[expect(clippy::needless_update, reason = "some requests have no further fields")]
async fn call(rpc: &str, client: &mut ProviderClient<Channel>) -> Vec<wire::Diagnostic> {
    let name = || NAME.to_owned();
    let stored = || Some(wire::RawState { json: b"{}".to_vec(), ..Default::default() });
    macro_rules! diagnostics {
        ($method:ident: $message:ident { $($field:ident: $value:expr),* $(,)? }) => {{
            let request = wire::$message::Request { $($field: $value,)* ..Default::default() };
            client.$method(request).await.unwrap().into_inner().diagnostics
        }};
    }
    match rpc {
        "GetMetadata" => diagnostics!(get_metadata: get_metadata {}),
        "GetSchema" => diagnostics!(get_schema: get_provider_schema {}),
        "GetResourceIdentitySchemas" => {
            diagnostics!(get_resource_identity_schemas: get_resource_identity_schemas {})
        }
        "PrepareProviderConfig" => {
            diagnostics!(prepare_provider_config: prepare_provider_config {})
        }
        "Configure" => diagnostics!(configure: configure {}),
        "ValidateResourceTypeConfig" => {
            diagnostics!(validate_resource_type_config: validate_resource_type_config { type_name: name() })
        }
        "ValidateDataSourceConfig" => {
            diagnostics!(validate_data_source_config: validate_data_source_config { type_name: name() })
        }
        "ValidateEphemeralResourceConfig" => diagnostics!(
            validate_ephemeral_resource_config: validate_ephemeral_resource_config { type_name: name() }
        ),
        "ValidateListResourceConfig" => {
            diagnostics!(validate_list_resource_config: validate_list_resource_config { type_name: name() })
        }
        "ValidateActionConfig" => {
            diagnostics!(validate_action_config: validate_action_config { type_name: name() })
        }
        "UpgradeResourceState" => diagnostics!(
            upgrade_resource_state: upgrade_resource_state { type_name: name(),
            raw_state: stored() }
        ),
        "UpgradeResourceIdentity" => {
            diagnostics!(upgrade_resource_identity: upgrade_resource_identity {
                type_name: name(),
                raw_identity: stored(),
            })
        }
        "MoveResourceState" => diagnostics!(move_resource_state: move_resource_state {
            source_provider_address: "elsewhere/fragile".to_owned(),
            source_type_name: name(),
            target_type_name: name(),
            source_state: stored(),
        }),
        "ReadResource" => diagnostics!(read_resource: read_resource { type_name: name() }),
        "PlanResourceChange" => {
            diagnostics!(plan_resource_change: plan_resource_change { type_name: name() })
        }
        "ApplyResourceChange" => {
            diagnostics!(apply_resource_change: apply_resource_change { type_name: name() })
        }
        "ImportResourceState" => {
            diagnostics!(import_resource_state: import_resource_state { type_name: name() })
        }
        "GenerateResourceConfig" => {
            diagnostics!(generate_resource_config: generate_resource_config { type_name: name() })
        }
        "ReadDataSource" => diagnostics!(read_data_source: read_data_source { type_name: name() }),
        "OpenEphemeralResource" => {
            diagnostics!(open_ephemeral_resource: open_ephemeral_resource { type_name: name() })
        }
        "RenewEphemeralResource" => {
            diagnostics!(renew_ephemeral_resource: renew_ephemeral_resource { type_name: name() })
        }
        "CloseEphemeralResource" => {
            diagnostics!(close_ephemeral_resource: close_ephemeral_resource { type_name: name() })
        }
        "PlanAction" => diagnostics!(plan_action: plan_action { action_type: name() }),
        "ListResource" => list(client).await,
        "InvokeAction" => invoke(client).await,
        other => panic!("no call for {other}"),
    }
}

async fn list(client: &mut ProviderClient<Channel>) -> Vec<wire::Diagnostic> {
    let request =
        wire::list_resource::Request { type_name: NAME.to_owned(), limit: 9, ..Default::default() };
    let events = client.list_resource(request).await.unwrap().into_inner();
    events.map(|event| event.unwrap().diagnostic).concat().await
}

async fn invoke(client: &mut ProviderClient<Channel>) -> Vec<wire::Diagnostic> {
    let request =
        wire::invoke_action::Request { action_type: NAME.to_owned(), ..Default::default() };
    let mut events = client.invoke_action(request).await.unwrap().into_inner();
    let mut completed = Vec::new();
    while let Some(event) = events.next().await {
        if let Some(wire::invoke_action::event::Type::Completed(end)) = event.unwrap().r#type {
            completed.push(end.diagnostics);
        }
    }
    assert_eq!(completed.len(), 1, "core expects one completion");
    completed.concat()
}
