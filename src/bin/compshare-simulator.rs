//! A simulated CompShare account on this machine, for demonstrations and for tests of other programs.
//!
//! Prints `listening on http://127.0.0.1:PORT` once requests are answered, and nothing else, on stdout; errors go to stderr.
//! Ends at SIGTERM or SIGINT.

use std::{
    error::Error,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use terraform_provider_compshare::simulator::{
    self, Clock, Document, Options, Simulator, WithoutGpuMode, parse_duration,
};

/// A simulated CompShare account: it answers the API's calls on this machine, costs nothing and forgets everything.
///
/// Without --instances the account has no instance, the public key demo-public-key and the private key demo-private-key.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; only a loopback address. Port 0 is any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The account: {"public_key": …, "private_key": …, "instances": [{"UHostId": …, any other field of the API}]}.
    #[arg(long, value_name = "FILE.json")]
    instances: Option<PathBuf>,
    /// How long a start or a reboot takes, such as 500ms, 2s or 10m.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s")]
    start_time: Duration,
    /// How long a stop takes.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s")]
    stop_time: Duration,
    /// How long an operation locks its instance at most.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10m")]
    lock_ttl: Duration,
    /// How long each answer takes.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    latency: Duration,
    /// How a start without GPU is understood.
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Documented)]
    without_gpu: Mode,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// The boolean WithoutGpu decides
    Documented,
    /// WithoutGpuSpec decides, the boolean is ignored
    Spec,
    /// WithoutGpuSpec decides, the boolean is refused
    Strict,
}

impl From<Mode> for WithoutGpuMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Documented => Self::Documented,
            Mode::Spec => Self::Spec,
            Mode::Strict => Self::Strict,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if stderr is closed.
            let _ = writeln!(io::stderr(), "compshare-simulator: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut options = Options {
        start_time: arguments.start_time,
        stop_time: arguments.stop_time,
        lock_ttl: arguments.lock_ttl,
        latency: arguments.latency,
        without_gpu: arguments.without_gpu.into(),
        listen: arguments.listen,
        clock: Clock::Real,
        ..Options::default()
    };
    if let Some(file) = &arguments.instances {
        let document = Document::read(file)
            .map_err(|error| format!("{}: {}", file.display(), with_causes(&error)))?;
        options.public_key = document.public_key;
        options.private_key = document.private_key;
        options.instances = document.instances.into_iter().map(Into::into).collect();
    }
    let mut ended = EndSignals::new()?;
    let simulator =
        Simulator::start(options).await.map_err(|error| match &arguments.instances {
            Some(file) if matches!(error, simulator::Error::Instance(_)) => {
                format!("{}: {error}", file.display())
            }
            _ => with_causes(&error),
        })?;
    let mut stdout = io::stdout();
    stdout.write_all(format!("listening on {}\n", simulator.url()).as_bytes())?;
    stdout.flush()?;
    ended.wait().await;
    Ok(())
}

/// The error and what caused it, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// What ends this program. Made before the line on stdout, so that whoever read it can rely on it.
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

/// What ends this program.
#[cfg(not(unix))]
struct EndSignals(());

#[cfg(not(unix))]
impl EndSignals {
    fn new() -> io::Result<Self> {
        Ok(Self(()))
    }

    async fn wait(&mut self) {
        // Without a way to hear of it, the system ends the program by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
