//! Entry point of the fuzz target in `fuzz/src/response.rs`, which lives in another crate. Not part
//! of the API of this module.

use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;

use super::{
    error::ErrorKind,
    limit::Limit,
    response::judge,
    transport::{self, Response},
};

/// Parses a response of the API as the reply `R`, with the headers that the client reads.
///
/// # Errors
///
/// The failure that the response stands for.
pub fn read_response<R: DeserializeOwned>(
    status: u16,
    request_id: &[u8],
    retry_after: &[u8],
    body: &[u8],
    secrets: &[&str],
) -> Result<R, ErrorKind> {
    let values = [(transport::REQUEST_ID, request_id), (transport::RETRY_AFTER, retry_after)];
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let response = Response {
        status,
        request_id: transport::text(&headers, transport::REQUEST_ID),
        retry_after: transport::seconds(&headers),
        body: Ok(Zeroizing::new(body.to_vec())),
    };
    Limit::new(4).throttled(response.retry_after);
    judge(&response, secrets)
}
