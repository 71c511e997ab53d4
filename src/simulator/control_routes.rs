//! Control routes, under `/simulator/`. They ignore the content type, so that `curl --data` works.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::fmt::serde::unsigned_duration::friendly::compact;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{call::Call, capacity::Capacity, fault::Fault, shared::Shared};

/// Status and message of a refused control request.
type ControlError = (StatusCode, String);

pub(super) async fn list_calls(State(shared): State<Arc<Shared>>) -> Json<Vec<Call>> {
    Json(shared.account().calls.clone())
}

pub(super) async fn clear_calls(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.account().calls.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn advance(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<StatusCode, ControlError> {
    #[derive(Deserialize)]
    struct By(#[serde(with = "compact::required")] Duration);

    let By(duration) = parse(&body, "a duration, a JSON string such as \"30s\"")?;
    shared.time.advance(duration);
    Ok(StatusCode::NO_CONTENT)
}

/// Adds one fault or an array of faults.
pub(super) async fn add_faults(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<StatusCode, ControlError> {
    let faults: Vec<Fault> = one_or_more(&body, "a fault", "an array of faults")?;
    let now = shared.time.now();
    let mut account = shared.account();
    for fault in faults {
        account.faults.add(fault, now);
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.account().faults.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn set_capacity(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<StatusCode, ControlError> {
    let capacities: Vec<Capacity> = one_or_more(&body, "a capacity", "an array of capacities")?;
    let now = shared.time.now();
    let mut account = shared.account();
    for capacity in capacities {
        account.capacities.set(capacity, now);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the actual fields of all instances, including those that describes do not report.
pub(super) async fn list_instances(State(shared): State<Arc<Shared>>) -> Json<Vec<Value>> {
    let now = shared.time.now();
    Json(shared.account().views(now))
}

pub(super) async fn patch_image(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, ControlError> {
    let patch = parse(&body, "an object")?;
    match shared.account().patch_image(&id, patch) {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err((StatusCode::NOT_FOUND, format!("there is no image `{id}`\n"))),
        Err(problem) => Err((StatusCode::BAD_REQUEST, format!("{problem}\n"))),
    }
}

pub(super) async fn patch_instance(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, ControlError> {
    let patch = parse(&body, "JSON")?;
    let now = shared.time.now();
    match shared.account().patch(&id, patch, now) {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err((StatusCode::NOT_FOUND, format!("there is no instance `{id}`\n"))),
        Err(problem) => Err((StatusCode::BAD_REQUEST, format!("{problem}\n"))),
    }
}

/// Parses a body that is a value or an array of values.
fn one_or_more<T: DeserializeOwned>(
    body: &[u8],
    one: &str,
    more: &str,
) -> Result<Vec<T>, ControlError> {
    if parse::<Value>(body, "JSON")?.is_array() {
        return parse(body, more);
    }
    Ok(vec![parse(body, one)?])
}

/// Parses a body; `expected` is the description of a valid one in the error.
fn parse<T: DeserializeOwned>(body: &[u8], expected: &str) -> Result<T, ControlError> {
    serde_json::from_slice(body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("not {expected}: {error}\n")))
}
