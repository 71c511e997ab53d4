//! Fleets of instances and the runs of Terraform on them.

use std::{fmt, time::Duration};

use clap::ValueEnum;

/// A run of Terraform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Run {
    /// Apply that starts all instances.
    Apply,
    /// Refresh without drift.
    Refresh,
    /// Apply after a tenth of the instances was stopped.
    Drift,
    /// Destroy that stops all instances.
    Destroy,
}

impl Run {
    /// All runs in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Apply, Self::Refresh, Self::Drift, Self::Destroy];
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Apply => "apply, all stopped",
            Self::Refresh => "refresh",
            Self::Drift => "apply, 10 % stopped",
            Self::Destroy => "destroy, with stop",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Latency as given, no throttling.
    Plain,
    /// An API that responds at once.
    WithoutLatency,
    /// An API that refuses some requests with "too many requests".
    Throttled,
}

#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) variant: Variant,
    pub(crate) instances: usize,
    /// Terraform's `-parallelism`.
    pub(crate) parallelism: usize,
    /// Latency of each response.
    pub(crate) latency: Duration,
    pub(crate) start_time: Duration,
    pub(crate) stop_time: Duration,
    /// Percentage of requests that are throttled.
    pub(crate) throttle: u8,
    pub(crate) runs: Vec<Run>,
}

impl Fleet {
    pub(crate) fn configuration(&self) -> String {
        // High enough that the limit of the provider is never reached.
        let max_concurrent_requests = self.parallelism.clamp(10, 1000);
        // Not `for_each`, whose time in Terraform grows with the square of the number of instances.
        format!(
            r#"terraform {{
  required_providers {{
    compshare = {{
      source = "compshare/compshare"
    }}
  }}
}}

provider "compshare" {{
  max_concurrent_requests = {max_concurrent_requests}
}}

resource "compshare_instance_power" "fleet" {{
  count           = {}
  instance_id     = format("uhost-%06d", count.index)
  stop_on_destroy = true
}}
"#,
            self.instances
        )
    }
}
