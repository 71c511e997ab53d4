//! Dispatch of the API actions.

use serde_json::Value;

use super::{
    account::Account,
    check_capacity::{check_capacity, describe_gpu_inventory},
    create::create_instances,
    describe::describe_instances,
    describe_disks::describe_disks,
    describe_images::{
        describe_community_images, describe_custom_images, describe_platform_images,
    },
    instance_types::describe_instance_types,
    location::check_location,
    power::operate,
    price::price,
    projects::{check_project, list_projects},
    refusal::Refusal,
    rename::rename_instance,
    request::{Action, Request},
    resize::{resize_disk, resize_instance},
    stop_scheduler::{delete_stop_scheduler, update_stop_scheduler},
    terminate::terminate_instance,
    zones::describe_zones,
};

/// Carries out a request. Returns the fields of the response.
pub(super) fn process(account: &mut Account, request: &Request<'_>) -> Result<Value, Refusal> {
    account.settle(request.now);
    check_location(account, request.form)?;
    check_project(account, request.form)?;
    match request.action {
        Action::Power(operation) => operate(account, operation, request),
        Action::DescribeInstances => describe_instances(account, request),
        Action::DescribeZones => Ok(describe_zones(request.form)),
        Action::ListProjects => Ok(list_projects(account)),
        Action::DescribeInstanceTypes => describe_instance_types(account, request.form),
        Action::CheckCapacity => check_capacity(account, request),
        Action::DescribeGpuInventory => describe_gpu_inventory(account, request),
        Action::Price(kind) => price(account, kind, request.form),
        Action::UpdateStopScheduler => update_stop_scheduler(account, request),
        Action::DeleteStopScheduler => delete_stop_scheduler(account, request),
        Action::CreateInstances => create_instances(account, request),
        Action::TerminateInstance => terminate_instance(account, request),
        Action::ResizeInstance => resize_instance(account, request),
        Action::ResizeDisk => resize_disk(account, request),
        Action::DescribeDisks => Ok(describe_disks(account, request.form)),
        Action::RenameInstance => rename_instance(account, request),
        Action::DescribePlatformImages => describe_platform_images(account, request),
        Action::DescribeCustomImages => describe_custom_images(account, request),
        Action::DescribeCommunityImages => describe_community_images(account, request),
    }
}
