//! What of this module takes in what others wrote, for [`crate::fuzzing`].

use super::{
    Address,
    handshake::{self, Cookie, Line},
};
use crate::environment::Environment;

/// Everything that a start looks up in the environment, and the line that comes of it.
pub(crate) fn read_environment(environment: &Environment) {
    let cookie = Cookie { key: "COOKIE", value: "crumbs" };
    let _ = handshake::check_cookie(cookie, environment);
    let certificate = handshake::client_certificate(environment);
    let _ = (handshake::socket_place(environment), handshake::port_range(environment));
    assert!(handshake::negotiate(5, environment).len() < 1 << 16);
    let line = Line {
        app_protocol: 5,
        address: &Address::Unix("/socket".to_owned()),
        certificate: certificate.as_ref().ok().and_then(Option::as_ref),
        multiplexing_asked: handshake::asks_for_multiplexing(environment),
    };
    assert!(!line.to_string().contains('\n'));
    let _ = certificate.map_err(|error| error.to_string());
}
