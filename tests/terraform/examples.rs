//! The examples that people copy from are valid.

use std::{fs, path::Path};

use super::PROVIDER;
use crate::support::terraform::{Workspace, with_each_terraform};

#[test]
fn every_example_is_valid() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    with_each_terraform(async |terraform| {
        // Those of a resource stand for themselves in the documentation, and leave the provider out.
        for (example, complete) in [
            ("demo/main.tf", true),
            ("provider/provider.tf", true),
            ("resources/compshare_instance_power/resource.tf", false),
        ] {
            println!("{example}");
            let workspace = Workspace::new(terraform);
            workspace.write("example.tf", &fs::read_to_string(examples.join(example)).unwrap());
            if !complete {
                workspace.write("provider.tf", PROVIDER);
            }
            workspace.run(&["fmt", "-check", "-diff"]).succeed();
            workspace.validate();
        }
    });
}
