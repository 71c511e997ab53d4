//! The data source `compshare_instance_types`.

use crate::{
    compshare::{self, Size},
    cty::Number,
    framework::{Attr, Context, DataSource, Definition, Diagnostics, Rule, model},
    provider::{
        instance::reported::decimal,
        message,
        offer::{ZoneType, place, zone_types},
        session::Session,
    },
};

#[derive(Debug)]
pub(crate) struct InstanceTypesDataSource;

model! {
    /// Filters, and the matching GPU models.
    pub(crate) struct InstanceTypesModel {
        /// Only GPU models in this region, for example `cn-wlcb`. Defaults to the provider's
        /// `region`, otherwise to all regions.
        pub(crate) region: Attr<String> = optional().rule(Rule::Code),

        /// Only GPU models in this zone, for example `cn-wlcb-01`. Defaults to all zones.
        pub(crate) zone: Attr<String> = optional().rule(Rule::Code),

        /// Only this GPU model, for example `4090`. Defaults to all types.
        pub(crate) gpu_type: Attr<String> = optional().rule(Rule::Code),

        /// GPU models in the order of the API, one element for each zone that lists the type.
        pub(crate) instance_types: Attr<Vec<InstanceTypeModel>> = computed(),
    }
}

model! {
    /// A GPU model in a zone.
    pub(crate) struct InstanceTypeModel {
        /// GPU model, for example `4090`.
        pub(crate) gpu_type: Attr<String> = computed(),

        /// Region of the zone.
        pub(crate) region: Attr<String> = computed(),

        /// Zone that lists the GPU model.
        pub(crate) zone: Attr<String> = computed(),

        /// Sales status, for example `Normal` or `SoldOut`. `Normal` means on sale, not in stock.
        pub(crate) status: Attr<String> = computed(),

        /// Memory of one GPU in GB.
        pub(crate) gpu_memory_gb: Attr<i64> = computed(),

        /// Computing power of one GPU in TFLOPS.
        pub(crate) performance_tflops: Attr<Number> = computed(),

        /// Legal sizes, sorted by number of GPUs, CPU cores, and memory.
        pub(crate) sizes: Attr<Vec<SizeModel>> = computed(),

        /// Disks that an instance of this type can have.
        pub(crate) disks: Attr<Vec<DiskModel>> = computed(),
    }
}

model! {
    /// A legal size.
    pub(crate) struct SizeModel {
        /// Number of GPUs.
        pub(crate) gpu_count: Attr<i64> = computed(),

        /// Number of CPU cores.
        pub(crate) cpu: Attr<i64> = computed(),

        /// Memory in GB.
        pub(crate) memory_gb: Attr<i64> = computed(),
    }
}

model! {
    /// A type of disk.
    pub(crate) struct DiskModel {
        /// Disk type, for example `CLOUD_SSD`.
        pub(crate) disk_type: Attr<String> = computed(),

        /// `true` for a system disk, `false` for a data disk.
        pub(crate) is_boot: Attr<bool> = computed(),

        /// Minimum size in GB. Null if not reported.
        pub(crate) min_size_gb: Attr<i64> = computed(),

        /// Maximum size in GB. Null if not reported.
        pub(crate) max_size_gb: Attr<i64> = computed(),
    }
}

impl From<ZoneType> for InstanceTypeModel {
    fn from(ZoneType { region, zone, instance_type, .. }: ZoneType) -> Self {
        Self {
            gpu_type: Attr::Known(instance_type.name),
            region: Attr::Known(region),
            zone: Attr::Known(zone),
            status: instance_type.status.into(),
            gpu_memory_gb: instance_type.gpu_memory_gb.map(i64::from).into(),
            performance_tflops: instance_type.performance_tflops.and_then(decimal).into(),
            sizes: Attr::Known(instance_type.sizes.into_iter().map(SizeModel::from).collect()),
            disks: Attr::Known(instance_type.disks.into_iter().map(DiskModel::from).collect()),
        }
    }
}

impl From<Size> for SizeModel {
    fn from(Size { gpu_count, cpu, memory_gb }: Size) -> Self {
        Self {
            gpu_count: Attr::Known(gpu_count.into()),
            cpu: Attr::Known(cpu.into()),
            memory_gb: Attr::Known(memory_gb.into()),
        }
    }
}

impl From<compshare::DiskType> for DiskModel {
    fn from(disk: compshare::DiskType) -> Self {
        Self {
            disk_type: Attr::Known(disk.kind),
            is_boot: Attr::Known(disk.is_boot),
            min_size_gb: disk.min_size_gb.map(i64::from).into(),
            max_size_gb: disk.max_size_gb.map(i64::from).into(),
        }
    }
}

impl Definition for InstanceTypesDataSource {
    type Model = InstanceTypesModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instance_types"
    }

    fn description(&self) -> &'static str {
        "GPU models on sale, by zone, with their legal sizes and disks. A listed type may be out of \
         stock: `compshare_capacity` checks that. An unknown region or zone is an error; a GPU model \
         that is not listed is an empty result."
    }
}

impl DataSource for InstanceTypesDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: InstanceTypesModel,
    ) -> Result<InstanceTypesModel, Diagnostics> {
        let place = place(&config.region, &config.zone, context.session()?);
        let listed = zone_types(context, "List Instance Types", &place);
        let mut listed = context
            .or_interrupted(listed, || message::interrupted("Listing Instance Types"))
            .await??;
        listed.retain(|one| config.gpu_type.text().is_none_or(|it| it == one.instance_type.name));
        let instance_types = listed.into_iter().map(InstanceTypeModel::from).collect();
        Ok(InstanceTypesModel { instance_types: Attr::Known(instance_types), ..config })
    }
}
