//! The guides, each followed step by step: its commands are run as they stand there, what it quotes is what is printed, and
//! what it tells is what happens. And each says the same in both languages.
//!
//! They are told with the newest Terraform, whose words they quote. With the older ones their configurations are valid, and the
//! features they use have stories of their own.

mod page;

use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::Path,
    time::Duration,
};

use regex_lite::Regex;
use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Simulator};

use self::page::{Block, Page, repository};
use super::{PRIVATE_KEY, PROVIDER, PUBLIC_KEY, SHORT, changes, stage, workspace_at};
use crate::support::{
    actions::{START, STOP},
    terraform::{
        Feature, Run, Running, Terraform, Workspace, make_executable, with_each_terraform,
        with_each_terraform_that_has,
    },
};

const GUIDES: [&str; 7] =
    ["billing", "ci", "fleet", "import", "schedule", "sold-out", "without-gpu"];

/// Pages beside the guides that there are in English and in Chinese: a line each.
const TRANSLATED: &[(&str, &str)] = &[("README.md", "README.zh-CN.md")];

/// No command of a guide takes this long.
const LIMIT: Duration = Duration::from_secs(120);

/// A guide that is being followed.
struct Guide {
    name: &'static str,
    terraform: Terraform,
    cloud: Simulator,
    workspace: Workspace,
    /// What it shows that has not been come to, without the files, which are there from the beginning.
    ahead: VecDeque<Block>,
}

impl Guide {
    /// A guide at its beginning, in a cloud with these instances.
    async fn open(name: &'static str, terraform: &Terraform, instances: &[Value]) -> Self {
        let page = Page::read(&english(name));
        let ahead = page.blocks.into_iter().filter(|block| block.file.is_none()).collect();
        let (cloud, workspace) = stage(terraform, instances, SHORT).await;
        Self { name, terraform: terraform.clone(), cloud, workspace, ahead }
    }

    /// Puts one of its files into the workspace, under this name.
    fn put(&self, file: &str, name: &str) {
        let text = fs::read_to_string(files_of(self.name).join(file)).unwrap();
        let path = self.workspace.write(name, &text);
        if name.ends_with(".sh") {
            make_executable(&path);
        }
    }

    /// Goes on in an empty folder, with the same cloud.
    fn start_over(&mut self) {
        self.workspace = workspace_at(&self.terraform, &self.cloud);
    }

    /// Runs its next commands, and expects them to print what it quotes, if it does.
    #[track_caller]
    fn follow(&mut self) -> Run {
        let running = self.begin();
        self.finish(running)
    }

    /// Begins to run its next commands.
    #[track_caller]
    fn begin(&mut self) -> Running {
        let commands = self.next("shell");
        self.workspace.spawn_shell(&commands)
    }

    /// Waits for them to end, and expects them to have printed what is quoted.
    #[track_caller]
    fn finish(&mut self, running: Running) -> Run {
        let run = running.finish(LIMIT);
        if self.ahead.front().is_some_and(|block| block.language == "text") {
            self.quotes(&[run.stdout.as_str(), &run.stderr].join("\n"));
        }
        run
    }

    /// Expects that the next quotation is from `printed`: each of its lines, but those that only say that there were others.
    #[track_caller]
    fn quotes(&mut self, printed: &str) {
        let quotation = self.next("text");
        let printed_lines: BTreeSet<_> = printed.lines().map(timeless).collect();
        for line in quotation.lines().filter(|line| line.trim() != "…") {
            let is_printed = printed_lines.contains(&timeless(line));
            assert!(is_printed, "{}: `{line}` was not printed, but:\n{printed}", self.name);
        }
    }

    /// The text of its next block, which has to be in this language.
    #[track_caller]
    fn next(&mut self, language: &str) -> String {
        let block = self.ahead.pop_front();
        let block = block.unwrap_or_else(|| panic!("{}: ends before this", self.name));
        assert_eq!(block.language, language, "{}: {}", self.name, block.text);
        block.text
    }

