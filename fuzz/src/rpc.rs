//! An RPC of the plugin protocol: a byte for the method, then the request message.
//!
//! The server is the provider's, called in process. It is configured for a port that refuses
//! connections, so that a valid request ends in a connection error.

use futures_util::StreamExt as _;
use prost::Message;
use terraform_provider_compshare::{
    cty::{Value, json, msgpack},
    environment::Environment,
    panics,
    protocol::{
        Server,
        tfplugin5::{self as wire, provider_server::Provider as _},
    },
    provider::CompshareProvider,
};
use tokio::runtime::{Builder, Runtime};
use tonic::{Request, Response, Status};

use super::values;

const PRIVATE_KEY: &str = "canary-private";

thread_local! {
    static SERVED: Served = Served::new();
}

struct Served {
    runtime: Runtime,
    server: Server<CompshareProvider>,
    /// Receives the configurations of the input, because `server` must not get another address.
    unconfigured: Server<CompshareProvider>,
}

impl Served {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let environment = [
            ("COMPSHARE_PUBLIC_KEY", "canary-public"),
            ("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY),
            ("COMPSHARE_BASE_URL", "http://127.0.0.1:1"),
        ];
        let server = Server::new(CompshareProvider::new(environment.into_iter().collect()));
        let (_, ty) = &values::schema_types()[0];
        let Value::Map(mut config) = values::filled(ty, &Value::Null) else { unreachable!() };
        config.insert("max_retries".to_owned(), Value::from(0));
        let msgpack = msgpack::encode(&Value::Map(config), ty).unwrap();
        let config = Some(wire::DynamicValue { msgpack, json: Vec::new() });
        let request = wire::configure::Request { config, ..Default::default() };
        let configured = runtime.block_on(server.configure(Request::new(request))).unwrap();
        assert_eq!(configured.into_inner().diagnostics, []);
        let unconfigured = Server::new(CompshareProvider::new(Environment::default()));
        Self { runtime, server, unconfigured }
    }
}

pub fn run(input: &[u8]) {
    let Some((method, message)) = input.split_first() else { return };
    SERVED.with(|served| served.runtime.block_on(call(served, *method, message)));
}

pub(crate) fn validate_data_source(
    request: wire::validate_data_source_config::Request,
) -> Vec<wire::Diagnostic> {
    SERVED.with(|served| {
        let response = served.server.validate_data_source_config(Request::new(request));
        diagnostics(served.runtime.block_on(response))
    })
}

/// Decodes the request. `None` skips the call: also if the request contains the private key, since
/// the response may quote it.
fn decoded<M: Message + Default>(message: &[u8]) -> Option<Request<M>> {
    let mut windows = message.windows(PRIVATE_KEY.len());
    if windows.any(|window| window == PRIVATE_KEY.as_bytes()) {
        return None;
    }
    M::decode(message).ok().map(Request::new)
}

fn diagnostics<R: Reply>(response: Result<Response<R>, Status>) -> Vec<wire::Diagnostic> {
    let diagnostics = response.expect("errors are diagnostics").into_inner().diagnostics();
    check(&diagnostics);
    diagnostics
}

fn check(diagnostics: &[wire::Diagnostic]) {
    for wire::Diagnostic { detail, .. } in diagnostics {
        assert!(!detail.contains(panics::REPORT), "{detail}");
        assert!(!detail.contains(PRIVATE_KEY), "{detail}");
    }
}

trait Reply {
    fn diagnostics(self) -> Vec<wire::Diagnostic>;
}

/// Fields of the requests in [`seeds`].
struct Fields {
    type_name: String,
    msgpack: Vec<u8>,
    /// The same value as in a state file; `None` if JSON cannot represent it.
    json: Option<Vec<u8>>,
}

impl Fields {
    fn name(&self) -> String {
        self.type_name.clone()
    }

