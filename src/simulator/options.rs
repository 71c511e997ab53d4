//! Options of a simulator.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde_json::Value;

use super::{capacity::Capacity, clock::Clock};

/// Default public key; without access to a real account.
pub const DEMO_PUBLIC_KEY: &str = "demo-public-key";
/// Private key of [`DEMO_PUBLIC_KEY`].
pub const DEMO_PRIVATE_KEY: &str = "demo-private-key";

/// Parameter that selects no-GPU mode in a start. The real API has changed it over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WithoutGpuMode {
    /// Either parameter. The boolean `WithoutGpu` alone selects size `A`.
    #[default]
    Any,
    /// The documented boolean `WithoutGpu`; `WithoutGpuSpec` only selects the size.
    Documented,
    /// `WithoutGpuSpec`; the boolean is ignored like an unknown parameter.
    Spec,
    /// `WithoutGpuSpec`; a call with the boolean fails with 230.
    Strict,
}

/// Options of a simulator. The default suits most tests: demo keys, no instances, and operations
/// that complete immediately.
#[derive(Clone)]
pub struct Options {
    pub public_key: String,
    pub private_key: String,
    /// API fields of each instance. `UHostId` is required, the others override the defaults (a
    /// stopped pay-as-you-go instance with one GPU).
    pub instances: Vec<Value>,
    /// API fields of images in addition to the built-in ones. `CompShareImageId` is required, the
    /// others override the defaults (an available system image). `UnsyncedZones` lists zones in
    /// which the first create fails while the image is copied.
    pub images: Vec<Value>,
    /// Duration of a start or a reboot, by the simulator's clock. With zero the next call already
    /// reports `Running`.
    pub start_time: Duration,
    /// Duration of a stop, by the simulator's clock.
    pub stop_time: Duration,
    /// Duration of a create, by the simulator's clock.
    pub create_time: Duration,
    /// Duration after a create during which describes do not report the instance, by the
    /// simulator's clock.
    pub create_hidden: Duration,
    /// Duration of a resize, by the simulator's clock.
    pub resize_time: Duration,
    /// Duration after a terminate until the instance is gone, by the simulator's clock.
    pub terminate_time: Duration,
    /// Duration of the copy of an image to another zone, by the simulator's clock.
    pub image_sync_time: Duration,
    /// Maximum number of instances; `None`: unlimited.
    pub instance_quota: Option<usize>,
    /// Let a terminate accept a running spot instance.
    pub running_spot_terminates: bool,
    /// Longest duration of the operation lock; the end of the operation releases it earlier.
    pub lock_ttl: Duration,
    /// Delay of each response, in real time.
    pub latency: Duration,
    pub without_gpu: WithoutGpuMode,
    /// As in earlier versions of the API, the size without GPU is reported only while the instance
    /// runs, and ends with a stop. Otherwise it remains until a start with GPU restores the size that
    /// `SrcInstanceConfig` reports.
    pub size_restored_on_stop: bool,
    /// Free GPUs at the start.
    pub capacity: Vec<Capacity>,
    /// Fields are named as in the vendor's SDK, which differs from the documentation:
    /// `PriceDetail`, `GpuInventoryByZone` and `StopSchedulerTime`.
    pub sdk_field_names: bool,
    /// The stop scheduler accepts spot instances and stopped instances. The documentation excludes
    /// the former and does not mention the latter.
    pub any_instance_scheduled: bool,
    /// Address to listen on; must be a loopback address. Port 0 selects a free port.
    pub listen: SocketAddr,
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_key: DEMO_PUBLIC_KEY.to_owned(),
            private_key: DEMO_PRIVATE_KEY.to_owned(),
            instances: Vec::new(),
            images: Vec::new(),
            start_time: Duration::ZERO,
            stop_time: Duration::ZERO,
            create_time: Duration::ZERO,
            create_hidden: Duration::ZERO,
            resize_time: Duration::ZERO,
            terminate_time: Duration::ZERO,
            image_sync_time: Duration::from_secs(3 * 60),
            instance_quota: None,
            running_spot_terminates: false,
            lock_ttl: Duration::from_secs(10 * 60),
            latency: Duration::ZERO,
            without_gpu: WithoutGpuMode::default(),
            size_restored_on_stop: false,
            capacity: Vec::new(),
            sdk_field_names: false,
            any_instance_scheduled: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::default(),
        }
    }
}

/// Omits the private key and the instances, which contain passwords.
impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("public_key", &self.public_key)
            .field("instances", &self.instances.len())
            .field("without_gpu", &self.without_gpu)
            .field("listen", &self.listen)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
