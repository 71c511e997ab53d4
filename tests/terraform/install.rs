//! `examples/install/install.sh`: one command, after which a plain `init` finds the provider.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    scripts::{self, run_script, write_fake_cargo},
    stage::{ADDRESS, PROVIDER, Stage, instance},
};
use crate::support::terraform::{MIRROR, Run, Workspace, by_turns, with_each_terraform};

const SCRIPT: &str = "examples/install/install.sh";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Limit of a run of the script, which compresses a debug build.
const LIMIT: Duration = Duration::from_secs(60);

/// Configuration with a second provider, from another implied mirror.
const TWO_PROVIDERS: &str = r#"
terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
    other = {
      source = "mirror.example.com/tools/compshare"
    }
  }
}

provider "compshare" {
  poll_interval = "50ms"
}

provider "other" {}
"#;

/// Runs the script with a small file as the provider, which no command of the test starts.
fn install(workspace: &Workspace, arguments: &str) -> Run {
    let provider = workspace.write("provider", "");
    write_fake_cargo(workspace, provider.to_str().unwrap());
    run_script(workspace, &format!("{SCRIPT} {arguments}"), LIMIT)
}

fn init(workspace: &Workspace) -> Run {
    workspace.run(&["init", "-no-color", "-input=false"])
}

/// Prints the value of an expression about an open file.
fn python(workspace: &Workspace, path: &Path, expression: &str) -> String {
    let path = path.display();
    let script = format!(
        "import hashlib, zipfile\nwith open('{path}', 'rb+') as file:\n    print({expression})"
    );
    run_script(workspace, &format!("python3 - <<'PYTHON'\n{script}\nPYTHON"), LIMIT)
        .succeed()
        .stdout
}

fn plugins(workspace: &Workspace) -> PathBuf {
    workspace.root().join("home/.terraform.d/plugins")
}

/// The installed package for Terraform.
fn installed(workspace: &Workspace) -> PathBuf {
    let folder = plugins(workspace).join("registry.terraform.io/compshare/compshare");
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.next().unwrap();
    assert_eq!(files.next(), None, "one file");
    file
}

/// Name of a package without the platform, and the platform.
fn parts(package: &Path) -> (String, String) {
    let name = package.file_stem().unwrap().to_str().unwrap();
    let begin = format!("terraform-provider-compshare_{VERSION}");
    let platform = name.strip_prefix(&begin).and_then(|rest| rest.strip_prefix('_')).unwrap();
    (begin, platform.to_owned())
}

/// Copies a package into an implied mirror as a provider with another source address.
fn add_second_provider(workspace: &mut Workspace, package: &Path) {
    let data = workspace.root().join("data");
    let folder = data.join("terraform/plugins").join(MIRROR);
    fs::create_dir_all(&folder).unwrap();
    fs::copy(package, folder.join(package.file_name().unwrap())).unwrap();
    workspace.set("XDG_DATA_HOME", data);
    workspace.write("provider.tf", TWO_PROVIDERS);
}

/// From an empty home folder and without CLI configuration.
#[test]
fn installed_provider_works_beside_another_one() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure_resource("");
        let workspace = &mut stage.workspace;
        workspace.unset("TF_CLI_CONFIG_FILE");
        write_fake_cargo(workspace, scripts::PROVIDER);
        let run = run_script(workspace, SCRIPT, LIMIT).succeed();
        run.says(&["Installed", "version = \"~> 0.1\""]);
        let package = installed(workspace);
        add_second_provider(workspace, &package);

        init(workspace).succeed();
        let lock = workspace.read(".terraform.lock.hcl");
        for address in ["registry.terraform.io/compshare/compshare", MIRROR] {
            assert!(lock.contains(&format!("provider \"{address}\"")), "{lock}");
        }
        stage.apply();
        assert_eq!(stage.changes(), ["StartCompShareInstance"]);
        assert_eq!(stage.workspace.state_of(ADDRESS).unwrap()["state"], "Running");
        stage.assert_empty_plan();

        let workspace = &mut stage.workspace;
        install(workspace, "--uninstall").succeed().says(&["Removed"]);
        assert!(!plugins(workspace).exists());
        stage.assert_empty_plan();
    });
}

