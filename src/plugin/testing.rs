//! Entry point of the fuzz target in `fuzz/src/handshake.rs`, which lives in another crate. Not part
//! of the API of this module.

use super::{
    contract::Cookie,
    error::Error,
    handshake::{self, Line},
    listener::Address,
};
use crate::environment::Environment;

/// Reads every variable of the handshake; returns the handshake line and the version warnings.
///
/// # Errors
///
/// [`Error::ClientCertificate`]; the other variables have been read before it is returned.
pub fn handshake_line(
    cookie: Cookie,
    environment: &Environment,
) -> Result<(Vec<u8>, Vec<String>), Error> {
    let _ = handshake::check_cookie(cookie, environment);
    let _ = (handshake::socket_place(environment), handshake::port_range(environment));
    let warnings = handshake::version_warnings(5, environment);
    let multiplexing_requested = handshake::requests_multiplexing(environment);
    let certificate = handshake::client_certificate(environment)?;
    let line = Line {
        app_protocol: 5,
        address: &Address { network: "unix", text: "/socket".into() },
        certificate: certificate.as_ref(),
        multiplexing_requested,
    };
    Ok((line.bytes(), warnings))
}
