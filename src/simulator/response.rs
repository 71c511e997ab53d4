//! Response to an API request: the API's JSON, or the effect of a fault on the connection.

use std::time::Duration;

use serde_json::{Value, json};

use super::{fault::Garbage, refusal::Refusal};

/// Excess length of a huge response, in bytes.
const HUGE: usize = 5 << 20;

/// Marks an HTTP response that must not be sent; the connection closes instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoResponse;

/// Response to an API request.
pub(super) enum Response {
    Json(Value),
    Bytes {
        status: u16,
        content_type: &'static str,
        body: Vec<u8>,
    },
    /// JSON that is sent byte by byte, with a pause before each.
    Drip {
        json: Value,
        every: Duration,
    },
    /// The connection closes without a response.
    Nothing,
}

/// Returns a list of the API, which is null if it is empty.
pub(super) fn list(items: impl Iterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.collect();
    if items.is_empty() { Value::Null } else { items.into() }
}

pub(super) fn accepted(action: &str, fields: Value) -> Value {
    let mut json = json!({"Action": format!("{action}Response"), "RetCode": 0});
    if let (Value::Object(json), Value::Object(fields)) = (&mut json, fields) {
        json.extend(fields);
    }
    json
}

pub(super) fn refused(action: &str, refusal: &Refusal) -> Value {
    json!({
        "Action": format!("{action}Response"),
        "RetCode": refusal.ret_code,
        "Message": refusal.message,
    })
}

pub(super) fn gateway_page(status: u16, body: String) -> Response {
    Response::Bytes { status, content_type: "text/html", body: body.into_bytes() }
}

/// Returns an unreadable form of the response `json`.
pub(super) fn malformed(garbage: Garbage, json: &Value) -> Response {
    let (content_type, body) = match garbage {
        Garbage::Truncated => {
            let mut body = json.to_string().into_bytes();
            body.truncate(body.len() / 2);
            ("application/json", body)
        }
        Garbage::Html => ("text/html", b"<html><body><h1>It works!</h1></body></html>".to_vec()),
        Garbage::WrongTypes => {
            let json = json!({
                "Action": 1, "RetCode": "zero", "Message": [1], "UHostId": 42,
                "TotalCount": "many", "UHostSet": {"0": true}, "ZoneInfo": "", "ProjectSet": 1,
                "AvailableInstanceTypes": {"4090": 1}, "Specs": "enough", "PriceDetails": 1.98,
                "GpuInventory": [64],
            });
            ("application/json", json.to_string().into_bytes())
        }
        Garbage::Huge => {
            let mut body = json.to_string().into_bytes();
            body.resize(body.len() + HUGE, b' ');
            ("application/json", body)
        }
    };
    Response::Bytes { status: 200, content_type, body }
}
