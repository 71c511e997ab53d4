//! "Managing several accounts and projects": profiles, a project, and keys in ephemeral variables.

use std::fs;

use serde_json::json;
use terraform_provider_compshare::simulator::{Options, Simulator};

use super::guide::{Guide, SPARE, THIRD, TRAINING, with_newest_terraform};
use crate::{
    support::actions::START,
    terraform::stage::{PRIVATE_KEY, PUBLIC_KEY, SHORT},
};

/// Keys of the other account.
const KEYS: [&str; 2] = ["production-public-key", "production-private-key"];

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let research = [
            json!({"UHostId": TRAINING, "State": "Stopped"}),
            json!({"UHostId": THIRD, "State": "Stopped", "ProjectId": "org-team"}),
        ];
        let mut guide = Guide::open("accounts", terraform, &research).await;
        let production = Simulator::start(Options {
            public_key: KEYS[0].to_owned(),
            private_key: KEYS[1].to_owned(),
            start_time: SHORT,
            instances: vec![json!({"UHostId": SPARE, "State": "Stopped"})],
            ..Options::default()
        })
        .await
        .unwrap();

        let profiles = guide.next("json");
        let profiles = profiles.replace("research-public-key", PUBLIC_KEY);
        let profiles = profiles.replace("research-private-key", PRIVATE_KEY);
        let folder = guide.stage.workspace.root().join("home/.config/compshare");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.json"), profiles).unwrap();
        guide.stage.unset_keys();

        guide.put("main.tf", "main.tf");
        let workspace = &guide.stage.workspace;
        workspace.remove("provider.tf");
        workspace.write("test_override.tf", &overrides(&production.url()));
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START, START]);
        assert_eq!(guide.fact(THIRD, "State"), "Running");
        let in_production = || production.instance(SPARE).unwrap()["State"].clone();
        assert_eq!(in_production(), "Running");

        guide.start_over();
        guide.stage.unset_keys();
        let workspace = &mut guide.stage.workspace;
        workspace.set("COMPSHARE_BASE_URL", production.url());
        workspace.set("TF_VAR_production_public_key", KEYS[0]);
        workspace.set("TF_VAR_production_private_key", KEYS[1]);
        guide.put("variables.tf", "main.tf");
        guide.follow().succeed();
        let shown = guide.stage.workspace.run(&["show", "-json", "tfplan"]).succeed().stdout;
        assert!(!KEYS.iter().any(|key| shown.contains(key)), "{shown}");
        guide.end();
    });
}

/// Faster polls for each provider block, and the other account's simulator.
fn overrides(production: &str) -> String {
    let block = |lines: &str| {
        format!("provider \"compshare\" {{\n  poll_interval = \"50ms\"\n{lines}\n}}\n")
    };
    let other = format!("  alias = \"production\"\n  base_url = \"{production}\"");
    [block(""), block("  alias = \"team\""), block(&other)].concat()
}
