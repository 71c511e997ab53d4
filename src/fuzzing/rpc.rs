//! Every RPC, with whatever a host could send. The server is the real one, called in process; the cloud it is configured for
//! is a port of this machine that nobody listens on, so that what is valid ends in a refused connection.

use std::sync::OnceLock;

use futures_util::StreamExt as _;
use tokio::runtime::Runtime;
use tonic::{Request, Response, Status};

use super::{
    filled, own_types,
    parts::{Parts, join},
};
use crate::{
    cty::{Type, Value, msgpack},
    environment::Environment,
    framework::Provider as _,
    protocol::{
        Server,
        tfplugin5::{self as wire, provider_server::Provider as _},
    },
    provider::CompshareProvider,
};

/// What no message may hold, unless somebody sent it as something else.
const PRIVATE_KEY: &str = "canary-private";

/// What the requests are made of: the same for all of them, each takes what it has room for.
#[derive(Clone)]
struct Material {
    type_name: String,
    text: String,
    version: i64,
    private: Vec<u8>,
    json: bool,
    identity: Vec<u8>,
    values: [Option<Vec<u8>>; 3],
    flag: bool,
}

impl Material {
    fn of(input: &[u8]) -> Self {
        let mut parts = Parts::of(input);
        let (kind, flags, version) = (parts.byte(), parts.byte(), parts.byte());
        let text = String::from_utf8_lossy(parts.next()).into_owned();
        let flag = |bit: u8| flags & 1 << bit != 0;
        let (private, identity) = (parts.next().to_vec(), parts.next().to_vec());
        let mut values =
            [parts.next(), parts.next(), parts.rest()].map(|value| Some(value.to_vec()));
        for (bit, value) in (0..).zip(&mut values) {
            if flag(bit) {
                *value = None;
            }
        }
        let names = names();
        let type_name = match names.get(usize::from(kind)) {
            Some(name) => name.clone(),
            None => text.clone(),
        };
        let version = i64::from(version.cast_signed());
        Self { type_name, text, version, private, json: flag(3), identity, values, flag: flag(4) }
    }

    fn dynamic(&self, bytes: &[u8]) -> wire::DynamicValue {
        let (json, msgpack) =
            if self.json { (bytes.to_vec(), Vec::new()) } else { (Vec::new(), bytes.to_vec()) };
        wire::DynamicValue { msgpack, json }
    }

    fn value(&self, which: usize) -> Option<wire::DynamicValue> {
        self.values[which].as_ref().map(|bytes| self.dynamic(bytes))
    }

    fn raw(&self, bytes: &[u8]) -> Option<wire::RawState> {
        let flatmap =
            [(self.text.clone(), self.text.clone())].into_iter().filter(|_| self.flag).collect();
        Some(wire::RawState { json: bytes.to_vec(), flatmap })
    }

    fn raw_state(&self) -> Option<wire::RawState> {
        self.values[2].as_ref().and_then(|bytes| self.raw(bytes))
    }

    fn identity(&self) -> Option<wire::ResourceIdentityData> {
        let identity_data = Some(self.dynamic(&self.identity));
        self.flag.then_some(wire::ResourceIdentityData { identity_data })
    }

    fn capabilities(&self) -> Option<wire::ClientCapabilities> {
        self.flag
            .then_some(wire::ClientCapabilities { deferral_allowed: true, ..Default::default() })
    }
}

/// The names of everything that is offered.
fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let provider = CompshareProvider::new(Environment::default());
        let mut names: Vec<&str> = provider.resources().iter().map(|one| one.type_name()).collect();
        names.extend(provider.data_sources().iter().map(|one| one.type_name()));
        names.extend(provider.ephemeral_resources().iter().map(|one| one.type_name()));
        names.extend(provider.actions().iter().map(|one| one.type_name()));
        names.into_iter().map(str::to_owned).collect()
    })
}

/// A server for a cloud that is not there, and one to be configured with anything.
struct Served {
    runtime: Runtime,
    server: Server<CompshareProvider>,
    other: Server<CompshareProvider>,
}

