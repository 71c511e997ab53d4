//! "Installing the provider": the CLI configurations. The install script has tests of its own.

use std::{fs, path::Path};

use super::guide::{Guide, NEWEST, TRAINING, instance, with_newest_terraform};
use crate::{support::terraform::with_each_terraform, terraform::stage::Stage};

const CONFIGURATION: &str = r#"
resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}
"#;

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped")];
        let mut guide = Guide::open("installation", terraform, &instances).await;
        guide.stage.configure(CONFIGURATION);
        // The script and a listing of files.
        for language in ["sh", "sh", "text"] {
            guide.next(language);
        }

        guide.install_provider();
        let plugins = guide.stage.workspace.root().join("plugins");
        let installed = guide.stage.workspace.configuration().join("terraform.d/plugins");
        fs::rename(installed, &plugins).unwrap();
        use_settings(&mut guide, "mirror.rc", "/home/me/.terraform.d/plugins", &plugins);
        guide.follow().succeed();
        guide.stage.plan();

        let program = Path::new(env!("CARGO_BIN_EXE_terraform-provider-compshare"));
        let built = "/home/me/terraform-provider-compshare/target/release";
        guide.start_over();
        guide.stage.configure(CONFIGURATION);
        use_settings(&mut guide, "development.rc", built, program.parent().unwrap());
        guide.follow().succeed();
        guide.end();
    });
}

#[test]
fn init_with_overrides_fails_in_older_terraform() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        let init = stage.workspace.run(&["init", "-no-color", "-input=false"]);
        if terraform.has(NEWEST) {
            init.succeed();
        } else {
            init.fail();
        }
    });
}

/// Makes a file of the guide the CLI configuration, with another path.
#[track_caller]
fn use_settings(guide: &mut Guide, file: &str, path: &str, replacement: &Path) {
    guide.put(file, file);
    let settings = guide.stage.workspace.read(file);
    assert!(settings.contains(path), "{settings}");
    let settings = settings.replace(path, replacement.to_str().unwrap());
    let settings = guide.stage.workspace.write(file, &settings);
    guide.stage.workspace.set("TF_CLI_CONFIG_FILE", settings);
}
