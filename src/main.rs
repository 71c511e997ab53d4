//! The provider's binary: what a host starts, and what a developer runs.

use std::{
    error::Error as _,
    ffi::OsString,
    fmt::Write as _,
    io::{self, Write as _},
    num::NonZero,
    process::ExitCode,
};

use clap::Parser as _;
use terraform_provider_compshare::{
    environment::Environment,
    plugin::{self, Cookie, Plugin},
    protocol::{Server, tfplugin5::provider_server::ProviderServer},
    provider::CompshareProvider,
};
use tonic::service::Routes;
use tracing::level_filters::LevelFilter;

/// What Terraform and OpenTofu know a provider by. Cookie: hashicorp/terraform
/// `internal/plugin/serve.go`.
const PLUGIN: Plugin = Plugin {
    // Without a host: each of them then takes its own default registry.
    address: "compshare/compshare",
    app_protocol: 5,
    cookie: Cookie {
        key: "TF_PLUGIN_MAGIC_COOKIE",
        value: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    },
    reattach_variable: "TF_REATTACH_PROVIDERS",
};

/// The largest gRPC message either way, in bytes; the limit of providers in Go. Without it tonic
/// stops at 4 MiB.
const MESSAGE_LIMIT: usize = 256 * 1024 * 1024;

/// More threads would only cost start-up: a host has ten calls under way at most, and all they do
/// is wait.
const MOST_THREADS: usize = 4;

/// What a report of a fault has to say.
const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD"), ", plugin protocol 5)");

/// Terraform provider for CompShare.
///
/// Terraform and OpenTofu start this program by themselves, without arguments; run by hand it does
/// nothing.
#[derive(clap::Parser)]
#[command(version = VERSION, after_long_help = DEVELOPMENT)]
struct Arguments {
    /// Serve until interrupted, for hosts that are given what this prints on stdout
    #[arg(long)]
    debug: bool,
}

const DEVELOPMENT: &str = r#"To use a build of your own, tell Terraform where it is, in its configuration file (~/.terraformrc,
or any that TF_CLI_CONFIG_FILE names); no `terraform init` is needed then:

  provider_installation {
    dev_overrides { "compshare/compshare" = "/path/to/target/debug" }
    direct {}
  }

To run it under a debugger, start it with --debug, and run Terraform in another shell where you have
set the variable that it prints (`export TF_REATTACH_PROVIDERS=...`). Ctrl-C ends it.

The log goes to stderr, from where Terraform takes it: set TF_LOG=DEBUG, or TF_LOG_PROVIDER_COMPSHARE
for this provider alone."#;

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(std::env::args_os().map(long_option));
    let environment = Environment::of_process();
    plugin::log::install(log_level(&arguments, &environment));
    match run(&arguments, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not an event: it must be seen whatever the level of the log.
            let _ = writeln!(io::stderr(), "{}", last_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, environment: &Environment) -> Result<(), plugin::Error> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(plugin::Error::Runtime)?;
    let served = if arguments.debug {
        runtime.block_on(plugin::serve_debug(&PLUGIN, environment, || routes(environment)))
    } else {
        runtime.block_on(plugin::serve(&PLUGIN, environment, || routes(environment)))
    };
    // Whatever still runs has had its time: the host is waiting for this process to end.
    runtime.shutdown_background();
    served
}

fn routes(environment: &Environment) -> Routes {
    let server = Server::new(CompshareProvider::new(environment.clone()));
    let provider = ProviderServer::new(server)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Routes::new(provider)
}

/// A developer who runs the provider reads its log directly; otherwise the host does, which has
/// variables of its own.
fn log_level(arguments: &Arguments, environment: &Environment) -> LevelFilter {
    let own = environment.text("TF_LOG_PROVIDER_COMPSHARE");
    if arguments.debug {
        return plugin::log::wanted_level(own.or(Some("INFO")), None);
    }
    let host = environment.text("TF_LOG_PROVIDER").or_else(|| environment.text("TF_LOG"));
    plugin::log::wanted_level(own, host)
}

/// Go's flags have one dash or two, and Terraform's users know them so.
fn long_option(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(name @ ("-debug" | "-help" | "-version")) => format!("-{name}").into(),
        _ => argument,
    }
}

/// What to tell on stderr. The host gives a line that begins with `[ERROR]` that level, and a
/// person can read it.
fn last_words(error: &plugin::Error) -> String {
    if matches!(error, plugin::Error::NotStartedByHost) {
        return error.to_string();
    }
    let mut text = format!("[ERROR] {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
