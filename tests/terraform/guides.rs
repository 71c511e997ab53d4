//! The guides of the documentation, executed step by step: the commands run as printed, the quoted
//! output is the output, and both languages show the same code.
//!
//! They run with the newest Terraform, whose output they quote. Older versions validate their
//! configurations.

mod page;

use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::Path,
    time::Duration,
};

use regex_lite::Regex;
use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault};

use self::page::{Block, Page, repository};
use super::stage::{PRIVATE_KEY, PROVIDER, PUBLIC_KEY, Stage, workspace_at};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    terraform::{
        Feature, Run, Running, Terraform, Workspace, make_executable, with_each_terraform,
        with_each_terraform_that_has,
    },
};

const GUIDES: [&str; 7] =
    ["billing", "ci", "fleet", "import", "schedule", "sold-out", "without-gpu"];

/// Other pages in English and Chinese.
const TRANSLATED: &[(&str, &str)] = &[("README.md", "README.zh-CN.md")];

/// Time limit for one command.
const LIMIT: Duration = Duration::from_secs(120);

/// A guide during its execution.
struct Guide {
    name: &'static str,
    terraform: Terraform,
    stage: Stage,
    /// Code blocks that have not been executed. Blocks that show a file are not executed.
    remaining: VecDeque<Block>,
}

impl Guide {
    /// A guide at its beginning, with these instances.
    async fn open(name: &'static str, terraform: &Terraform, instances: &[Value]) -> Self {
        let page = Page::read(&english(name));
        let remaining = page.blocks.into_iter().filter(|block| block.file.is_none()).collect();
        let stage = Stage::new(terraform, instances).await;
        Self { name, terraform: terraform.clone(), stage, remaining }
    }

    /// Copies a file of the guide into the workspace, under this name.
    fn put(&self, file: &str, name: &str) {
        let text = fs::read_to_string(files_of(self.name).join(file)).unwrap();
        let path = self.stage.workspace.write(name, &text);
        if name.ends_with(".sh") {
            make_executable(&path);
        }
    }

    /// Continues in an empty workspace, with the same instances.
    fn start_over(&mut self) {
        self.stage.workspace = workspace_at(&self.terraform, &self.stage.cloud);
    }

    /// Runs the next commands; checks their output against the quotation that follows, if there is
    /// one.
    #[track_caller]
    fn follow(&mut self) -> Run {
        let running = self.begin();
        self.finish(running)
    }

    /// Starts the next commands.
    #[track_caller]
    fn begin(&mut self) -> Running {
        let commands = self.next("shell");
        self.stage.workspace.spawn_shell(&commands)
    }

    /// Waits for commands to end; checks their output against the quotation that follows.
    #[track_caller]
    fn finish(&mut self, running: Running) -> Run {
        let run = running.finish(LIMIT);
        if self.remaining.front().is_some_and(|block| block.language == "text") {
            self.check_quotation(&[run.stdout.as_str(), &run.stderr].join("\n"));
        }
        run
    }

    /// Checks that `printed` contains each line of the next quotation; `…` stands for omitted
    /// lines.
    #[track_caller]
    fn check_quotation(&mut self, printed: &str) {
        let quotation = self.next("text");
        let printed_lines: BTreeSet<_> = printed.lines().map(timeless).collect();
        for line in quotation.lines().filter(|line| line.trim() != "…") {
            let is_printed = printed_lines.contains(&timeless(line));
            assert!(is_printed, "{}: `{line}` was not printed:\n{printed}", self.name);
        }
    }

    /// Text of the next block, which must be in this language.
    #[track_caller]
    fn next(&mut self, language: &str) -> String {
        let block = self.remaining.pop_front();
        let block = block.unwrap_or_else(|| panic!("{}: no more blocks", self.name));
        assert_eq!(block.language, language, "{}: {}", self.name, block.text);
        block.text
    }

    /// Checks that all blocks were executed.
    #[track_caller]
    fn end(self) {
        assert_eq!(Vec::from(self.remaining), [], "{}: blocks were not executed", self.name);
    }

