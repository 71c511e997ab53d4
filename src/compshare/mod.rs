//! Client of the CompShare API: calls, credentials, transport and errors.
//!
//! A [`Call`] fills a form (`call`, `calls`, `form`). The client signs the form (`signature`), sends
//! it (`transport`, `network`), and classifies the response (`response`, `ret_code`, `class`). It sends a
//! request again only if that cannot do harm (`error`, `limit`). A [`BatchingClient`] on top of the
//! [`Client`] lets concurrent describes and lists share requests (`batch_queue`, `describe_batch`),
//! and a [`Catalog`] keeps zones, GPU types, capacity and prices for a short time.
//! [`locate`] finds the keys.
//!
//! This module knows no schema, diagnostic or plan, and it waits for responses only: operations on
//! instances are in `power`. It reads no environment but the given
//! [`Environment`](crate::environment::Environment). Dropping the future of a call cancels it.
//!
//! Errors, log lines and `Debug` output contain no key, signature or form, and of a response only
//! `RetCode` and `Message`.

mod base_url;
mod batch_queue;
mod batching_client;
mod call;
mod calls;
mod catalog;
mod certificates;
mod class;
mod client;
mod credentials;
mod credentials_file;
mod describe_batch;
mod error;
mod file;
mod form;
mod instance;
mod lenient;
mod limit;
mod login;
mod network;
mod pages;
mod proxy;
mod response;
mod ret_code;
mod signature;
mod size;
#[doc(hidden)]
pub mod testing;
mod transport;

pub(crate) use self::class::{OnRefusal, Resend};
pub use self::{
    base_url::BaseUrl,
    batching_client::BatchingClient,
    call::{Call, Scope},
    calls::{
        capacity::{Capacity, CheckCapacity, Offer},
        change::InstanceChange,
        create::{CreateInstance, Created},
        describe::{DescribeInstances, Instances},
        images::{Image, ImageList, ImageSoftware, Images, ListImages},
        instance_types::{DescribeInstanceTypes, DiskType, InstanceType, InstanceTypes},
        power::{Accepted, PowerAction, PowerCall, WithoutGpu},
        price::{GetPrice, Price, Prices},
        projects::{GetProjectList, Projects},
        rename::RenameInstance,
        resize::{DiskSize, Resize, ResizeInstance},
        stop_schedule::StopScheduleCall,
        terminate::TerminateInstance,
        zones::{DescribeSupportZone, Zone, Zones},
    },
    catalog::Catalog,
    class::Class,
    client::{Client, Settings},
    credentials::{Arguments, Credentials, LookupError, locate},
    credentials_file::FileError,
    error::{Error, ErrorKind, Lost, Stage},
    form::Form,
    instance::{Address, Disk, Instance, Software, Spec, SrcConfig, State},
    login::{Login, Undecodable, decode_password},
    network::Network,
    pages::Pages,
    size::{BootDisk, Size},
};
