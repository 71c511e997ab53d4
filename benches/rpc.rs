//! Time of each RPC in this process, with encoding and decoding of request and response by the
//! client, and without sockets, TLS and HTTP/2.
//!
//! `cargo bench --bench rpc`. The RPCs of the first group send no request to the API. Those of the
//! second do, and spend most of their time in the wait for other requests of a batch.

#![expect(clippy::unwrap_used, reason = "a failed measurement panics")]

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
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use more of it")]
mod terraform_core;

const RESOURCE: &str = "compshare_instance_power";

type Client = ProviderClient<ProviderServer<Server<CompshareProvider>>>;

fn main() {
    divan::main();
}

/// A provider, the requests of a Terraform with one instance in its state, and the simulator.
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

    /// A provider with this configuration.
    fn configured(config: Json) -> Self {
        let mut bench = Self::new();
        let request = bench.terraform.configuration(&config);
        let response = bench.runtime.block_on(bench.client.configure(request)).unwrap();
        assert_eq!(response.into_inner(), wire::configure::Response::default());
        bench
    }

    /// Plan of an instance that is not in the state.
    fn creating(&self) -> wire::plan_resource_change::Request {
        self.terraform.planning(&Value::Null, &config("uhost-1"), Vec::new(), &Value::Null)
    }

    /// Plan of the instance in the state, without changes.
    fn keeping(&self) -> wire::plan_resource_change::Request {
        let state = self.terraform.state().unwrap();
        self.terraform.planning(&state.value, &config("uhost-1"), Vec::new(), &state.identity)
    }
}

fn config(instance: &str) -> Json {
    json!({"instance_id": instance, "timeouts": {"create": "10m"}})
}

/// Repeats one RPC. The first response must satisfy `holds`.
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

mod without_api_calls {
    use super::*;

    #[divan::bench]
    fn get_metadata(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            get_metadata,
            |_: &Bench| wire::get_metadata::Request {},
            |response: &wire::get_metadata::Response| response.resources.len() == 1
        );
    }

    #[divan::bench]
    fn get_schema(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            get_schema,
            |_: &Bench| wire::get_provider_schema::Request {},
            |response: &wire::get_provider_schema::Response| response.resource_schemas.len() == 1
        );
    }

    #[divan::bench]
    fn get_resource_identity_schemas(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            get_resource_identity_schemas,
            |_: &Bench| wire::get_resource_identity_schemas::Request {},
            |response: &wire::get_resource_identity_schemas::Response| {
                response.identity_schemas.len() == 1
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
            |response: &wire::prepare_provider_config::Response| response.diagnostics.is_empty()
        );
    }

    #[divan::bench]
    fn configure(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            configure,
            |bench: &Bench| bench.terraform.configuration(&json!({})),
            |response: &wire::configure::Response| response.diagnostics.is_empty()
        );
    }

    #[divan::bench]
    fn validate_resource_type_config(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::new(),
            validate_resource_type_config,
            |bench: &Bench| bench.terraform.validation(&config("uhost-1")),
            |response: &wire::validate_resource_type_config::Response| response
                .diagnostics
                .is_empty()
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
            |response: &wire::upgrade_resource_state::Response| response.diagnostics.is_empty()
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
            |response: &wire::import_resource_state::Response| response.imported_resources.len()
                == 1
        );
    }

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

    /// With unknown keys, so that the plan does not describe the instance.
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

mod with_api_calls {
    use super::*;

    /// The first plan describes the instance; the others reuse the result for a few seconds.
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
            |response: &wire::read_resource::Response| {
                response.diagnostics.is_empty() && response.new_state.is_some()
            }
        );
    }

    /// The instance runs already, so that the apply only describes it.
    #[divan::bench]
    fn apply_resource_change_running(bencher: Bencher<'_, '_>) {
        repeat!(
            bencher,
            Bench::configured(json!({})),
            apply_resource_change,
            |bench: &Bench| {
                let terraform = bench.terraform.another();
                bench.runtime.block_on(terraform.creation(config("uhost-1")))
            },
            |response: &wire::apply_resource_change::Response| {
                response.diagnostics.is_empty() && response.new_state.is_some()
            }
        );
    }
}

fn planned(response: &wire::plan_resource_change::Response) -> bool {
    response.diagnostics.is_empty() && response.planned_state.is_some()
}