    /// Field of an instance as the API reports it.
    fn fact(&self, id: &str, field: &str) -> Value {
        self.stage.cloud.instance(id).unwrap()[field].clone()
    }

    /// Starts and stops since the previous call.
    fn changes(&self) -> Vec<String> {
        let changes = self.stage.changes();
        self.stage.cloud.clear_calls();
        changes
    }

    #[track_caller]
    fn assert_no_changes(&self) {
        self.stage.assert_no_changes();
        self.stage.cloud.clear_calls();
    }
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

fn english(guide: &str) -> String {
    format!("templates/guides/{guide}.md.tmpl")
}

fn chinese(guide: &str) -> String {
    format!("templates/guides/{guide}-zh-cn.md.tmpl")
}

/// Folder with the files of a guide.
fn files_of(guide: &str) -> std::path::PathBuf {
    repository().join("examples/guides").join(guide)
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Instance with the tag that most guides use.
fn instance(id: &str, state: &str) -> Value {
    json!({"UHostId": id, "State": state, "Tag": "training"})
}

/// Instance IDs of the guides.
const TRAINING: &str = "uhost-1a2b3c4d";
const SPARE: &str = "uhost-5e6f7a8b";
const THIRD: &str = "uhost-9c0d1e2f";

/// Feature of the newest Terraform only.
const NEWEST: Feature = Feature::Actions;

fn with_newest_terraform(story: impl AsyncFn(&Terraform)) {
    with_each_terraform_that_has(NEWEST, story);
}

#[test]
fn schedule() {
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("schedule", terraform, &[instance(TRAINING, "Stopped")]).await;
        guide.put("main.tf", "main.tf");
        guide.put("schedule.sh", "schedule.sh");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);

        let line = guide.next("cron");
        let mut fields = line.splitn(6, ' ');
        assert_eq!(fields.by_ref().take(5).collect::<Vec<_>>(), ["*/15", "*", "*", "*", "*"]);
        let folder = guide.stage.workspace.configuration();
        let command = fields.next().unwrap().replace("/srv/gpu", folder.to_str().unwrap());
        let run_at = |guide: &Guide, time: &str| {
            let seconds = time.parse::<jiff::Timestamp>().unwrap().as_second();
            let script = format!(
                "import sys, time; \
                 print(time.strftime(sys.argv[1][1:], time.localtime({seconds})))"
            );
            let date = format!("exec python3 -c '{script}' \"$@\"");
            guide.stage.workspace.write_program("date", &date);
            guide.stage.workspace.spawn_shell(&command).finish(LIMIT)
        };
        run_at(&guide, "2026-11-23T08:59:00+08:00").succeed();
        guide.assert_no_changes();

        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        run_at(&guide, "2026-11-23T09:00:00+08:00").fail();
        guide.check_quotation(&guide.stage.workspace.read("schedule.log"));
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");
        guide.changes();
        run_at(&guide, "2026-11-23T09:15:00+08:00").succeed();
        assert_eq!(guide.changes(), [START]);

        run_at(&guide, "2026-11-23T17:45:00+08:00").succeed();
        guide.assert_no_changes();
        run_at(&guide, "2026-11-23T18:00:00+08:00").succeed();
        assert_eq!(guide.changes(), [STOP]);
        run_at(&guide, "2026-11-28T12:00:00+08:00").succeed();
        guide.assert_no_changes();
        guide.end();
    });
}

