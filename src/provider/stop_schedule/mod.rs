//! The product `compshare_instance_stop_schedule`: a resource and its list resource.

mod list;
mod model;
mod operation;
mod plan;
mod resource;
mod state;
mod time;

pub(crate) use self::{
    list::StopScheduleList,
    operation::{ScheduleFailure, ScheduleOperation, Target},
    resource::StopSchedule,
};
