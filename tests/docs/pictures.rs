//! Pictures of the documents, which `.ci/pictures` draws. `.ci/run` also compares the recording with the demo.

use std::process::Command;

use super::root;

#[test]
fn pictures_match_their_sources() {
    let output = Command::new(root().join(".ci/pictures")).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