impl Served {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let environment = [
            ("COMPSHARE_PUBLIC_KEY", "canary-public"),
            ("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY),
            ("COMPSHARE_BASE_URL", "http://127.0.0.1:1"),
        ];
        let server = Server::new(CompshareProvider::new(environment.into_iter().collect()));
        let ty = &own_types()[0];
        let Value::Map(mut config) = filled(ty, &Value::Null) else {
            panic!("a block is an object")
        };
        config.insert("max_retries".to_owned(), Value::from(0));
        let msgpack = msgpack::encode(&Value::Map(config), ty).unwrap();
        let config = Some(wire::DynamicValue { msgpack, json: Vec::new() });
        let request = wire::configure::Request { config, ..Default::default() };
        let configured = runtime.block_on(server.configure(Request::new(request))).unwrap();
        assert_eq!(configured.into_inner().diagnostics, []);
        let other = Server::new(CompshareProvider::new(Environment::default()));
        Self { runtime, server, other }
    }
}

thread_local! {
    static SERVED: Served = Served::new();
}

pub(super) fn run(input: &[u8]) {
    if knows_the_key(input) {
        return;
    }
    let material = Material::of(input);
    SERVED.with(|served| {
        served.runtime.block_on(async {
            call_provider(&served.other, &material).await;
            call_all(&served.server, &material).await;
        });
    });
}