    fn value(&self) -> Option<wire::DynamicValue> {
        Some(wire::DynamicValue { msgpack: self.msgpack.clone(), json: Vec::new() })
    }

    fn value_in_json(&self) -> Option<wire::DynamicValue> {
        Some(wire::DynamicValue { msgpack: Vec::new(), json: self.json.clone()? })
    }

    fn raw(&self) -> Option<wire::RawState> {
        Some(match &self.json {
            Some(json) => wire::RawState { json: json.clone(), ..Default::default() },
            None => wire::RawState { flatmap: [id()].into(), ..Default::default() },
        })
    }
}

fn id() -> (String, String) {
    ("id".to_owned(), "uhost-1".to_owned())
}

fn identity() -> Option<wire::ResourceIdentityData> {
    let msgpack = b"\x82\xabinstance_id\xa7uhost-1\xaaproject_id\xc0".to_vec();
    let identity_data = Some(wire::DynamicValue { msgpack, json: Vec::new() });
    Some(wire::ResourceIdentityData { identity_data })
}

fn private() -> Vec<u8> {
    b"private".to_vec()
}

/// From one table of methods: the dispatch of [`run`], and the requests of [`seeds`].
macro_rules! methods {
    (
        |$served:ident, $f:ident|
        $($number:literal $server:ident.$method:ident { $($fields:tt)* })*
    ) => {
        $(impl Reply for wire::$method::Response {
            fn diagnostics(self) -> Vec<wire::Diagnostic> {
                self.diagnostics
            }
        })*

        async fn call($served: &Served, method: u8, message: &[u8]) {
            match method {
                $($number => if let Some(request) = decoded(message) {
                    diagnostics($served.$server.$method(request).await);
                })*
                20 => list_resource(&$served.server, message).await,
                21 => invoke_action(&$served.server, message).await,
                22 => if let Some(request) = decoded(message) {
                    $served.server.call_function(request).await.unwrap();
                },
                _ => drop($served.server.stop(Request::new(Default::default())).await.unwrap()),
            }
        }

        fn requests($f: &Fields) -> Vec<(u8, Vec<u8>)> {
            vec![
                $(($number, wire::$method::Request { $($fields)* }.encode_to_vec()),)*
                (20, wire::list_resource::Request {
                    type_name: $f.name(),
                    config: $f.value(),
                    include_resource_object: true,
                    limit: 3,
                }.encode_to_vec()),
                (21, wire::invoke_action::Request {
                    action_type: $f.name(),
                    config: $f.value(),
                    ..Default::default()
                }.encode_to_vec()),
                (22, wire::call_function::Request {
                    name: $f.name(),
                    arguments: Vec::from_iter($f.value()),
                }.encode_to_vec()),
                (23, Vec::new()),
            ]
        }
    };
}

