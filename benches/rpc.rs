//! What each RPC costs in this process: the request as bytes, what the provider does, the answer as bytes, and both of them read
//! once more by the client. Without sockets, TLS and HTTP/2.
//!
//! `cargo bench --bench rpc`. What the first group asks makes no call to the cloud; what the second asks does, and there most of
//! the time is the provider's own waiting for further look-ups to share the request with.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says so by panicking")]

use divan::Bencher;
use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    cty::Value,
    environment::Environment,
    protocol::{
        Server,
        tfplugin5::{
            self as wire, provider_client::ProviderClient, provider_server::ProviderServer,
        },
    },
    provider::CompshareProvider,
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator},
};
use tokio::runtime::Runtime;

use self::terraform_core::{Terraform, UNKNOWN};

#[path = "../tests/support/terraform_core/mod.rs"]
#[expect(dead_code, unused_imports, reason = "most of it is for tests")]
mod terraform_core;

const RESOURCE: &str = "compshare_instance_power";

type Client = ProviderClient<ProviderServer<Server<CompshareProvider>>>;

fn main() {
    divan::main();
}

/// A provider, the requests of a Terraform that has one instance in its state, and the cloud, which is there as long as they are.
struct Bench {
    runtime: Runtime,
    client: Client,
    terraform: Terraform,
    _cloud: Simulator,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (client, terraform, cloud) = runtime.block_on(async {
            let instances = vec![json!({"UHostId": "uhost-1", "State": "Running"})];
            let cloud =
                Simulator::start(Options { instances, ..Options::default() }).await.unwrap();
            let mut terraform = Terraform::with(&cloud.url(), json!({})).await;
            terraform.run(config("uhost-1")).await.unwrap();
            let variables = [
                ("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY),
                ("COMPSHARE_PRIVATE_KEY", DEMO_PRIVATE_KEY),
                ("COMPSHARE_BASE_URL", &cloud.url()),
            ];
            let provider = CompshareProvider::new(Environment::from_iter(variables));
            let client = ProviderClient::new(ProviderServer::new(Server::new(provider)));
            (client, terraform, cloud)
        });
        Self { runtime, client, terraform, _cloud: cloud }
    }

    /// Handed this provider block.
    fn configured(config: Json) -> Self {
        let mut bench = Self::new();
        let request = bench.terraform.configuration(&config);
        let answer = bench.runtime.block_on(bench.client.configure(request)).unwrap();
        assert_eq!(answer.into_inner(), wire::configure::Response::default());
        bench
    }

    /// The plan of an instance that is not in the state.
    fn creating(&self) -> wire::plan_resource_change::Request {
        self.terraform.planning(&Value::Null, &config("uhost-1"), Vec::new(), &Value::Null)
    }

    /// The plan of the instance that is in the state, as it is.
    fn keeping(&self) -> wire::plan_resource_change::Request {
        let state = self.terraform.state().unwrap();
        self.terraform.planning(&state.value, &config("uhost-1"), Vec::new(), &state.identity)
    }
}

fn config(instance: &str) -> Json {
    json!({"instance_id": instance, "timeouts": {"create": "10m"}})
}

/// Repeats one RPC. The first answer must be such that `holds`.
macro_rules! repeat {
    ($bencher:expr, $bench:expr, $rpc:ident, $request:expr, $holds:expr) => {{
        let bench: Bench = $bench;
        let request = $request(&bench);
        let call = || {
            let (mut client, request) = (bench.client.clone(), request.clone());
            bench.runtime.block_on(client.$rpc(request)).unwrap().into_inner()
        };
        let first = call();
        assert!($holds(&first), "{first:?}");
        $bencher.bench_local(call);
    }};
}

mod without_cloud {
    use super::*;

