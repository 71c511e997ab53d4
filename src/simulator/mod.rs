//! Simulated CompShare API, for tests and demonstrations; needs no account and costs nothing.
//!
//! It serves the calls of this project over HTTP and follows the documented behavior of the API:
//! request signatures, RetCodes under HTTP status 200, transitional states, the operation lock,
//! paging, and unknown parameters, which are ignored. The vendor's own clients work with it
//! unmodified (`tests/vendor`).
//!
//! - [`Simulator`] runs it inside a test; the program `compshare-simulator` runs it on its own.
//! - [`Fault`] describes a failure as data; [`Call`] is the record of a request.
//! - `account` and the files of the actions are the model. It depends on neither
//!   HTTP nor the time of day; `api` dispatches the actions to it.
//! - `api_route` and `control_routes` are the HTTP side: forms, signatures, broken connections.
//!
//! It shares neither types nor code with [`crate::compshare`], the API client: a mistake that both
//! had in common would pass all tests.
//!
//! # Control requests
//!
//! | request | effect |
//! |---|---|
//! | `GET /simulator/calls` | returns the API calls so far, as an array of [`Call`] |
//! | `DELETE /simulator/calls` | clears the list of calls |
//! | `GET /simulator/instances` | returns all instances as they are, without faults and delays |
//! | `POST /simulator/instances/ID` | merges a JSON object into an instance; `null` removes it |
//! | `POST /simulator/images/ID` | merges a JSON object into an image |
//! | `POST /simulator/faults` | adds a [`Fault`], or an array of faults |
//! | `DELETE /simulator/faults` | removes all faults |
//! | `POST /simulator/capacity` | sets the free GPUs with a [`Capacity`], or an array of them |
//! | `POST /simulator/advance` | advances the clock by a duration, for example `"30s"` |
//!
//! # Behavior that the API documentation leaves open
//!
//! - `Limit` (20 if absent) applies even where `UHostIds` is given. An `Offset` at or past the
//!   total is refused unless it is 0.
//! - The lock is checked before the state, so that a second start during a start fails with 8903;
//!   226622 requires an instance in `Starting` whose lock has expired.
//! - A start in no-GPU mode changes the size before it boots. The size remains until a start with
//!   GPU restores the full one, which requires capacity. A start that fails leaves the new size
//!   ([`Effect::FallBackToStopped`]) or the previous one ([`Effect::RollBack`]).
//!   [`Options`] has the behavior of earlier versions of the API.
//! - A call without `ProjectId` covers only the default project. A project exists if an instance is
//!   in it.
//! - A create sells out with 226604. The new instance holds the lock until it runs. Its ID counts the
//!   creates: `uhost-new000001`, or `cpod-…` in a zone of pods.
//! - Only a stopped instance, or one whose installation failed, can be terminated
//!   ([`Options::running_spot_terminates`] adds a running spot instance). During its stop the lock
//!   refuses it. A terminated instance has no state of its own; describes report it as before until
//!   it is gone.
//! - A resize has its new size from the beginning. The disks of a virtual machine grow by
//!   ResizeCompShareDisk and those of a container by ResizeCompShareInstance, both through
//!   `Resizing`; the other action is refused with 8360.
//! - The images are in `images.rs`. One without `SupportedGpuTypes` supports all. The filter `Name`
//!   of platform images must match exactly. A page past the end is empty.
//! - A name is refused with 220. `Remark` is that of the create.
//! - A stop is scheduled only for a running instance, and not for a spot instance
//!   ([`Options::any_instance_scheduled`] accepts both). After the stop its time remains in
//!   `SchedulerStopTime`. If the instance does not run at that time, nothing happens.
//! - A capacity check lists only the sizes of the zone, with none for a GPU type that it does not
//!   sell. A price of such a type is refused with 230, and of an illegal size with 8333.
//! - A stop of a spot instance (`IsSpot`, with `ChargeType` `Postpay`) without `Force` fails with 210.

mod account;
mod account_file;
mod api;
mod api_route;
mod call;
mod capacity;
mod catalog;
mod charge_type;
mod check_capacity;
mod clock;
mod control_routes;
mod create;
mod describe;
mod describe_disks;
mod describe_images;
mod disks;
mod duration;
mod fault;
mod form;
mod images;
mod instance;
mod instance_defaults;
mod instance_types;
mod location;
mod merge;
mod options;
mod page;
mod pending_faults;
mod power;
mod price;
mod projects;
mod refusal;
mod rename;
mod request;
mod resize;
mod response;
mod server;
mod shared;
mod signature;
mod stop_scheduler;
mod terminate;
mod transition;
mod without_gpu;
mod zones;

pub use self::{
    account_file::{AccountFile, AccountFileError},
    call::Call,
    capacity::Capacity,
    clock::Clock,
    duration::parse_duration,
    fault::{Effect, Fault, Garbage},
    options::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, WithoutGpuMode},
    server::{Error, Simulator},
};
