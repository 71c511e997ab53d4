//! A guide during its execution: its commands run as printed, and the quoted output is the output.

use std::{
    collections::{BTreeSet, VecDeque},
    env, fs,
    os::unix::fs::symlink,
    path::PathBuf,
    time::Duration,
};

use regex_lite::Regex;
use serde_json::{Value, json};

use super::page::{Block, Page, english, files_of};
use crate::{
    support::{
        python,
        terraform::{
            Feature, Run, Running, Terraform, make_executable, with_each_terraform_that_has,
        },
    },
    terraform::stage::{Stage, workspace_at},
};

/// Time limit for one command.
pub(super) const LIMIT: Duration = Duration::from_secs(120);

/// A guide during its execution.
pub(super) struct Guide {
    name: &'static str,
    terraform: Terraform,
    pub(super) stage: Stage,
    /// Code blocks that have not been executed. Blocks that show a file are not executed.
    pub(super) remaining: VecDeque<Block>,
}

impl Guide {
    /// A guide at its beginning, with these instances.
    pub(super) async fn open(
        name: &'static str,
        terraform: &Terraform,
        instances: &[Value],
    ) -> Self {
        let page = Page::read(&english(name));
        let remaining = page.blocks.into_iter().filter(|block| block.file.is_none()).collect();
        let stage = Stage::new(terraform, instances).await;
        Self { name, terraform: terraform.clone(), stage, remaining }
    }

    /// Copies a file of the guide into the workspace, under this name.
    pub(super) fn put(&self, file: &str, name: &str) {
        let text = fs::read_to_string(files_of(self.name).join(file)).unwrap();
        let path = self.stage.workspace.write(name, &text);
        if name.ends_with(".sh") {
            make_executable(&path);
        }
    }

    /// Leaves the provider block to the guide's own files; only polls are faster.
    pub(super) fn use_own_provider_block(&self) {
        self.stage.workspace.remove("provider.tf");
        let faster = "provider \"compshare\" {\n  poll_interval = \"50ms\"\n}\n";
        self.stage.workspace.write("polls_override.tf", faster);
    }

    /// Puts the provider where `terraform init` finds it, as a package would be.
    pub(super) fn install_provider(&mut self) {
        let platform = format!("{}_{}", env::consts::OS, architecture());
        let version = env!("CARGO_PKG_VERSION");
        let name = format!("compshare/compshare/{version}/{platform}");
        let program = format!("terraform-provider-compshare_v{version}");
        for registry in ["registry.terraform.io", "registry.opentofu.org"] {
            let plugins = self.stage.workspace.configuration().join("terraform.d/plugins");
            let folder = plugins.join(registry).join(&name);
            fs::create_dir_all(&folder).unwrap();
            symlink(env!("CARGO_BIN_EXE_terraform-provider-compshare"), folder.join(&program))
                .unwrap();
        }
        let settings = self.stage.workspace.write("empty.rc", "");
        self.stage.workspace.set("TF_CLI_CONFIG_FILE", settings);
    }

    /// Continues in an empty workspace, with the same instances.
    pub(super) fn start_over(&mut self) {
        self.stage.workspace = workspace_at(&self.terraform, &self.stage.cloud);
    }

    /// Runs the next commands; checks their output against the quotation that follows, if there is
    /// one.
    #[track_caller]
    pub(super) fn follow(&mut self) -> Run {
        let running = self.begin();
        self.finish(running)
    }

    /// Starts the next commands.
    #[track_caller]
    pub(super) fn begin(&mut self) -> Running {
        let commands = self.next("shell");
        self.stage.workspace.spawn_shell(&commands)
    }

    /// Waits for commands to end; checks their output against the quotation that follows.
    #[track_caller]
    pub(super) fn finish(&mut self, running: Running) -> Run {
        let run = running.finish(LIMIT);
        if self.remaining.front().is_some_and(|block| block.language == "text") {
            self.check_quotation(&[run.stdout.as_str(), &run.stderr].join("\n"));
        }
        run
    }

    /// Checks that `printed` contains each line of the next quotation; `…` stands for omitted
    /// lines.
    #[track_caller]
    pub(super) fn check_quotation(&mut self, printed: &str) {
        let quotation = self.next("text");
        let printed_lines: BTreeSet<_> = printed.lines().map(timeless).collect();
        for line in quotation.lines().filter(|line| line.trim() != "…") {
            let is_printed = printed_lines.contains(&timeless(line));
            assert!(is_printed, "{}: `{line}` was not printed:\n{printed}", self.name);
        }
    }

    /// Text of the next block, which must be in this language.
    #[track_caller]
    pub(super) fn next(&mut self, language: &str) -> String {
        let block = self.remaining.pop_front();
        let block = block.unwrap_or_else(|| panic!("{}: no more blocks", self.name));
        assert_eq!(block.language, language, "{}: {}", self.name, block.text);
        block.text
    }

    /// Checks that all blocks were executed.
    #[track_caller]
    pub(super) fn end(self) {
        assert_eq!(Vec::from(self.remaining), [], "{}: blocks were not executed", self.name);
    }

    /// Field of an instance as the API reports it.
    pub(super) fn fact(&self, id: &str, field: &str) -> Value {
        self.stage.cloud.instance(id).unwrap()[field].clone()
    }

    /// Starts and stops since the previous call.
    pub(super) fn changes(&self) -> Vec<String> {
        let changes = self.stage.changes();
        self.stage.cloud.clear_calls();
        changes
    }

    #[track_caller]
    pub(super) fn assert_no_changes(&self) {
        self.stage.assert_no_changes();
        self.stage.cloud.clear_calls();
    }
}

/// Architecture of this machine, as Terraform names it.
fn architecture() -> &'static str {
    match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Interpreter with Ansible, its YAML parser, and an SSH server.
pub(super) fn python_with_packages() -> PathBuf {
    python::environment("guides", &["ansible-core==2.17.14", "asyncssh==2.22.0"])
}

/// A line without its durations, timestamps, request IDs and indentation.
fn timeless(line: &str) -> String {
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    for (what, placeholder) in [
        (r"\b(\d+h)?(\d+m)?\d+s\b", "0s"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "then"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "id"),
    ] {
        line = Regex::new(what).unwrap().replace_all(&line, placeholder).into_owned();
    }
    line
}

/// Instance with the tag that most guides use.
pub(super) fn instance(id: &str, state: &str) -> Value {
    json!({"UHostId": id, "State": state, "Tag": "training"})
}

/// Instance IDs of the guides.
pub(super) const TRAINING: &str = "uhost-1a2b3c4d";
pub(super) const SPARE: &str = "uhost-5e6f7a8b";
pub(super) const THIRD: &str = "uhost-9c0d1e2f";

/// Feature of the newest Terraform only.
pub(super) const NEWEST: Feature = Feature::Actions;

pub(super) fn with_newest_terraform(story: impl AsyncFn(&Terraform)) {
    with_each_terraform_that_has(NEWEST, story);
}