    /// Panics unless all of it was come to.
    #[track_caller]
    fn end(self) {
        assert_eq!(Vec::from(self.ahead), [], "{}: was not followed to its end", self.name);
    }

    /// What the cloud says of an instance.
    fn fact(&self, id: &str, field: &str) -> Value {
        self.cloud.instance(id).unwrap()[field].clone()
    }

    /// What was started and stopped since the last time.
    fn changes(&self) -> Vec<String> {
        let changes = changes(&self.cloud);
        self.cloud.clear_calls();
        changes
    }
}

/// A line without what is another each time: how long something took, when it was, the id of a request, indentation.
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

/// The folder with the files of a guide.
fn files_of(guide: &str) -> std::path::PathBuf {
    repository().join("examples/guides").join(guide)
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// An instance of the fleet that most guides are about.
fn instance(id: &str, state: &str) -> Value {
    json!({"UHostId": id, "State": state, "Tag": "training"})
}

/// The instance that is in all of them.
const TRAINING: &str = "uhost-1a2b3c4d";
const SPARE: &str = "uhost-5e6f7a8b";
const THIRD: &str = "uhost-9c0d1e2f";

/// What only the newest Terraform has.
const NEWEST: Feature = Feature::Actions;

fn told(story: impl AsyncFn(&Terraform)) {
    with_each_terraform_that_has(NEWEST, story);
}

#[test]
fn schedule() {
    told(async |terraform| {
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
        let folder = guide.workspace.configuration();
        let command = fields.next().unwrap().replace("/srv/gpu", folder.to_str().unwrap());
        let run_at = |guide: &Guide, time: &str| {
            let seconds = time.parse::<jiff::Timestamp>().unwrap().as_second();
            let date = format!(
                "exec python3 -c 'import sys, time; print(time.strftime(sys.argv[1][1:], time.localtime({seconds})))' \"$@\""
            );
            guide.workspace.write_program("date", &date);
            guide.workspace.spawn_shell(&command).finish(LIMIT)
        };
        run_at(&guide, "2026-11-23T08:59:00+08:00").succeed();
        assert_eq!(guide.changes(), [""; 0]);

        guide.cloud.add_fault(Fault::new(Effect::SoldOut));
        run_at(&guide, "2026-11-23T09:00:00+08:00").fail();
        guide.quotes(&guide.workspace.read("schedule.log"));
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");
        guide.changes();
        run_at(&guide, "2026-11-23T09:15:00+08:00").succeed();
        assert_eq!(guide.changes(), [START]);

        run_at(&guide, "2026-11-23T17:45:00+08:00").succeed();
        assert_eq!(guide.changes(), [""; 0]);
        run_at(&guide, "2026-11-23T18:00:00+08:00").succeed();
        assert_eq!(guide.changes(), [STOP]);
        run_at(&guide, "2026-11-28T12:00:00+08:00").succeed();
        assert_eq!(guide.changes(), [""; 0], "a Saturday");
        guide.end();
    });
}

#[test]
fn fleet() {
    told(async |terraform| {
        let newcomer = "uhost-3b4c5d6e";
        let instances = [
            instance(TRAINING, "Stopped"),
            instance(SPARE, "Stopped"),
            instance(THIRD, "Running"),
            json!({"UHostId": newcomer, "State": "Stopped", "Tag": "new"}),
        ];
        let mut guide = Guide::open("fleet", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.cloud.add_fault(Fault::new(Effect::SoldOut).on_instance(SPARE));
        guide.follow().fail();
        let state_of = |guide: &Guide, id| guide.fact(id, "State");
        assert_eq!([TRAINING, SPARE].map(|id| state_of(&guide, id)), ["Running", "Stopped"]);
        assert_eq!(guide.changes(), [START, START], "what runs is not asked for again");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, SPARE), "Running");

        guide.cloud.patch(newcomer, json!({"Tag": "training"}));
        guide.follow().succeed();
        guide.workspace.apply();
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, newcomer), "Running");

        // One that is beyond help is left out, and the others are looked after.
        guide.cloud.patch(THIRD, json!({"State": "Install Fail"}));
        guide.cloud.patch(SPARE, json!({"State": "Stopped"}));
        guide.workspace.apply().says(&["0 added, 1 changed, 1 destroyed"]);
        assert_eq!(guide.changes(), [START]);
        guide.end();
    });
}