    #[divan::bench]
    fn get_metadata(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            get_metadata,
            |_: &Bench| wire::get_metadata::Request {},
            |answer: &wire::get_metadata::Response| answer.resources.len() == 1
        );
    }

    #[divan::bench]
    fn get_schema(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            get_schema,
            |_: &Bench| wire::get_provider_schema::Request {},
            |answer: &wire::get_provider_schema::Response| answer.resource_schemas.len() == 1
        );
    }

    #[divan::bench]
    fn get_resource_identity_schemas(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            get_resource_identity_schemas,
            |_: &Bench| wire::get_resource_identity_schemas::Request {},
            |answer: &wire::get_resource_identity_schemas::Response| {
                answer.identity_schemas.len() == 1
            }
        );
    }

    #[divan::bench]
    fn prepare_provider_config(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            prepare_provider_config,
            |bench: &Bench| {
                let config = bench.terraform.configuration(&json!({})).config;
                wire::prepare_provider_config::Request { config }
            },
            |answer: &wire::prepare_provider_config::Response| answer.diagnostics.is_empty()
        );
    }

    #[divan::bench]
    fn configure(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            configure,
            |bench: &Bench| bench.terraform.configuration(&json!({})),
            |answer: &wire::configure::Response| answer.diagnostics.is_empty()
        );
    }

    #[divan::bench]
    fn validate_resource_type_config(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            validate_resource_type_config,
            |bench: &Bench| bench.terraform.validation(&config("uhost-1")),
            |answer: &wire::validate_resource_type_config::Response| answer.diagnostics.is_empty()
        );
    }

    #[divan::bench]
    fn upgrade_resource_state(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            upgrade_resource_state,
            |_: &Bench| wire::upgrade_resource_state::Request {
                type_name: RESOURCE.to_owned(),
                version: 0,
                raw_state: Some(wire::RawState {
                    json: include_bytes!("../tests/protocol/state-version-0.json").to_vec(),
                    ..wire::RawState::default()
                }),
            },
            |answer: &wire::upgrade_resource_state::Response| answer.diagnostics.is_empty()
        );
    }

    #[divan::bench]
    fn import_resource_state(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({})),
            import_resource_state,
            |_: &Bench| wire::import_resource_state::Request {
                type_name: RESOURCE.to_owned(),
                id: "uhost-1".to_owned(),
                ..wire::import_resource_state::Request::default()
            },
            |answer: &wire::import_resource_state::Response| answer.imported_resources.len() == 1
        );
    }

    /// Of an instance that is as it should be.
    #[divan::bench]
    fn plan_resource_change_nothing(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({})),
            plan_resource_change,
            Bench::keeping,
            planned
        );
    }

    /// Of an instance that is not in the state, before the keys are known: a plan that is allowed to look looks.
    #[divan::bench]
    fn plan_resource_change_create(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({"public_key": UNKNOWN, "private_key": UNKNOWN})),
            plan_resource_change,
            Bench::creating,
            planned
        );
    }
}

mod with_cloud {
    use super::*;

    /// The first one looks; those that follow within a moment make do with what it saw.
    #[divan::bench]
    fn plan_resource_change_create(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({})),
            plan_resource_change,
            Bench::creating,
            planned
        );
    }

    #[divan::bench]
    fn read_resource(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({})),
            read_resource,
            |bench: &Bench| bench.terraform.reading(),
            |answer: &wire::read_resource::Response| {
                answer.diagnostics.is_empty() && answer.new_state.is_some()
            }
        );
    }

    /// Of an instance that runs already, which is all the apply has to find out.
    #[divan::bench]
    fn apply_resource_change_adopt(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({})),
            apply_resource_change,
            |bench: &Bench| {
                let terraform = bench.terraform.another();
                bench.runtime.block_on(terraform.creation(config("uhost-1")))
            },
            |answer: &wire::apply_resource_change::Response| {
                answer.diagnostics.is_empty() && answer.new_state.is_some()
            }
        );
    }
}

fn planned(answer: &wire::plan_resource_change::Response) -> bool {
    answer.diagnostics.is_empty() && answer.planned_state.is_some()
}
