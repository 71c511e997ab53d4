//! The vendor's `compshare` program.

use std::{ffi::OsStr, path::PathBuf};

use serde_json::Value;
use terraform_provider_compshare::simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator};

use super::{gateway::Gateway, interpreter, run};

/// The `compshare` program; the gateway redirects its requests to the simulator.
pub(super) struct Cli {
    program: PathBuf,
    gateway: Gateway,
    home: tempfile::TempDir,
}

impl Cli {
    pub(super) async fn new(simulator: &Simulator) -> Self {
        let program = interpreter().await.with_file_name("compshare");
        let home = tempfile::tempdir().unwrap();
        let gateway = Gateway::start(simulator.url(), home.path()).await;
        Self { program, gateway, home }
    }

    /// Runs the program, which must succeed. Returns the JSON that it printed.
    pub(super) async fn succeeds(&self, arguments: &[&str]) -> Value {
        let (ok, printed) = self.run((DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY), arguments).await;
        assert!(ok, "{arguments:?}: {printed:#}");
        printed
    }

    /// Runs the program, which must fail. Returns the error that it printed.
    pub(super) async fn fails(&self, arguments: &[&str]) -> Value {
        let (ok, printed) = self.run((DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY), arguments).await;
        assert!(!ok, "{arguments:?}: {printed:#}");
        printed["error"].clone()
    }

    /// Returns whether the program succeeded, and the JSON that it printed.
    pub(super) async fn run(
        &self,
        (public_key, private_key): (&str, &str),
        arguments: &[&str],
    ) -> (bool, Value) {
        let proxy = self.gateway.proxy();
        let environment: [(&str, &OsStr); 7] = [
            ("HOME", self.home.path().as_ref()),
            ("HTTPS_PROXY", proxy.as_ref()),
            ("REQUESTS_CA_BUNDLE", self.gateway.certificate().as_ref()),
            // Otherwise it reports each command to the vendor.
            ("COMPSHARE_INSIGHTS_URL", "".as_ref()),
            ("COMPSHARE_LANG", "en".as_ref()),
            ("COMPSHARE_PUBLIC_KEY", public_key.as_ref()),
            ("COMPSHARE_PRIVATE_KEY", private_key.as_ref()),
        ];
        let arguments: Vec<&OsStr> = ["--json"].iter().chain(arguments).map(OsStr::new).collect();
        let output = run(&self.program, &arguments, &environment).await;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let text = if stdout.trim().is_empty() { &stderr } else { &stdout };
        let printed = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{stdout}\n{stderr}"));
        (output.status.success(), printed)
    }
}
