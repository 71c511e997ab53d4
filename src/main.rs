//! The provider's binary: what a host starts, and what a developer runs.

use std::{
    error::Error as _,
    ffi::OsString,
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
};

use lexopt::Arg;
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

/// What a person can ask of the program. Hosts ask nothing; they start it.
enum Request {
    /// Serve the host that started this.
    Serve,
    /// Serve any host, until interrupted.
    Debug,
    /// Tell what this is.
    Help,
    /// Tell which this is.
    Version,
}

/// What a report of a fault has to say.
const VERSION: &str = concat!(
    "terraform-provider-compshare ",
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("BUILD"),
    ", plugin protocol 5)"
);

const HELP: &str = r#"Terraform provider for CompShare.

Terraform and OpenTofu start this program by themselves, without arguments; run by hand it does
nothing.

Usage: terraform-provider-compshare [OPTIONS]

Options:
      --debug    Serve until interrupted, for hosts that are given what this prints on stdout
  -h, --help     Print help
  -V, --version  Print version

To use a build of your own, tell Terraform where it is, in its configuration file (~/.terraformrc,
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
    let request = match request() {
        Ok(request) => request,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}\n\nFor more information, try '--help'.");
            return ExitCode::from(2);
        }
    };
    let is_debug = match request {
        Request::Help => return tell(HELP),
        Request::Version => return tell(VERSION),
        Request::Debug => true,
        Request::Serve => false,
    };
    let environment = Environment::of_process();
    plugin::log::install(log_level(is_debug, &environment));
    match run(is_debug, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not an event: it must be seen whatever the level of the log.
            let _ = writeln!(io::stderr(), "{}", last_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(is_debug: bool, environment: &Environment) -> Result<(), plugin::Error> {
    // This thread does everything but look up host names: what goes on is mostly waiting. More threads are slower to start,
    // need more memory, and make no plan and no apply any faster.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(plugin::Error::Runtime)?;
    let served = if is_debug {
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
fn log_level(is_debug: bool, environment: &Environment) -> LevelFilter {
    let own = environment.text("TF_LOG_PROVIDER_COMPSHARE");
    if is_debug {
        return plugin::log::wanted_level(own.or(Some("INFO")), None);
    }
    let host = environment.text("TF_LOG_PROVIDER").or_else(|| environment.text("TF_LOG"));
    plugin::log::wanted_level(own, host)
}

/// What the arguments ask for; the last one decides.
fn request() -> Result<Request, lexopt::Error> {
    let mut arguments = lexopt::Parser::from_args(std::env::args_os().skip(1).map(long_option));
    let mut request = Request::Serve;
    while let Some(argument) = arguments.next()? {
        request = match argument {
            Arg::Long("debug") => Request::Debug,
            Arg::Short('h') | Arg::Long("help") => Request::Help,
            Arg::Short('V') | Arg::Long("version") => Request::Version,
            other => return Err(other.unexpected()),
        };
    }
    Ok(request)
}

/// Go's flags have one dash or two, and Terraform's users know them so.
fn long_option(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(name @ ("-debug" | "-help" | "-version")) => format!("-{name}").into(),
        _ => argument,
    }
}

/// Answers a person on stdout.
fn tell(text: &str) -> ExitCode {
    match plugin::say(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
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
