//! Environment variables that a host sets, separated by NUL.

use std::ffi::OsString;

use terraform_provider_compshare::plugin::{self, Cookie};

const NAMES: [&str; 8] = [
    "COOKIE",
    "PLUGIN_MIN_PORT",
    "PLUGIN_MAX_PORT",
    "PLUGIN_PROTOCOL_VERSIONS",
    "PLUGIN_UNIX_SOCKET_DIR",
    "PLUGIN_UNIX_SOCKET_GROUP",
    "PLUGIN_MULTIPLEX_GRPC",
    "PLUGIN_CLIENT_CERT",
];

pub fn run(input: &[u8]) {
    let values = input.split(|byte| *byte == 0).map(os_string);
    let environment = NAMES.into_iter().zip(values).collect();
    let cookie = Cookie { key: "COOKIE", value: "crumbs" };
    match plugin::fuzz(cookie, &environment) {
        Ok((line, warnings)) => {
            assert!(!line.contains(&b'\n'), "{line:?}");
            assert!(warnings.len() < 1 << 16);
        }
        Err(error) => drop(error.to_string()),
    }
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (generated.cert.pem(), generated.signing_key.serialize_pem());
    let both = format!("{certificate}{key}");
    let others = "crumbs\x0010000\x0025000\x005,6\0/tmp/plugins\0staff\0true";
    [&certificate, &key, &both, ""].map(|pem| format!("{others}\0{pem}").into_bytes()).into()
}
