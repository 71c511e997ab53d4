//! The create call: sent once, and searched for after a lost response.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{creates::Reservation, marker::Marker};
use crate::{
    compshare::{BatchingClient, Class, CreateInstance, Error, Instance, OnRefusal},
    operation::Pace,
};

/// Number of times that a create is sent again after a refusal because a check within the API
/// failed.
const MAX_CHECK_REFUSALS: u32 = 3;

/// Failure of a create.
#[derive(Debug)]
pub(crate) enum CreateFailure {
    /// The API has not carried out the create.
    Refused(Error),
    /// As `Refused`, for as long as the create was sent again.
    RefusedUntilTimeout(Error),
    /// The response was lost, and no instance with the marker was found. `search` is the failure of
    /// the last list. An interrupted search is shorter than the time for which the instance may be
    /// missing from lists.
    Lost { response: Error, search: Option<Error>, is_interrupted: bool },
    /// The host was interrupted while no create was in flight.
    Interrupted,
}

/// Step after a failed create.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Send the create again after a pause: it was certainly refused.
    Retry(Duration),
    /// Search for the instance: the create may have been carried out.
    Search,
    Fail,
}

/// Sends `create`, which has the marker of `reservation`, and returns the ID of the instance.
///
/// A request in flight is never abandoned, neither at `deadline` nor when `stop` is cancelled,
/// because its response has the ID of an instance that is billed.
///
/// # Errors
///
/// The create was refused, or it is not known whether it was carried out.
pub(crate) async fn create(
    client: &BatchingClient,
    create: &CreateInstance,
    reservation: &Reservation,
    wait_for_capacity: bool,
    pace: &Pace,
    deadline: Instant,
    stop: &CancellationToken,
) -> Result<String, CreateFailure> {
    let mut refusals = 0;
    loop {
        if stop.is_cancelled() {
            return Err(CreateFailure::Interrupted);
        }
        tracing::info!(name = create.name, "sending a create");
        let error = match client.client().call(create).await {
            Ok(created) => return Ok(created.instance_id),
            Err(error) => error,
        };
        let pause = match next(&error, wait_for_capacity, refusals, pace) {
            Next::Retry(pause) => pause,
            Next::Search => return search(client, reservation, error, pace, stop).await,
            Next::Fail => return Err(CreateFailure::Refused(error)),
        };
        refusals += 1;
        if Instant::now() + pause >= deadline {
            return Err(CreateFailure::RefusedUntilTimeout(error));
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = stop.cancelled() => return Err(CreateFailure::Interrupted),
        }
    }
}

fn next(error: &Error, wait_for_capacity: bool, refusals: u32, pace: &Pace) -> Next {
    // The meaning of an unlisted code is not known.
    if error.may_have_happened() || error.class() == Some(Class::Unlisted) {
        return Next::Search;
    }
    let reaction = error.class().map(|class| class.behavior().operation);
    match reaction {
        Some(OnRefusal::RetryForCapacity) if wait_for_capacity => {
            Next::Retry(pace.capacity_pause())
        }
        Some(OnRefusal::Retry) => Next::Retry(pace.retry_pause(refusals)),
        Some(OnRefusal::RetryFewTimes) if refusals < MAX_CHECK_REFUSALS => {
            Next::Retry(pace.retry_pause(refusals))
        }
        _ => Next::Fail,
    }
}

/// Searches for the instance whose create had the `lost` response, for as long as a new instance
/// may be missing from lists.
async fn search(
    client: &BatchingClient,
    reservation: &Reservation,
    lost: Error,
    pace: &Pace,
    stop: &CancellationToken,
) -> Result<String, CreateFailure> {
    tracing::warn!(marker = %reservation.marker(), error = %lost, "searching for the new instance");
    let end = Instant::now() + pace.visible;
    loop {
        let is_last = stop.is_cancelled() || Instant::now() >= end;
        let listed = client.list(reservation.scope().clone(), None).await;
        let failed = match listed {
            Ok(list) => match find(&list, reservation.marker()) {
                Some(id) => return Ok(id),
                None => None,
            },
            Err(error) => Some(error),
        };
        if is_last && failed.is_none() && !stop.is_cancelled() && !lost.may_have_happened() {
            return Err(CreateFailure::Refused(lost));
        }
        if is_last {
            let is_interrupted = stop.is_cancelled();
            return Err(CreateFailure::Lost { response: lost, search: failed, is_interrupted });
        }
        tokio::select! {
            () = sleep_until(end.min(Instant::now() + pace.poll)) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn find(list: &[Arc<Instance>], marker: &Marker) -> Option<String> {
    let has_marker = |instance: &&Arc<Instance>| {
        instance.remark.as_deref().is_some_and(|remark| marker.is_in(remark))
    };
    list.iter().find(has_marker).map(|instance| instance.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compshare::{ErrorKind, Lost, Stage};

    #[test]
    fn create_is_sent_again_only_after_a_certain_refusal() {
        let pace = Pace::new(Duration::from_secs(3));
        let reaction = |kind: &ErrorKind, wait, refusals| {
            let (action, attempts, request_id) = (CreateInstance::ACTION, 1, None);
            let error = Error { action, attempts, request_id, kind: kind.clone() };
            match next(&error, wait, refusals, &pace) {
                Next::Retry(_) => "retry",
                Next::Search => "search",
                Next::Fail => "fail",
            }
        };
        let refused = |code| ErrorKind::Refused { code, message: String::new() };
        for (kind, waiting, not_waiting) in [
            (refused(8357), "retry", "fail"),
            (refused(226_604), "retry", "fail"),
            (refused(226_628), "retry", "retry"),
            (refused(8367), "retry", "retry"),
            (refused(8441), "retry", "retry"),
            (refused(8095), "fail", "fail"),
            (refused(520), "fail", "fail"),
            (refused(8919), "fail", "fail"),
            (refused(230), "fail", "fail"),
            (refused(171), "fail", "fail"),
            (refused(99_999), "search", "search"),
            (refused(8438), "search", "search"),
            (refused(8433), "search", "search"),
            (refused(150), "search", "search"),
            (ErrorKind::Http { status: 502 }, "search", "search"),
            (ErrorKind::Http { status: 408 }, "search", "search"),
            (ErrorKind::Http { status: 404 }, "fail", "fail"),
            (ErrorKind::MaybeSent(Lost::TimedOut), "search", "search"),
            (ErrorKind::MaybeSent(Lost::Interrupted(String::new())), "search", "search"),
            (ErrorKind::Unreadable { http_status: 200, reason: String::new() }, "search", "search"),
            (ErrorKind::Incomplete(String::new()), "search", "search"),
            (ErrorKind::TooLarge { limit: 1 }, "search", "search"),
            (ErrorKind::Unsent { at: Stage::Connection, cause: String::new() }, "fail", "fail"),
        ] {
            assert_eq!(reaction(&kind, true, 0), waiting, "{kind:?}");
            assert_eq!(reaction(&kind, false, 0), not_waiting, "{kind:?}");
        }
        assert_eq!(reaction(&refused(8367), false, MAX_CHECK_REFUSALS), "fail");
    }
}
