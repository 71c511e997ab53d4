//! What the data sources tell about an instance: everything useful that the cloud reports, and nothing secret. How to log in
//! is for `compshare_instance_login`, and so are the addresses of web interfaces, which may carry a token.

use crate::{
    compshare::{self, Instance, State},
    cty::{Number, Type},
    framework::{Attr, Attribute, Block, Mode, model},
};

model! {
    /// One instance.
    pub(crate) struct InstanceFacts {
        pub(crate) instance_id: Attr<String>,
        pub(crate) name: Attr<String>,
        pub(crate) state: Attr<String>,
        pub(crate) region: Attr<String>,
        pub(crate) zone: Attr<String>,
        pub(crate) project_id: Attr<String>,
        pub(crate) tag: Attr<String>,
        pub(crate) remark: Attr<String>,
        pub(crate) instance_type: Attr<String>,
        pub(crate) machine_type: Attr<String>,
        pub(crate) gpu_type: Attr<String>,
        pub(crate) gpu_count: Attr<i64>,
        pub(crate) reported_gpu_count: Attr<i64>,
        pub(crate) gpu_memory_gb: Attr<i64>,
        pub(crate) cpu_cores: Attr<i64>,
        pub(crate) cpu_platform: Attr<String>,
        pub(crate) cpu_arch: Attr<String>,
        pub(crate) memory_mb: Attr<i64>,
        pub(crate) os_name: Attr<String>,
        pub(crate) os_type: Attr<String>,
        pub(crate) without_gpu: Attr<bool>,
        pub(crate) without_gpu_spec: Attr<String>,
        pub(crate) supports_without_gpu: Attr<bool>,
        pub(crate) charge_type: Attr<String>,
        pub(crate) price_yuan: Attr<Number>,
        pub(crate) image_price_yuan: Attr<Number>,
        pub(crate) created_at: Attr<String>,
        pub(crate) started_at: Attr<String>,
        pub(crate) stopped_at: Attr<String>,
        pub(crate) stop_scheduled_at: Attr<String>,
        pub(crate) reclaimed_at: Attr<String>,
        pub(crate) expires_at: Attr<String>,
        pub(crate) public_ip: Attr<String>,
        pub(crate) private_ip: Attr<String>,
        pub(crate) addresses: Attr<Vec<Address>>,
        pub(crate) disks: Attr<Vec<Disk>>,
        pub(crate) software: Attr<Vec<String>>,
    }
}

model! {
    /// One of its addresses.
    pub(crate) struct Address {
        pub(crate) ip: Attr<String>,
        pub(crate) address_type: Attr<String>,
        pub(crate) bandwidth_mbps: Attr<i64>,
    }
}

model! {
    /// One of its disks.
    pub(crate) struct Disk {
        pub(crate) disk_id: Attr<String>,
        pub(crate) disk_type: Attr<String>,
        pub(crate) is_boot: Attr<bool>,
        pub(crate) size_gb: Attr<i64>,
    }
}

impl InstanceFacts {
    /// What is told about an instance that was found in `project_id`, which the cloud does not report.
    pub(crate) fn new(instance: &Instance, project_id: &Attr<String>) -> Self {
        let text = |fact: &Option<String>| Attr::from(fact.clone());
        let time = |seconds: Option<i64>| Attr::from(seconds.and_then(rfc3339));
        let runs = instance.state == State::Running;
        Self {
            instance_id: instance.id.as_str().into(),
            name: text(&instance.name),
            state: instance.state_word().map(str::to_owned).into(),
            region: text(&instance.region),
            zone: text(&instance.zone),
            project_id: project_id.clone(),
            tag: text(&instance.tag),
            remark: text(&instance.remark),
            instance_type: text(&instance.instance_type),
            machine_type: text(&instance.machine_type),
            gpu_type: text(&instance.gpu_type),
            gpu_count: instance.allocated_gpus().map(i64::from).into(),
            reported_gpu_count: instance.gpu.map(i64::from).into(),
            gpu_memory_gb: instance.graphics_memory_gb.map(i64::from).into(),
            cpu_cores: instance.cpu.map(i64::from).into(),
            cpu_platform: text(&instance.cpu_platform),
            cpu_arch: text(&instance.cpu_arch),
            memory_mb: whole(instance.memory_mb),
            os_name: text(&instance.os_name),
            os_type: text(&instance.os_type),
            without_gpu: instance.gpu.filter(|_| runs).map(|count| count == 0).into(),
            without_gpu_spec: instance.without_gpu_spec.map(|spec| spec.to_string()).into(),
            supports_without_gpu: instance.supports_without_gpu_start.into(),
            charge_type: text(&instance.charge_type),
            price_yuan: decimal(instance.price),
            image_price_yuan: decimal(instance.image_price),
            created_at: time(instance.create_time),
            started_at: time(instance.start_time),
            stopped_at: time(instance.stop_time),
            stop_scheduled_at: time(instance.stop_scheduler_time),
            reclaimed_at: time(instance.release_time),
            expires_at: time(instance.expire_time),
            public_ip: first_address(instance, |kind| kind != "Private"),
            private_ip: first_address(instance, |kind| kind == "Private"),
            addresses: Attr::Known(instance.addresses.iter().map(Address::from).collect()),
            disks: Attr::Known(instance.disks.iter().map(Disk::from).collect()),
            software: Attr::Known(
                instance.softwares.iter().filter_map(|software| software.name.clone()).collect(),
            ),
        }
    }
}

impl From<&compshare::Address> for Address {
    fn from(address: &compshare::Address) -> Self {
        Self {
            ip: address.ip.clone().into(),
            address_type: address.kind.clone().into(),
            bandwidth_mbps: whole(address.bandwidth_mbps),
        }
    }
}

