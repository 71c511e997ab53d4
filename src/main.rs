//! The provider binary.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use lexopt::Arg;
use terraform_provider_compshare::{
    environment::Environment,
    error_chain::error_chain,
    plugin::{self, Cookie, Plugin, Services},
    protocol::{Server, tfplugin5::provider_server::ProviderServer},
    provider::CompshareProvider,
};
use tracing::level_filters::LevelFilter;

/// Contract with Terraform and OpenTofu. The cookie is that of `internal/plugin/serve.go` in
/// hashicorp/terraform.
const PLUGIN: Plugin = Plugin {
    // Without a hostname, which each host completes with its own default registry.
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

/// Request of the command line. Hosts pass no arguments.
enum Request {
    /// Serve the host that started this process.
    Serve,
    /// Serve any host, until interrupted.
    Debug,
    Help,
    Version,
}

/// Version line, with all that a bug report needs.
const VERSION: &str = concat!(
    "terraform-provider-compshare ",
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("BUILD"),
    ", plugin protocol 5)"
);

const HELP: &str = r#"Terraform provider for CompShare.

Terraform and OpenTofu start this program without arguments. It cannot be run by hand.

Usage: terraform-provider-compshare [OPTIONS]

Options:
      --debug    Serve until interrupted, for hosts that have the printed variable set
  -h, --help     Print help
  -V, --version  Print version

To use a local build, name its directory in the CLI configuration file of Terraform (~/.terraformrc,
or the file in TF_CLI_CONFIG_FILE), and skip `terraform init`:

  provider_installation {
    dev_overrides { "compshare/compshare" = "/path/to/target/debug" }
    direct {}
  }

To run it under a debugger, start it with --debug, set the variable that it prints in another shell
(`export TF_REATTACH_PROVIDERS=...`), and run Terraform there. Ctrl-C ends it.

The log is written to stderr, which Terraform reads: set TF_LOG=DEBUG, or TF_LOG_PROVIDER_COMPSHARE
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
        Request::Help => return print(HELP),
        Request::Version => return print(VERSION),
        Request::Debug => true,
        Request::Serve => false,
    };
    let environment = Environment::of_process();
    plugin::log::install(log_level(is_debug, &environment));
    match run(is_debug, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, is_debug),
    }
}

/// Writes `error` to stderr directly, so that it does not depend on the log level, and for a host to
/// stdout, which has no effect after the handshake line.
fn fail(error: &plugin::Error, is_debug: bool) -> ExitCode {
    if matches!(error, plugin::Error::NotStartedByHost) {
        let _ = writeln!(io::stderr(), "{error}");
        return ExitCode::FAILURE;
    }
    // A host logs a line that begins with `[ERROR]` at that level.
    let reason = plugin::in_one_line(&error_chain(error));
    let _ = writeln!(io::stderr(), "[ERROR] {reason}");
    if !is_debug {
        plugin::print_reason(&reason);
    }
    ExitCode::FAILURE
}

fn run(is_debug: bool, environment: &Environment) -> Result<(), plugin::Error> {
    plugin::check_files()?;
    // One thread does everything but resolve host names: the provider mostly waits. More threads start
    // more slowly, need more memory, and make no plan or apply faster.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| plugin::Error::System { action: "start the runtime", cause })?;
    let served = if is_debug {
        runtime.block_on(plugin::serve_debug(&PLUGIN, environment, || services(environment)))
    } else {
        runtime.block_on(plugin::serve(&PLUGIN, environment, || services(environment)))
    };
    // Running calls have had their grace period, and the host waits for this process to end.
    runtime.shutdown_background();
    served
}

fn services(environment: &Environment) -> Services {
    let server = Server::new(CompshareProvider::new(environment.clone()));
    let provider = ProviderServer::new(server)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Services::default().with(provider)
}

/// Returns the log level. In debug mode a developer reads the log directly; otherwise the host does,
/// which has variables of its own.
fn log_level(is_debug: bool, environment: &Environment) -> LevelFilter {
    let own = environment.text("TF_LOG_PROVIDER_COMPSHARE");
    if is_debug {
        return plugin::log::effective_level(own.or(Some("INFO")), None);
    }
    let host = environment.text("TF_LOG_PROVIDER").or_else(|| environment.text("TF_LOG"));
    plugin::log::effective_level(own, host)
}

/// Parses the arguments; the last one decides.
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

/// Accepts one dash as well as two, as Go's flags do.
fn long_option(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(name @ ("-debug" | "-help" | "-version")) => format!("-{name}").into(),
        _ => argument,
    }
}

fn print(text: &str) -> ExitCode {
    match plugin::print(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