#[test]
fn fleet() {
    with_newest_terraform(async |terraform| {
        let newcomer = "uhost-3b4c5d6e";
        let instances = [
            instance(TRAINING, "Stopped"),
            instance(SPARE, "Stopped"),
            instance(THIRD, "Running"),
            json!({"UHostId": newcomer, "State": "Stopped", "Tag": "new"}),
        ];
        let mut guide = Guide::open("fleet", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut).on_instance(SPARE));
        guide.follow().fail();
        let state_of = |guide: &Guide, id| guide.fact(id, "State");
        assert_eq!([TRAINING, SPARE].map(|id| state_of(&guide, id)), ["Running", "Stopped"]);
        assert_eq!(guide.changes(), [START, START], "the running instance is not started");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, SPARE), "Running");

        guide.stage.cloud.patch(newcomer, json!({"Tag": "training"}));
        guide.follow().succeed();
        guide.stage.workspace.apply();
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, newcomer), "Running");

        // An empty result would destroy all resources.
        let main = guide.stage.workspace.read("main.tf");
        guide.stage.workspace.write("main.tf", &main.replace("\"training\"\n", "\"trainig\"\n"));
        guide.stage.workspace.try_apply().fail().says(&["No instance has the tag"]);
        guide.stage.workspace.write("main.tf", &main);
        guide.assert_no_changes();

        // A failed instance does not hold up the others.
        guide.stage.cloud.patch(THIRD, json!({"State": "Install Fail"}));
        guide.stage.cloud.patch(SPARE, json!({"State": "Stopped"}));
        let titles = [
            "Warning: Unable to Start Instance: Failed State",
            "Error: Unable to Start Instance: Failed State",
        ];
        guide.stage.workspace.try_apply().fail().says(&titles);
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, SPARE), "Running");
        guide.end();
    });
}

#[test]
fn import() {
    with_newest_terraform(async |terraform| {
        let mut training = instance(TRAINING, "Running");
        training["Name"] = json!("训练");
        let mut spare = instance(SPARE, "Stopped");
        spare["Name"] = json!("备用");
        let mut guide = Guide::open("import", terraform, &[training, spare]).await;

        guide.put("all.tfquery.hcl", "all.tfquery.hcl");
        guide.follow().succeed();
        guide.follow().succeed();
        guide.follow().succeed();
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();

        guide.start_over();
        guide.put("import.tf", "import.tf");
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();

        guide.start_over();
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();
        guide.assert_no_changes();
        guide.end();
    });
}

#[test]
fn without_gpu() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped"), instance(SPARE, "Stopped")];
        let mut guide = Guide::open("without-gpu", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        let size =
            |guide: &Guide| ["GPU", "CPU", "Memory"].map(|field| guide.fact(TRAINING, field));
        assert_eq!(size(&guide), [0, 8, 16_384]);
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP, START]);
        assert_eq!(size(&guide), [1, 16, 65_536]);

        // Back in no-GPU mode; then the zone is sold out.
        guide.stage.workspace.apply();
        guide.changes();
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.follow().fail();
        assert_eq!(guide.changes(), [STOP, START]);
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");
        assert_eq!(size(&guide), [0, 8, 16_384], "the small size remains");
        guide.stage.workspace.apply_with(&["-var=with_gpu=true"]);
        assert_eq!(guide.changes(), [START]);
        assert_eq!(size(&guide), [1, 16, 65_536]);

        // Without `allow_stopping_for_update` the instance keeps running.
        let main = guide.stage.workspace.read("main.tf");
        let allowed = "  allow_stopping_for_update = true\n";
        assert!(main.contains(allowed));
        guide.stage.workspace.write("main.tf", &main.replace(allowed, ""));
        guide
            .stage
            .workspace
            .try_apply()
            .fail()
            .says(&["Unable to Change GPU Mode: Restart Not Allowed"]);
        guide.assert_no_changes();
        guide.end();
    });
}

#[test]
fn sold_out() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped")];
        let mut guide = Guide::open("sold-out", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.follow().fail();
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");

        // Resource and action wait concurrently, because a retry takes half a minute.
        guide.start_over();
        guide.put("waiting.tf", "main.tf");
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.changes();
        let apply = guide.begin();

        let other = Stage::new(terraform, &instances).await;
        other.cloud.add_fault(Fault::new(Effect::SoldOut));
        other.configure(&fs::read_to_string(files_of("sold-out").join("start.tf")).unwrap());
        let quotation = guide.next("text");
        let invoked = other.workspace.spawn_shell(&guide.next("shell"));

        let apply = apply.finish(LIMIT).succeed();
        guide.remaining.push_front(Block {
            language: "text".to_owned(),
            text: quotation,
            file: None,
        });
        guide.check_quotation(&apply.stdout);
        assert_eq!(guide.changes(), [START, START]);
        assert_eq!(guide.fact(TRAINING, "State"), "Running");

        guide.finish(invoked).succeed();
        assert_eq!(other.changes(), [START, START]);
        guide.end();
    });
}