#[test]
fn package_is_installed_only_with_its_checksum() {
    by_turns(0..1, async |terraform, _| {
        let workspace = Workspace::new(terraform);
        install(&workspace, "").succeed();
        let built = installed(&workspace);
        let (begin, platform) = parts(&built);
        let folder = workspace.root().join("a folder");
        fs::create_dir(&folder).unwrap();
        let package = folder.join(built.file_name().unwrap());
        fs::rename(&built, &package).unwrap();
        install(&workspace, "--uninstall").succeed();
        let argument = format!("'{}'", package.display());

        install(&workspace, &argument).fail().says(&["checksums are missing"]);
        let sums = folder.join(format!("{begin}_SHA256SUMS"));
        let line = |sum: &str| format!("{sum}  {begin}_{platform}.zip\n");
        fs::write(&sums, line(&"0".repeat(64))).unwrap();
        install(&workspace, &argument).fail().says(&["damaged", "Download both files again"]);
        let other = folder.join(format!("{begin}_plan9_mips.zip"));
        fs::copy(&package, &other).unwrap();
        let of_other = format!("'{}'", other.display());
        install(&workspace, &of_other).fail().says(&["not a package for this machine"]);
        install(&workspace, "none.zip").fail().says(&["no such file"]);
        assert!(!plugins(&workspace).exists());

        let sum = python(&workspace, &package, "hashlib.sha256(file.read()).hexdigest()");
        fs::write(&sums, line(sum.trim_end())).unwrap();
        install(&workspace, &argument).succeed().says(&["Installed"]);
        assert_eq!(fs::read(installed(&workspace)).unwrap(), fs::read(&package).unwrap());
    });
}

/// Terraform does not search implied mirrors then; the printed block makes it.
#[test]
fn provider_installation_block_is_reported() {
    by_turns(0..1, async |terraform, _| {
        let mut workspace = Workspace::new(terraform);
        workspace.unset("TF_CLI_CONFIG_FILE");
        let settings = workspace.root().join("home/.terraformrc");
        let write = |methods: &str| {
            fs::write(&settings, format!("provider_installation {{\n{methods}}}\n")).unwrap();
        };
        write("  direct {}\n");
        let printed = install(&workspace, "").succeed().says(&["WARNING", "exclude ="]).stdout;
        let begin = printed.find("  filesystem_mirror {").unwrap();
        let length = printed[begin..].find("  }\n").unwrap() + "  }\n".len();

        write(&format!(
            "{}  direct {{\n    exclude = [\"compshare/compshare\"]\n  }}\n",
            &printed[begin..begin + length]
        ));
        workspace.write("provider.tf", PROVIDER);
        init(&workspace).succeed();
    });
}

/// OpenTofu prefers `~/.terraform.d` to `XDG_CONFIG_HOME`.
#[test]
fn credentials_that_opentofu_would_not_find_are_reported() {
    by_turns(0..1, async |terraform, _| {
        let mut workspace = Workspace::new(terraform);
        let settings = workspace.root().join("settings/opentofu");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("credentials.tfrc.json"), "{}").unwrap();
        workspace.set("XDG_CONFIG_HOME", settings.parent().unwrap());
        install(&workspace, "").succeed().says(&["NOTE", "to ~/.terraform.d"]);
        let again = install(&workspace, "").succeed();
        assert!(!again.stdout.contains("NOTE"), "{again}");
    });
}

/// Its checksum differs, which `init` reports.
#[test]
fn another_build_of_the_same_version_is_reported() {
    by_turns(0..1, async |terraform, _| {
        let mut workspace = Workspace::new(terraform);
        workspace.unset("TF_CLI_CONFIG_FILE");
        workspace.write("provider.tf", PROVIDER);
        install(&workspace, "").succeed();
        let package = installed(&workspace);
        python(&workspace, &package, "zipfile.ZipFile(file, 'a').writestr('more', '')");
        init(&workspace).succeed();

        let facts = ["another build of the same version", "from .terraform.lock.hcl"];
        install(&workspace, "").succeed().says(&facts);
        fs::remove_dir_all(workspace.configuration().join(".terraform")).unwrap();
        init(&workspace).fail().says(&["doesn't match any of the checksums"]);
        workspace.remove(".terraform.lock.hcl");
        init(&workspace).succeed();
    });
}
