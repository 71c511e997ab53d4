//! The CompShare API, as a client of it: who is asking, what is asked, how it is sent, and what a failure means.
//!
//! A request passes through small parts, one file each: a [`Call`] fills a form (`call`, `form`), the form is signed
//! (`signature`), sent once (`transport`), its answer read and judged (`answer`, `ret_code`), and what failed is
//! repeated if that is certain to be harmless (`retry`, `backoff`). `client` puts them together. [`locate`] finds the
//! keys.
//!
//! Nothing in here knows Terraform: no schema, no diagnostics, no plan. It waits for nothing but the answer to a call;
//! how an instance gets from one power state to another is decided elsewhere. It reads no environment but the
//! [`Environment`](crate::environment::Environment) it is given. To stop a call, drop its future.
//!
//! No error, log line or `Debug` output holds a key, a signature, a form, or more of an answer than its `RetCode` and
//! `Message`.

mod answer;
mod backoff;
mod base_url;
mod call;
mod client;
mod credentials;
mod error;
mod form;
mod gather;
mod instance;
mod lenient;
mod limit;
mod listing;
mod login;
mod ret_code;
mod retry;
mod signature;
#[doc(hidden)]
pub mod testing;
mod transport;

pub use self::{
    base_url::{BaseUrl, InvalidBaseUrl},
    call::{
        Accepted, Call, DescribeInstances, DescribeSupportZone, GetProjectList, Instances,
        InvalidSpec, Project, Projects, RebootInstance, Scope, Spec, StartInstance, StopInstance,
        WithoutGpu, Zone, Zones,
    },
    client::{Client, Pages, Settings},
    credentials::{Arguments, Credentials, Key, LookupError, locate},
    error::{Error, ErrorKind, Lost},
    form::Form,
    instance::{Address, Disk, Instance, Software, State},
    login::{Login, Undecodable},
    ret_code::Class,
    signature::{sign, string_to_sign},
};