#[test]
fn ci() {
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("ci", terraform, &[instance(TRAINING, "Stopped")]).await;
        guide.put("main.tf", "main.tf");
        guide.put("ci.sh", "ci.sh");
        guide.follow().has_changes();
        guide.assert_no_changes();
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        let shell = |guide: &Guide, commands: &str| {
            guide.stage.workspace.spawn_shell(commands).finish(LIMIT)
        };
        shell(&guide, "./ci.sh plan").succeed();

        // The instance is stopped elsewhere.
        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.follow().has_changes();

        // An interrupt after the start was accepted.
        guide.stage.cloud.add_fault(Fault::new(Effect::StuckInStarting));
        guide.changes();
        let mut apply = guide.begin();
        // A describe after the start shows that the provider has received the response.
        apply.wait_until(|| {
            let calls = guide.stage.cloud.calls();
            let mut since_start = calls.iter().skip_while(|call| call.action != START);
            since_start.any(|call| call.action == DESCRIBE)
        });
        apply.interrupt();
        let interrupted = guide.finish(apply);
        assert_ne!(interrupted.exit_code, Some(0), "{interrupted}");
        assert_eq!(guide.fact(TRAINING, "State"), "Starting");
        guide.stage.cloud.patch(TRAINING, json!({"State": "Running"}));
        shell(&guide, "./ci.sh plan; ./ci.sh apply").succeed();
        assert_eq!(guide.changes(), [START]);

        guide.follow().succeed();
        let log = guide.stage.workspace.read("debug.log");
        for fact in ["action=DescribeCompShareInstance", "ret_code=0", "request_id="] {
            assert!(log.contains(fact), "no `{fact}` in the log: {log}");
        }
        assert!(!log.contains(PRIVATE_KEY) && !log.contains(PUBLIC_KEY), "{log}");

        guide.stage.workspace.unset("COMPSHARE_PUBLIC_KEY");
        guide.stage.workspace.unset("COMPSHARE_PRIVATE_KEY");
        shell(&guide, "./ci.sh plan").fail().says(&["Missing API Keys"]);
        assert_eq!(shell(&guide, "./ci.sh").exit_code, Some(64));
        guide.end();
    });
}

