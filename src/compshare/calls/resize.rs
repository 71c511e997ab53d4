//! Resize of an instance or of its system disk.

use crate::compshare::{
    call::{Call, Scope},
    calls::power::Accepted,
    form::Form,
    size::Size,
};

/// Request to change the size of a stopped instance, which becomes `Resizing` and then `Stopped`
/// again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResizeInstance {
    pub instance_id: String,
    /// Location of the instance. The API requires region and zone.
    pub scope: Scope,
    pub change: Resize,
}

/// Change of a [`ResizeInstance`]. The API accepts one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resize {
    Size(Size),
    /// Extension of the system disk of a virtual machine, which is a request of its own.
    Disk(DiskSize),
    /// Extension of the system disk of a container.
    ContainerDisk(DiskSize),
}

/// A disk, and the size that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskSize {
    pub disk_id: String,
    pub size_gb: u32,
}

impl ResizeInstance {
    pub const ACTION: &'static str = "ResizeCompShareInstance";
    pub const DISK_ACTION: &'static str = "ResizeCompShareDisk";
}

impl Call for ResizeInstance {
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn action(&self) -> &'static str {
        match self.change {
            Resize::Size(_) | Resize::ContainerDisk(_) => Self::ACTION,
            Resize::Disk(_) => Self::DISK_ACTION,
        }
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("UHostId", self.instance_id.as_str());
        match &self.change {
            Resize::Size(size) => {
                form.put("Gpu", size.gpu_count);
                form.put("Cpu", size.cpu);
                form.put("Memory", size.memory_mb());
            }
            Resize::Disk(disk) => {
                form.put("UDiskId", disk.disk_id.as_str());
                form.put("Size", disk.size_gb);
            }
            Resize::ContainerDisk(disk) => {
                form.put("DiskId", disk.disk_id.as_str());
                form.put("DiskSpace", disk.size_gb);
            }
        }
    }

    fn instance_id(&self) -> Option<&str> {
        Some(&self.instance_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn resize_sends_the_documented_parameters() {
        let disk = || DiskSize { disk_id: "bsi-1".to_owned(), size_gb: 200 };
        let size = Size { gpu_count: 2, cpu: 32, memory_gb: 128 };
        for (change, action, parameters) in [
            (Resize::Size(size), "ResizeCompShareInstance", "Cpu=32 Gpu=2 Memory=131072"),
            (Resize::Disk(disk()), "ResizeCompShareDisk", "Size=200 UDiskId=bsi-1"),
            (
                Resize::ContainerDisk(disk()),
                "ResizeCompShareInstance",
                "DiskId=bsi-1 DiskSpace=200",
            ),
        ] {
            let instance_id = "uhost-1".to_owned();
            let resize = ResizeInstance { instance_id, scope: Scope::default(), change };
            assert_eq!(resize.action(), action);
            let mut expected: Vec<_> = parameters.split(' ').collect();
            expected.push("UHostId=uhost-1");
            expected.sort_unstable();
            assert_sends(&resize, &expected.join(" "));
        }
    }
}
