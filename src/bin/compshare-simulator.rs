//! Simulator of the CompShare API, for demonstrations and for tests of other programs.
//!
//! Prints `listening on http://127.0.0.1:PORT` on stdout when it accepts requests, and nothing
//! else; errors are printed on stderr. Ends on SIGTERM or SIGINT.

use std::{
    error::Error,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use terraform_provider_compshare::{
    error_chain::error_chain,
    simulator::{self, AccountFile, Clock, Options, Simulator, WithoutGpuMode, parse_duration},
};

/// Simulates the CompShare API and an account on this machine. Nothing is stored.
///
/// Without --instances the account has no instances; its public key is demo-public-key and its
/// private key demo-private-key.
#[derive(Debug, Parser)]
#[command(version, after_long_help = CONTROL_REQUESTS)]
struct Arguments {
    /// Loopback address to listen on. Port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// File with the account: {"public_key": …, "private_key": …, "instances": [{"UHostId": …,
    /// other fields of the API}], "images": [{"CompShareImageId": …, other fields of the API}]}.
    #[arg(long, value_name = "FILE.json")]
    instances: Option<PathBuf>,
    /// Duration of a start or reboot, for example 500ms, 2s or 10m.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s")]
    start_time: Duration,
    /// Duration of a stop.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s")]
    stop_time: Duration,
    /// Duration of a create.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s")]
    create_time: Duration,
    /// Duration after a create during which describes do not report the instance.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    create_hidden: Duration,
    /// Duration of a resize.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s")]
    resize_time: Duration,
    /// Duration after a terminate until the instance is gone.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s")]
    terminate_time: Duration,
    /// Duration of the copy of an image to a zone in its UnsyncedZones.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "3m")]
    image_sync_time: Duration,
    /// Maximum number of instances [default: unlimited].
    #[arg(long, value_name = "NUMBER")]
    instance_quota: Option<usize>,
    /// Let a terminate accept a running spot instance.
    #[arg(long)]
    running_spot_terminates: bool,
    /// Longest duration of an instance's lock during an operation.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10m")]
    lock_ttl: Duration,
    /// Delay of each response.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    latency: Duration,
    /// Parameter that selects no-GPU mode in a start.
    #[arg(long, value_name = "MODE", value_enum, default_value_t = WithoutGpuMode::Any)]
    without_gpu: WithoutGpuMode,
    /// Let the size without GPU end with a stop, instead of with the next start with GPU.
    #[arg(long)]
    size_restored_on_stop: bool,
    /// Name fields as in the vendor's SDK instead of the documentation: PriceDetail,
    /// GpuInventoryByZone and StopSchedulerTime.
    #[arg(long)]
    sdk_field_names: bool,
    /// Let the stop scheduler accept spot instances and stopped instances.
    #[arg(long)]
    any_instance_scheduled: bool,
}

const CONTROL_REQUESTS: &str = "\
Requests that control the simulator:
  GET    /simulator/instances     List all instances as they are, without faults and delays
  POST   /simulator/instances/ID  Merge a JSON object into an instance; null removes it
  POST   /simulator/images/ID     Merge a JSON object into an image
  POST   /simulator/faults        Add a fault, for example {\"effect\": \"sold_out\"}, or an array
  DELETE /simulator/faults        Remove all faults
  POST   /simulator/capacity      Set free GPUs, for example {\"zone\": \"cn-wlcb-01\", \"free_gpus\": 0}
  POST   /simulator/advance       Advance the clock by a duration, for example \"30s\"
  GET    /simulator/calls         List the API requests
  DELETE /simulator/calls         Clear the list of API requests";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A failure to write means that stderr is closed.
            let _ = writeln!(io::stderr(), "compshare-simulator: {}", error_chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut options = Options {
        start_time: arguments.start_time,
        stop_time: arguments.stop_time,
        create_time: arguments.create_time,
        create_hidden: arguments.create_hidden,
        resize_time: arguments.resize_time,
        terminate_time: arguments.terminate_time,
        image_sync_time: arguments.image_sync_time,
        instance_quota: arguments.instance_quota,
        running_spot_terminates: arguments.running_spot_terminates,
        lock_ttl: arguments.lock_ttl,
        latency: arguments.latency,
        without_gpu: arguments.without_gpu,
        size_restored_on_stop: arguments.size_restored_on_stop,
        sdk_field_names: arguments.sdk_field_names,
        any_instance_scheduled: arguments.any_instance_scheduled,
        listen: arguments.listen,
        clock: Clock::Real,
        ..Options::default()
    };
    if let Some(path) = &arguments.instances {
        let file = AccountFile::read(path)
            .map_err(|error| format!("{}: {}", path.display(), error_chain(&error)))?;
        options.public_key = file.public_key;
        options.private_key = file.private_key;
        options.instances = file.instances.into_iter().map(Into::into).collect();
        options.images = file.images.into_iter().map(Into::into).collect();
    }
    let mut signals = EndSignals::new()?;
    let simulator =
        Simulator::start(options).await.map_err(|error| match &arguments.instances {
            Some(path) if matches!(error, simulator::Error::Instance(_)) => {
                format!("{}: {error}", path.display())
            }
            _ => error_chain(&error),
        })?;
    let mut stdout = io::stdout();
    stdout.write_all(format!("listening on {}\n", simulator.url()).as_bytes())?;
    stdout.flush()?;
    signals.wait().await;
    Ok(())
}

/// Signals that end this program. Installed before the address is printed, so that a parent process
/// can end it as soon as it has read the line.
#[cfg(unix)]
struct EndSignals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl EndSignals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C, which ends this program.
#[cfg(not(unix))]
struct EndSignals(());

#[cfg(not(unix))]
impl EndSignals {
    fn new() -> io::Result<Self> {
        Ok(Self(()))
    }

    async fn wait(&mut self) {
        // Without a handler the system itself ends the program.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