#[test]
fn billing() {
    with_newest_terraform(async |terraform| {
        let reclaimed = jiff::Timestamp::from_second(1_796_083_200).unwrap().as_second();
        let instances = [
            instance(TRAINING, "Running"),
            json!({"UHostId": SPARE, "State": "Stopped", "ReleaseTime": reclaimed}),
            json!({
                "UHostId": THIRD, "State": "Stopped", "ChargeType": "Month", "InstancePrice": 1099,
            }),
        ];
        let mut guide = Guide::open("billing", terraform, &instances).await;
        guide.put("report.tf", "report.tf");
        guide.follow().succeed();
        guide.assert_no_changes();

        guide.start_over();
        guide.put("main.tf", "main.tf");
        guide.stage.workspace.apply();
        guide.follow().succeed();
        guide.put("stopping.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);
        guide.end();
    });
}

/// Terraform feature that a file of a guide needs.
fn feature(guide: &str, file: &str) -> Option<Feature> {
    match (guide, file) {
        ("fleet", "main.tf") => Some(Feature::Conditions),
        ("import", "import.tf") => Some(Feature::GeneratedConfig),
        ("import", "all.tfquery.hcl") => Some(Feature::Query),
        ("sold-out", "start.tf") => Some(Feature::Actions),
        _ => None,
    }
}

#[test]
fn guide_configurations_are_formatted_and_valid() {
    with_each_terraform(async |terraform| {
        let formatted = Workspace::new(terraform);
        for guide in GUIDES {
            for file in names_in(&files_of(guide)) {
                let text = fs::read_to_string(files_of(guide).join(&file)).unwrap();
                formatted.write(&format!("{guide}-{file}"), &text);
                let unable = feature(guide, &file).is_some_and(|it| !terraform.has(it));
                // The newest version has applied all of them. `import.tf` is valid only after its
                // configuration has been generated.
                if terraform.has(NEWEST) || unable || file.ends_with(".sh") || file == "import.tf" {
                    continue;
                }
                println!("{guide}/{file}");
                let workspace = Workspace::new(terraform);
                workspace.write("provider.tf", PROVIDER);
                workspace.write(&file, &text);
                workspace.validate();
            }
        }
        formatted.run(&["fmt", "-check", "-diff"]).succeed();
    });
}

#[test]
fn each_guide_exists_in_both_languages_and_is_executed() {
    let pages = GUIDES.iter().flat_map(|guide| [english(guide), chinese(guide)]);
    let there = names_in(&repository().join("templates/guides"));
    let there: BTreeSet<_> = there.iter().map(|name| format!("templates/guides/{name}")).collect();
    assert_eq!(there, pages.collect());
    assert_eq!(names_in(&repository().join("examples/guides")), GUIDES.map(str::to_owned).into());
    for guide in GUIDES {
        let opened = format!("Guide::open(\"{guide}\"");
        assert!(include_str!("guides.rs").contains(&opened), "{guide} is not executed");
    }
}

#[test]
fn each_guide_shows_all_its_files() {
    for guide in GUIDES {
        let folder = format!("examples/guides/{guide}/");
        let shown = Page::read(&english(guide)).blocks.into_iter().filter_map(|block| block.file);
        let shown: BTreeSet<_> = shown
            .map(|file| {
                file.strip_prefix(&folder).unwrap_or_else(|| panic!("{guide}: {file}")).to_owned()
            })
            .collect();
        assert_eq!(shown, names_in(&files_of(guide)), "{guide}");
    }
}

#[test]
fn both_languages_show_the_same_code() {
    let guides = GUIDES.iter().map(|guide| (english(guide), chinese(guide)));
    let others = TRANSLATED.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned()));
    for (one, other) in guides.chain(others) {
        Page::read(&one).assert_same_structure(&Page::read(&other));
    }
}

#[test]
fn each_guide_has_title_description_and_subcategory() {
    for guide in GUIDES {
        for (page, subcategory) in [(english(guide), ""), (chinese(guide), "中文")] {
            let page = Page::read(&page);
            assert_eq!(page.field("subcategory"), subcategory, "{}", page.name);
            assert!(!page.field("page_title").is_empty(), "{}", page.name);
            assert!(!page.field("description").is_empty(), "{}", page.name);
            assert_eq!(page.headings.first(), Some(&1), "{}", page.name);
        }
    }
}

/// Source of the page that a link of a guide refers to.
fn source_of(link: &str) -> std::path::PathBuf {
    let page =
        link.split('#').next().unwrap().strip_suffix(".md").unwrap_or_else(|| panic!("{link}"));
    let examples = repository().join("examples");
    match page.strip_prefix("../").map(|page| page.split_once('/')) {
        Some(None) => examples.join("provider"),
        Some(Some((kind, name))) => examples.join(kind).join(format!("compshare_{name}")),
        None => repository().join(english(page)),
    }
}

#[test]
fn links_of_guides_have_targets() {
    for guide in GUIDES {
        for page in [english(guide), chinese(guide)] {
            let links = Page::read(&page).links;
            assert!(links.len() > 1, "{page}: {links:?}");
            for link in links {
                assert!(source_of(&link).exists(), "{page}: {link}");
            }
        }
    }
}