#[test]
fn import() {
    told(async |terraform| {
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
        guide.workspace.plan().assert_empty();

        guide.start_over();
        guide.put("import.tf", "import.tf");
        guide.follow().succeed();
        guide.workspace.plan().assert_empty();

        guide.start_over();
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.workspace.plan().assert_empty();
        assert_eq!(guide.changes(), [""; 0], "whichever way");
        guide.end();
    });
}

#[test]
fn without_gpu() {
    told(async |terraform| {
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

        // Back again, and no GPU is left when it is wanted.
        guide.workspace.apply();
        guide.changes();
        guide.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.follow().fail();
        assert_eq!(guide.changes(), [STOP, START]);
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");
        guide.workspace.apply_with(&["-var=with_gpu=true"]);
        assert_eq!(guide.changes(), [START]);

        // What is not allowed to be stopped is not.
        let main = guide.workspace.read("main.tf");
        let allowed = "  allow_stopping_for_update = true\n";
        assert!(main.contains(allowed));
        guide.workspace.write("main.tf", &main.replace(allowed, ""));
        guide.workspace.try_apply().fail().says(&["Instance Has to Be Stopped for This Change"]);
        assert_eq!(guide.changes(), [""; 0]);
        guide.end();
    });
}

#[test]
fn sold_out() {
    told(async |terraform| {
        let instances = [instance(TRAINING, "Stopped")];
        let mut guide = Guide::open("sold-out", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.follow().fail();
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");

        // Both ways to wait, at the same time, since half a minute passes before it is tried again.
        guide.start_over();
        guide.put("waiting.tf", "main.tf");
        guide.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.changes();
        let apply = guide.begin();

        let (other_cloud, other) = stage(terraform, &instances, SHORT).await;
        other_cloud.add_fault(Fault::new(Effect::SoldOut));
        other.write("main.tf", &fs::read_to_string(files_of("sold-out").join("start.tf")).unwrap());
        let quoted_of_apply = guide.next("text");
        let invoked = other.spawn_shell(&guide.next("shell"));

        let apply = apply.finish(LIMIT).succeed();
        guide.ahead.push_front(Block {
            language: "text".to_owned(),
            text: quoted_of_apply,
            file: None,
        });
        guide.quotes(&apply.stdout);
        assert_eq!(guide.changes(), [START, START]);
        assert_eq!(guide.fact(TRAINING, "State"), "Running");

        guide.finish(invoked).succeed();
        assert_eq!(changes(&other_cloud), [START, START]);
        guide.end();
    });
}

#[test]
fn ci() {
    told(async |terraform| {
        let mut guide = Guide::open("ci", terraform, &[instance(TRAINING, "Stopped")]).await;
        guide.put("main.tf", "main.tf");
        guide.put("ci.sh", "ci.sh");
        guide.follow().finds_something_to_do();
        assert_eq!(guide.changes(), [""; 0]);
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        let shell =
            |guide: &Guide, commands: &str| guide.workspace.spawn_shell(commands).finish(LIMIT);
        shell(&guide, "./ci.sh plan").succeed();

        // Somebody stops it.
        guide.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.follow().finds_something_to_do();

        // Interrupted when the start is accepted.
        guide.cloud.add_fault(Fault::new(Effect::StuckInStarting));
        guide.changes();
        let mut apply = guide.begin();
        apply.wait_until(|| guide.cloud.count(START) == 1);
        apply.interrupt();
        let interrupted = guide.finish(apply);
        assert_ne!(interrupted.exit_code, Some(0), "{interrupted}");
        assert_eq!(guide.fact(TRAINING, "State"), "Starting", "it goes on");
        guide.cloud.patch(TRAINING, json!({"State": "Running"}));
        shell(&guide, "./ci.sh plan; ./ci.sh apply").succeed();
        assert_eq!(guide.changes(), [START], "it was not started again");

        guide.follow().succeed();
        let log = guide.workspace.read("debug.log");
        for fact in ["action=DescribeCompShareInstance", "ret_code=0", "request_id="] {
            assert!(log.contains(fact), "no `{fact}` in the log: {log}");
        }
        assert!(!log.contains(PRIVATE_KEY) && !log.contains(PUBLIC_KEY), "{log}");

        guide.workspace.unset("COMPSHARE_PUBLIC_KEY");
        guide.workspace.unset("COMPSHARE_PRIVATE_KEY");
        shell(&guide, "./ci.sh plan").fail().says(&["Missing API Keys"]);
        assert_eq!(shell(&guide, "./ci.sh").exit_code, Some(64));
        guide.end();
    });
}

#[test]
fn billing() {
    told(async |terraform| {
        let reclaimed = jiff::Timestamp::from_second(1_796_083_200).unwrap().as_second();
        let instances = [
            instance(TRAINING, "Running"),
            json!({"UHostId": SPARE, "State": "Stopped", "ReleaseTime": reclaimed}),
            json!({"UHostId": THIRD, "State": "Stopped", "ChargeType": "Month", "InstancePrice": 1099}),
        ];
        let mut guide = Guide::open("billing", terraform, &instances).await;
        guide.put("report.tf", "report.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [""; 0]);

        guide.start_over();
        guide.put("main.tf", "main.tf");
        guide.workspace.apply();
        guide.follow().succeed();
        guide.put("stopping.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);
        guide.end();
    });
}

/// What a configuration of a guide has to have, if not every Terraform has it.
fn feature(file: &str) -> Option<Feature> {
    match file {
        "import.tf" => Some(Feature::GeneratedConfig),
        "all.tfquery.hcl" => Some(Feature::Query),
        "start.tf" => Some(Feature::Actions),
        _ => None,
    }
}

#[test]
fn every_configuration_of_a_guide_is_formatted_and_valid() {
    with_each_terraform(async |terraform| {
        let formatted = Workspace::new(terraform);
        for guide in GUIDES {
            for file in names_in(&files_of(guide)) {
                let text = fs::read_to_string(files_of(guide).join(&file)).unwrap();
                formatted.write(&format!("{guide}-{file}"), &text);
                let unable = feature(&file).is_some_and(|feature| !terraform.has(feature));
                // The newest has applied all of them, and the others cannot validate imports of what is not written yet.
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
fn every_guide_is_there_in_both_languages_and_is_followed() {
    let pages = GUIDES.iter().flat_map(|guide| [english(guide), chinese(guide)]);
    let there = names_in(&repository().join("templates/guides"));
    let there: BTreeSet<_> = there.iter().map(|name| format!("templates/guides/{name}")).collect();
    assert_eq!(there, pages.collect());
    assert_eq!(names_in(&repository().join("examples/guides")), GUIDES.map(str::to_owned).into());
    for guide in GUIDES {
        let opened = format!("Guide::open(\"{guide}\"");
        assert!(include_str!("guides.rs").contains(&opened), "nobody follows {guide}");
    }
}

#[test]
fn every_file_of_a_guide_is_shown_in_it() {
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
fn both_languages_show_the_same() {
    let guides = GUIDES.iter().map(|guide| (english(guide), chinese(guide)));
    let others = TRANSLATED.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned()));
    for (one, other) in guides.chain(others) {
        Page::read(&one).assert_is_told_by(&Page::read(&other));
    }
}

#[test]
fn every_guide_has_a_title_a_description_and_its_place() {
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

/// A page of the documentation that a link of a guide leads to: where it is made from.
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
fn links_of_guides_lead_somewhere() {
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
