//! "Trying the provider without an account": the simulator's program, its control requests, and
//! the vendor's CLI.

use std::net::TcpListener;

use super::guide::{Guide, LIMIT, with_newest_terraform};
use crate::{support::python, vendor::PACKAGES};

/// As much of `curl` as the guide uses.
const CURL: &str = r#"exec python3 -c '
import sys, urllib.request
*options, url = sys.argv[1:]
data = options[1].encode() if "--data" in options else None
print(urllib.request.urlopen(url, data).read().decode())
' "$@""#;

#[test]
fn commands_and_output_are_correct() {
    let python = python::environment("vendor", &PACKAGES);
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("simulator", terraform, &[]).await;
        guide.install_provider();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = port.to_string();
        for block in &mut guide.remaining {
            block.text = block.text.replace("8080", &port);
        }
        let simulator = format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_compshare-simulator"));
        guide.stage.workspace.write_program("compshare-simulator", &simulator);
        guide.stage.workspace.write_program("curl", CURL);

        guide.put("account.json", "account.json");
        let mut simulator = guide.begin();
        let listening = guide.next("text");
        simulator.wait_until_printed(&listening);
        let variables = guide.next("sh");
        for assignment in variables.split_whitespace().filter_map(|word| word.split_once('=')) {
            guide.stage.workspace.set(assignment.0, assignment.1);
        }

        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.follow().succeed();
        guide.follow().fail();
        guide.follow().succeed();

        guide
            .stage
            .workspace
            .write_program("python3", &format!("exec '{}' \"$@\"", python.display()));
        guide.put("cli.py", "cli.py");
        let script = guide.stage.workspace.read("cli.py").replace("8080", &port);
        guide.stage.workspace.write("cli.py", &script);
        guide.follow().succeed();
        simulator.interrupt();
        simulator.finish(LIMIT);
        guide.end();
    });
}