methods! { |served, f|
    0 unconfigured.prepare_provider_config { config: f.value() }
    1 unconfigured.configure {
        terraform_version: "1.14.0".to_owned(), config: f.value(), ..Default::default()
    }
    2 server.upgrade_resource_state { type_name: f.name(), version: 0, raw_state: f.raw() }
    3 server.upgrade_resource_identity { type_name: f.name(), version: 0, raw_identity: f.raw() }
    4 server.import_resource_state {
        type_name: f.name(), id: id().1, identity: identity(), ..Default::default()
    }
    5 server.move_resource_state {
        source_provider_address: "registry.terraform.io/a/compshare".to_owned(),
        source_type_name: f.name(),
        source_state: f.raw(),
        target_type_name: f.name(),
        source_private: private(),
        source_identity: f.raw(),
        ..Default::default()
    }
    6 server.generate_resource_config { type_name: f.name(), state: f.value() }
    7 server.validate_resource_type_config {
        type_name: f.name(), config: f.value(), ..Default::default()
    }
    8 server.read_resource {
        type_name: f.name(),
        current_state: f.value(),
        private: private(),
        current_identity: identity(),
        ..Default::default()
    }
    9 server.plan_resource_change {
        type_name: f.name(),
        prior_state: f.value(),
        proposed_new_state: f.value(),
        config: f.value(),
        prior_private: private(),
        prior_identity: identity(),
        ..Default::default()
    }
    10 server.apply_resource_change {
        type_name: f.name(),
        prior_state: f.value(),
        planned_state: f.value(),
        config: f.value(),
        planned_private: private(),
        planned_identity: identity(),
        ..Default::default()
    }
    11 server.validate_data_source_config { type_name: f.name(), config: f.value_in_json() }
    12 server.read_data_source { type_name: f.name(), config: f.value(), ..Default::default() }
    13 server.validate_ephemeral_resource_config { type_name: f.name(), config: f.value() }
    14 server.open_ephemeral_resource {
        type_name: f.name(), config: f.value(), ..Default::default()
    }
    15 server.renew_ephemeral_resource { type_name: f.name(), private: Some(private()) }
    16 server.close_ephemeral_resource { type_name: f.name(), private: Some(private()) }
    17 server.validate_list_resource_config {
        type_name: f.name(), config: f.value(), ..Default::default()
    }
    18 server.validate_action_config { type_name: f.name(), config: f.value() }
    19 server.plan_action { action_type: f.name(), config: f.value(), ..Default::default() }
}

async fn list_resource(server: &Server<CompshareProvider>, message: &[u8]) {
    let Some(request) = decoded(message) else { return };
    let mut events = server.list_resource(request).await.unwrap().into_inner();
    while let Some(event) = events.next().await {
        check(&event.unwrap().diagnostic);
    }
}

async fn invoke_action(server: &Server<CompshareProvider>, message: &[u8]) {
    use wire::invoke_action::event::Type;

    let Some(request) = decoded(message) else { return };
    let mut events = server.invoke_action(request).await.unwrap().into_inner();
    while let Some(event) = events.next().await {
        if let Some(Type::Completed(completed)) = event.unwrap().r#type {
            check(&completed.diagnostics);
        }
    }
}

/// Requests of each method with values of each schema, for the type of the schema and for another
/// one.
pub fn seeds() -> Vec<Vec<u8>> {
    let schemas = values::schema_types();
    let names = schemas.iter().map(|(name, _)| name);
    let mut seeds = Vec::new();
    for ((name, ty), next) in schemas.iter().zip(names.cycle().skip(1)) {
        for fill in [Value::Null, Value::unknown(), Value::from("uhost-1")] {
            let value = with_instance(values::filled(ty, &fill));
            let (msgpack, json) = (msgpack::encode(&value, ty).unwrap(), json::encode(&value, ty));
            for type_name in [name, next] {
                let (type_name, msgpack) = (type_name.clone(), msgpack.clone());
                let fields = Fields { type_name, msgpack, json: json.clone().ok() };
                seeds.extend(
                    requests(&fields)
                        .into_iter()
                        .map(|(method, message)| [&[method][..], message.as_slice()].concat()),
                );
            }
        }
    }
    seeds
}

fn with_instance(mut value: Value) -> Value {
    if let Value::Map(attributes) = &mut value
        && let Some(attribute) = attributes.get_mut("instance_id")
    {
        *attribute = Value::from("uhost-1");
    }
    value
}

/// Number of seeds with a read of a resource that connects to the API.
pub fn seeds_that_reach_the_api() -> usize {
    let reads = seeds().into_iter().filter(|seed| seed[0] == 8);
    let reaches = |seed: &Vec<u8>| {
        SERVED.with(|served| {
            let request = decoded(&seed[1..]).unwrap();
            let diagnostics =
                diagnostics(served.runtime.block_on(served.server.read_resource(request)));
            diagnostics.iter().any(|diagnostic| diagnostic.detail.contains("connection refused"))
        })
    };
    reads.filter(reaches).count()
}
