//! HTTP route of the API: signature check, faults of connection and gateway, and the response.
//!
//! The API sends every response, refusals included, with HTTP status 200.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, Response as HttpResponse, StatusCode, header},
    response::IntoResponse,
};
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::Value;

use super::{
    account::Account,
    api::process,
    call::Call,
    fault::Effect,
    form::Form,
    pending_faults::Kind,
    refusal::Refusal,
    request::{Action, Request},
    response::{NoResponse, Response, accepted, gateway_page, malformed, refused},
    shared::Shared,
    signature,
};

pub(super) async fn api(State(shared): State<Arc<Shared>>, body: Bytes) -> HttpResponse<Body> {
    // Before the delay: a request has its effect even if the client does not wait for the response.
    let Outcome { response, request_id, delay } = respond(&shared, &Form::parse(&body));
    tokio::time::sleep(shared.latency + delay).await;
    let mut response = match response {
        Response::Json(json) => Json(json).into_response(),
        Response::Bytes { status, content_type, body } => {
            let status =
                StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Response::Drip { json, every } => {
            let body = Body::from_stream(drip(json.to_string(), every));
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Response::Nothing => Extension(NoResponse).into_response(),
    };
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("X-UCLOUD-REQUEST-UUID", request_id);
    }
    response
}

struct Outcome {
    response: Response,
    request_id: String,
    delay: Duration,
}

fn respond(shared: &Shared, form: &Form) -> Outcome {
    let now = shared.time.now();
    let mut account = shared.account();
    let request_id = account.next_request_id();
    let name = form.get("Action").unwrap_or_default();
    let instance = form.get("UHostId").map(str::to_owned);
    let instances = form.list("UHostIds").unwrap_or_default();
    // A create has no ID yet.
    let created = form.get("Name").filter(|_| name == Action::CreateInstances.name());
    let named: Vec<String> =
        instance.iter().chain(&instances).cloned().chain(created.map(str::to_owned)).collect();

    let mut delay = Duration::ZERO;
    let (response, ret_code) = match authorize(shared, form) {
        Err(refusal) => (Response::Json(refused(name, &refusal)), Some(refusal.ret_code)),
        Ok(action) => {
            let request = Request { action, form, instances: &named, now };
            if let Some(Effect::Delay { by }) = account.faults.strike(Kind::Delay, &request) {
                delay = by;
            }
            let fault = account.faults.strike(Kind::Transport, &request);
            process_with_fault(&mut account, fault, &request)
        }
    };
    account.calls.push(Call {
        action: name.to_owned(),
        instance,
        instances,
        at: now,
        parameters: form
            .parameters()
            .filter(|(name, _)| *name != "PublicKey" && *name != "Signature")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ret_code,
        request_id: request_id.clone(),
    });
    Outcome { response, request_id, delay }
}

/// Checks action, public key and signature, like the API's gateway.
fn authorize(shared: &Shared, form: &Form) -> Result<Action, Refusal> {
    let name = form.get("Action").ok_or_else(Refusal::missing_action)?;
    let action = Action::from_name(name).ok_or_else(|| Refusal::unknown_action(name))?;
    let (Some(public_key), Some(signature)) = (form.get("PublicKey"), form.get("Signature")) else {
        return Err(Refusal::missing_signature());
    };
    if public_key != shared.public_key {
        return Err(Refusal::unknown_public_key());
    }
    if signature != signature::expected(form, &shared.private_key) {
        return Err(Refusal::wrong_signature());
    }
    Ok(action)
}

/// Returns the response, and the RetCode if the API processed the request.
fn process_with_fault(
    account: &mut Account,
    fault: Option<Effect>,
    request: &Request<'_>,
) -> (Response, Option<i64>) {
    let name = request.action.name();
    match fault {
        Some(Effect::Refuse { ret_code, message }) => {
            let json = refused(name, &Refusal { ret_code, message });
            return (Response::Json(json), Some(ret_code));
        }
        Some(Effect::DropConnection) => return (Response::Nothing, None),
        Some(Effect::Http { status, body, processed: false }) => {
            return (gateway_page(status, body), None);
        }
        _ => {}
    }
    let (json, ret_code): (Value, i64) = match process(account, request) {
        Ok(fields) => (accepted(name, fields), 0),
        Err(refusal) => (refused(name, &refusal), refusal.ret_code),
    };
    let response = match fault {
        Some(Effect::LoseResponse) => Response::Nothing,
        Some(Effect::Http { status, body, .. }) => gateway_page(status, body),
        Some(Effect::Respond(fields)) => Response::Json(accepted(name, fields.into())),
        Some(Effect::Malformed(garbage)) => malformed(garbage, &json),
        Some(Effect::Drip { every }) => Response::Drip { json, every },
        _ => Response::Json(json),
    };
    (response, Some(ret_code))
}

/// Streams `text` byte by byte, with a pause before each.
fn drip(text: String, every: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    stream::iter(text.into_bytes()).then(move |byte| async move {
        tokio::time::sleep(every).await;
        Ok(Bytes::from(vec![byte]))
    })
}
