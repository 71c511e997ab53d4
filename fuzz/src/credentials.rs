//! The name of a profile and the credentials file of the official CLI, separated by a line break.

use std::{cell::RefCell, fs};

use tempfile::NamedTempFile;
use terraform_provider_compshare::{
    compshare::{Arguments, FileError, LookupError, locate},
    environment::Environment,
};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().unwrap());
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
}

pub fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let profile = String::from_utf8_lossy(next()).into_owned();
    FILE.with_borrow(|file| {
        fs::write(file.path(), next()).unwrap();
        let config_file = Some(file.path().to_owned());
        let arguments = Arguments { profile: Some(profile), config_file, ..Arguments::default() };
        let environment = Environment::default();
        match RUNTIME.with(|runtime| runtime.block_on(locate(&arguments, &environment))) {
            Ok(found) => assert!(!format!("{found:?}").contains("canary")),
            Err(error @ LookupError::File(FileError::Malformed { .. })) => {
                assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
            }
            // Other errors quote the names of profiles, and a mutated name may contain anything.
            Err(error) => drop(error.to_string()),
        }
    });
}

const FILES: [&str; 3] = [
    r#"{"current_profile":"work","profiles":{
        "default":{"public_key":"canary-key-a","private_key":"canary-key-b"},
        "work":{"public_key":"canary-key-c","private_key":""},
        "half":{"private_key":null}},"language":"zh"}"#,
    r#"{"profiles":{}}"#,
    r#"{"current_profile":null}"#,
];

pub fn seeds() -> Vec<Vec<u8>> {
    let profiles = ["", "default", "work"];
    let seed = |file: &str| profiles.map(|profile| format!("{profile}\n{file}").into_bytes());
    FILES.into_iter().flat_map(seed).collect()
}