impl From<&compshare::Disk> for Disk {
    fn from(disk: &compshare::Disk) -> Self {
        Self {
            disk_id: disk.id.clone().into(),
            disk_type: disk.kind.clone().into(),
            is_boot: disk.is_boot.into(),
            size_gb: whole(disk.size_gb),
        }
    }
}

fn first_address(instance: &Instance, belongs: impl Fn(&str) -> bool) -> Attr<String> {
    let mut addresses = instance.addresses.iter();
    let first = addresses.find(|address| address.kind.as_deref().is_some_and(&belongs));
    first.and_then(|address| address.ip.clone()).into()
}

/// What no machine has as much of counts as not reported.
fn whole(number: Option<u64>) -> Attr<i64> {
    number.and_then(|number| i64::try_from(number).ok()).into()
}

/// The shortest decimal text of a float is the text that it was read from.
fn decimal(number: Option<f64>) -> Attr<Number> {
    number.and_then(|number| Number::from_decimal(&number.to_string())).into()
}

/// `None` beyond the years that the format can write.
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// The attributes of an [`InstanceFacts`], all of them the provider's to set.
pub(crate) fn attributes() -> Vec<Attribute> {
    let fact = |name, ty, description| Attribute::new(name, ty, Mode::Computed, description);
    let text = |name, description| fact(name, Type::String, description);
    let number = |name, description| fact(name, Type::Number, description);
    let flag = |name, description| fact(name, Type::Bool, description);
    vec![
        text("instance_id", "The instance, such as `uhost-1a2b3c4d` or `cpod-1a2b3c4d`."),
        text("name", "Its name."),
        text(
            "state",
            "What it is doing, as the cloud words it: `Running`, `Stopped`, `Starting`, `Stopping` and so on. Null if the cloud \
             cannot say.",
        ),
        text("region", "The region it is in, such as `cn-wlcb`."),
        text("zone", "The zone it is in, such as `cn-wlcb-01`."),
        text(
            "project_id",
            "The project that was asked for it; null for the account's default project.",
        ),
        text("tag", "The group that its owner put it in."),
        text("remark", "Its owner's note."),
        text("instance_type", "`UHost` (virtual machine) or `Container`."),
        text("machine_type", "The cloud's class of machine."),
        text("gpu_type", "Its GPU model, such as `4090`."),
        number("gpu_count", "GPUs allocated now: 0 unless it runs with its GPU."),
        number(
            "reported_gpu_count",
            "GPUs as the cloud reports them, which says something certain only while the instance is `Running`.",
        ),
        number("gpu_memory_gb", "Memory of each GPU, in GB."),
        number("cpu_cores", "Processor cores."),
        text("cpu_platform", "The processor's generation."),
        text("cpu_arch", "The processor's instruction set, such as `x86_64`."),
        number("memory_mb", "Memory, in MB."),
        text("os_name", "The operating system."),
        text("os_type", "The kind of operating system, such as `Linux`."),
        flag("without_gpu", "Whether it runs without its GPU. Null unless it is `Running`."),
        text(
            "without_gpu_spec",
            "What it last ran on without its GPU: `A` (2 cores, 4 GiB) or `B` (8 cores, 16 GiB). Null if the cloud does not say.",
        ),
        flag("supports_without_gpu", "Whether it can be started without its GPU."),
        text(
            "charge_type",
            "How it is paid for: `Postpay` (pay as you go), or in advance: `Dynamic` (by the hour), `Day`, `Month` or `Year`.",
        ),
        number("price_yuan", "Price of the instance for one unit of its charge type, in yuan."),
        number("image_price_yuan", "Price of its image on top of that, in yuan."),
        text(
            "created_at",
            "When it was created, in RFC 3339 as all times here, such as `2026-01-31T01:00:00Z`.",
        ),
        text("started_at", "When it was last started."),
        text("stopped_at", "When it was last stopped."),
        text(
            "stop_scheduled_at",
            "When it is going to be stopped by the cloud's own schedule. Null if there is none.",
        ),
        text(
            "reclaimed_at",
            "When the cloud takes it back for good, if it stays stopped. Null if it does not.",
        ),
        text("expires_at", "When what was paid for in advance ends. Null if nothing was."),
        text("public_ip", "Its first address on the internet. Null if it has none."),
        text("private_ip", "Its first private address. Null if it has none."),
        list(
            "addresses",
            "Its addresses. Each has its `ip`, its `address_type` (`Private`, `Bgp` or `Internation`) and its \
             `bandwidth_mbps`, in Mbit/s.",
            address(),
        ),
        list(
            "disks",
            "Its disks. Each has its `disk_id`, its `disk_type` (such as `CLOUD_SSD`), its `size_gb`, in GB, and `is_boot`: \
             whether the instance boots from it.",
            disk(),
        ),
        fact(
            "software",
            Type::List(Box::new(Type::String)),
            "Names of the web interfaces that its image brings along.",
        ),
    ]
}

fn address() -> Type {
    object([("ip", Type::String), ("address_type", Type::String), ("bandwidth_mbps", Type::Number)])
}

fn disk() -> Type {
    object([
        ("disk_id", Type::String),
        ("disk_type", Type::String),
        ("is_boot", Type::Bool),
        ("size_gb", Type::Number),
    ])
}

/// One instance, as an element of a list.
pub(crate) fn instance() -> Type {
    Block { attributes: attributes(), ..Block::default() }.ty()
}

/// The type of an object.
pub(crate) fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).into())
}

/// A list of objects. The protocol has no place for what is to be said about their attributes, so the list says it.
pub(crate) fn list(name: &'static str, description: &'static str, element: Type) -> Attribute {
    Attribute::new(name, Type::List(Box::new(element)), Mode::Computed, description)
}