/// A pattern for the names of instances, and then its match against one.
pub(super) fn regex(input: &[u8]) {
    if knows_the_key(input) {
        return;
    }
    let pattern = String::from_utf8_lossy(input).into_owned();
    let ty = list_type();
    let Value::Map(mut config) = filled(&ty, &Value::Null) else { panic!("a block is an object") };
    config.insert("name_regex".to_owned(), Value::from(pattern.as_str()));
    let msgpack = msgpack::encode(&Value::Map(config), &ty).unwrap();
    let request = wire::validate_data_source_config::Request {
        type_name: "compshare_instances".to_owned(),
        config: Some(wire::DynamicValue { msgpack, json: Vec::new() }),
    };
    let answer = SERVED.with(|served| {
        served.runtime.block_on(served.server.validate_data_source_config(Request::new(request)))
    });
    let diagnostics = answer.unwrap().into_inner().diagnostics;
    check(&diagnostics);
    if diagnostics.is_empty() {
        let regex = regex_lite::Regex::new(&pattern).expect("it was accepted");
        regex.is_match("train-0123456789-训练-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }
}

fn knows_the_key(input: &[u8]) -> bool {
    input.windows(PRIVATE_KEY.len()).any(|window| window == PRIVATE_KEY.as_bytes())
}

fn list_type() -> Type {
    let provider = CompshareProvider::new(Environment::default());
    let lists = provider.data_sources();
    lists.iter().find(|one| one.type_name() == "compshare_instances").unwrap().schema().block.ty()
}

/// What came of a panic says so.
fn check(diagnostics: &[wire::Diagnostic]) {
    for diagnostic in diagnostics {
        assert!(!diagnostic.detail.contains("The provider failed inside"), "{}", diagnostic.detail);
        assert!(!diagnostic.detail.contains(PRIVATE_KEY), "{}", diagnostic.detail);
    }
}

trait Told {
    fn diagnostics(self) -> Vec<wire::Diagnostic>;
}

fn told<T: Told>(answer: Result<Response<T>, Status>) {
    check(&answer.expect("an answer, whatever was sent").into_inner().diagnostics());
}

macro_rules! all_told {
    ($($message:ident),* $(,)?) => {
        $(impl Told for wire::$message::Response {
            fn diagnostics(self) -> Vec<wire::Diagnostic> {
                self.diagnostics
            }
        })*
    };
}

all_told!(
    apply_resource_change,
    close_ephemeral_resource,
    configure,
    generate_resource_config,
    import_resource_state,
    move_resource_state,
    open_ephemeral_resource,
    plan_action,
    plan_resource_change,
    prepare_provider_config,
    read_data_source,
    read_resource,
    renew_ephemeral_resource,
    upgrade_resource_identity,
    upgrade_resource_state,
    validate_action_config,
    validate_data_source_config,
    validate_ephemeral_resource_config,
    validate_list_resource_config,
    validate_resource_type_config,
);

async fn call_all(server: &Server<CompshareProvider>, material: &Material) {
    call_stored(server, material).await;
    call_resource(server, material).await;
    call_others(server, material).await;
    call_streams(server, material).await;
    server.stop(Request::new(Default::default())).await.unwrap();
}

/// On a server of its own, since nothing may be sent to the address in such a configuration.
async fn call_provider(server: &Server<CompshareProvider>, material: &Material) {
    let config = material.value(2);
    let prepare = wire::prepare_provider_config::Request { config: config.clone() };
    told(server.prepare_provider_config(Request::new(prepare)).await);
    let configure = wire::configure::Request {
        terraform_version: material.text.clone(),
        config,
        client_capabilities: material.capabilities(),
    };
    told(server.configure(Request::new(configure)).await);
}

async fn call_stored(server: &Server<CompshareProvider>, material: &Material) {
    let (type_name, version) = (material.type_name.clone(), material.version);
    let upgrade = wire::upgrade_resource_state::Request {
        type_name,
        version,
        raw_state: material.raw_state(),
    };
    told(server.upgrade_resource_state(Request::new(upgrade)).await);
    let type_name = material.type_name.clone();
    let raw_identity = material.raw(&material.identity);
    let upgrade = wire::upgrade_resource_identity::Request { type_name, version, raw_identity };
    told(server.upgrade_resource_identity(Request::new(upgrade)).await);
    let import = wire::import_resource_state::Request {
        type_name: material.type_name.clone(),
        id: material.text.clone(),
        client_capabilities: material.capabilities(),
        identity: material.identity(),
    };
    told(server.import_resource_state(Request::new(import)).await);
    let moved = wire::move_resource_state::Request {
        source_provider_address: if material.flag {
            "a/compshare".to_owned()
        } else {
            material.text.clone()
        },
        source_type_name: material.type_name.clone(),
        source_schema_version: version,
        source_state: material.raw_state(),
        target_type_name: material.type_name.clone(),
        source_private: material.private.clone(),
        source_identity: material.raw(&material.identity),
        source_identity_schema_version: version,
    };
    told(server.move_resource_state(Request::new(moved)).await);
    let type_name = material.type_name.clone();
    let generate = wire::generate_resource_config::Request { type_name, state: material.value(2) };
    told(server.generate_resource_config(Request::new(generate)).await);
}

async fn call_resource(server: &Server<CompshareProvider>, material: &Material) {
    let type_name = || material.type_name.clone();
    let validate = wire::validate_resource_type_config::Request {
        type_name: type_name(),
        config: material.value(2),
        client_capabilities: material.capabilities(),
    };
    told(server.validate_resource_type_config(Request::new(validate)).await);
    let read = wire::read_resource::Request {
        type_name: type_name(),
        current_state: material.value(2),
        private: material.private.clone(),
        provider_meta: material.value(1),
        client_capabilities: material.capabilities(),
        current_identity: material.identity(),
    };
    told(server.read_resource(Request::new(read)).await);
    let plan = wire::plan_resource_change::Request {
        type_name: type_name(),
        prior_state: material.value(0),
        proposed_new_state: material.value(1),
        config: material.value(2),
        prior_private: material.private.clone(),
        provider_meta: material.value(1),
        client_capabilities: material.capabilities(),
        prior_identity: material.identity(),
    };
    told(server.plan_resource_change(Request::new(plan)).await);
    let apply = wire::apply_resource_change::Request {
        type_name: type_name(),
        prior_state: material.value(0),
        planned_state: material.value(1),
        config: material.value(2),
        planned_private: material.private.clone(),
        provider_meta: None,
        planned_identity: material.identity(),
    };
    told(server.apply_resource_change(Request::new(apply)).await);
}

async fn call_others(server: &Server<CompshareProvider>, material: &Material) {
    let (type_name, config) = (|| material.type_name.clone(), || material.value(2));
    let client_capabilities = material.capabilities();
    let validate =
        wire::validate_data_source_config::Request { type_name: type_name(), config: config() };
    told(server.validate_data_source_config(Request::new(validate)).await);
    let read = wire::read_data_source::Request {
        type_name: type_name(),
        config: config(),
        provider_meta: None,
        client_capabilities,
    };
    told(server.read_data_source(Request::new(read)).await);
    let validate = wire::validate_ephemeral_resource_config::Request {
        type_name: type_name(),
        config: config(),
    };
    told(server.validate_ephemeral_resource_config(Request::new(validate)).await);
    let open = wire::open_ephemeral_resource::Request {
        type_name: type_name(),
        config: config(),
        client_capabilities,
    };
    told(server.open_ephemeral_resource(Request::new(open)).await);
    let private = Some(material.private.clone());
    let renew = wire::renew_ephemeral_resource::Request {
        type_name: type_name(),
        private: private.clone(),
    };
    told(server.renew_ephemeral_resource(Request::new(renew)).await);
    let close = wire::close_ephemeral_resource::Request { type_name: type_name(), private };
    told(server.close_ephemeral_resource(Request::new(close)).await);
    let validate = wire::validate_list_resource_config::Request {
        type_name: type_name(),
        config: config(),
        include_resource_object: material.value(0),
        limit: material.value(1),
    };
    told(server.validate_list_resource_config(Request::new(validate)).await);
    let validate =
        wire::validate_action_config::Request { type_name: type_name(), config: config() };
    told(server.validate_action_config(Request::new(validate)).await);
    let plan = wire::plan_action::Request {
        action_type: type_name(),
        config: config(),
        client_capabilities,
    };
    told(server.plan_action(Request::new(plan)).await);
    let arguments = config().into_iter().collect();
    let call = wire::call_function::Request { name: material.text.clone(), arguments };
    server.call_function(Request::new(call)).await.unwrap();
}

async fn call_streams(server: &Server<CompshareProvider>, material: &Material) {
    let list = wire::list_resource::Request {
        type_name: material.type_name.clone(),
        config: material.value(2),
        include_resource_object: material.flag,
        limit: material.version,
    };
    let mut events = server.list_resource(Request::new(list)).await.unwrap().into_inner();
    while let Some(event) = events.next().await {
        check(&event.unwrap().diagnostic);
    }
    let invoke = wire::invoke_action::Request {
        action_type: material.type_name.clone(),
        config: material.value(2),
        client_capabilities: material.capabilities(),
    };
    let mut events = server.invoke_action(Request::new(invoke)).await.unwrap().into_inner();
    while let Some(event) = events.next().await {
        if let Some(wire::invoke_action::event::Type::Completed(completed)) = event.unwrap().r#type
        {
            check(&completed.diagnostics);
        }
    }
}

/// For each name, values of each type: most do not fit together, and some do.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for ty in own_types() {
        for fill in [Value::Null, Value::unknown(), Value::from("uhost-1")] {
            let mut value = filled(ty, &fill);
            set(&mut value, "instance_id", "uhost-1");
            let bytes = msgpack::encode(&value, ty).unwrap();
            for kind in 0..=u8::try_from(names().len()).unwrap() {
                seeds.push(seed(kind, 16 * (kind % 2), &bytes));
            }
        }
    }
    seeds
}

fn set(value: &mut Value, name: &str, text: &str) {
    if let Value::Map(attributes) = value
        && let Some(attribute) = attributes.get_mut(name)
    {
        *attribute = Value::from(text);
    }
}

fn seed(kind: u8, flags: u8, value: &[u8]) -> Vec<u8> {
    let mut seed = vec![kind, flags, 0];
    let identity = b"\x82\xabinstance_id\xa7uhost-1\xaaproject_id\xc0";
    seed.extend(join(&[b"uhost-1", b"private", identity, value, value], value));
    seed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_get_as_far_as_the_cloud() {
        let resource = names().iter().position(|name| name == "compshare_instance_power");
        let mut reached = 0;
        for seed in seeds().iter().filter(|seed| Some(usize::from(seed[0])) == resource) {
            let Material { type_name, values: [.., state], .. } = Material::of(seed);
            let msgpack = state.unwrap();
            let current_state = Some(wire::DynamicValue { msgpack, json: Vec::new() });
            let request =
                wire::read_resource::Request { type_name, current_state, ..Default::default() };
            let read = SERVED
                .with(|served| {
                    served.runtime.block_on(served.server.read_resource(Request::new(request)))
                })
                .unwrap();
            let told = read.into_inner().diagnostics;
            let refused = |told: &wire::Diagnostic| told.detail.contains("refused (os error");
            reached += usize::from(told.iter().any(refused));
        }
        assert!(reached > 0, "no seed is a state that can be read");
    }
}
