//! `examples/demo/run.sh`: what it requires, and its output in Chinese. `.ci/run` runs it in English, with a build.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use tempfile::TempDir;

use super::scripts::{PROVIDER, run_script, write_fake_cargo};
use crate::support::terraform::{Workspace, by_turns, make_executable};

/// Programs that each system has.
const SYSTEM: [&str; 9] = ["bash", "cat", "cut", "dirname", "env", "mktemp", "rm", "sed", "uname"];

const RUST: (&str, &str) = ("rustc", "echo rustc 1.95.0");
/// Reports its version, and ends the script when it is to build.
const CARGO: (&str, &str) = ("cargo", "[ \"$1\" = --version ] || { echo BUILDING >&2; exit 1; }");
const COMPILER: (&str, &str) = ("cc", "");
const PYTHON: (&str, &str) = ("python3", "");
const TERRAFORM: (&str, &str) = ("terraform", "echo Terraform v1.9.9");
const OPENTOFU: (&str, &str) = ("tofu", "echo OpenTofu v1.8.8");

/// Runs a script on a machine with these programs beside those of the system.
fn run(script: &str, programs: &[(&str, &str)], variables: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    for name in SYSTEM {
        let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
        let found = found.iter().find(|path| path.exists()).unwrap();
        symlink(found, folder.path().join(name)).unwrap();
    }
    for (name, commands) in programs {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{commands}\n")).unwrap();
        make_executable(&path);
    }
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
        .env_clear()
        .env("PATH", folder.path())
        .env("HOME", folder.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Remedies for missing prerequisites, without the lines around them.
fn remedies(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().filter_map(|line| line.strip_prefix("  - ")).map(str::to_owned).collect()
}

#[test]
fn missing_prerequisites_are_reported_before_the_build() {
    let old_rust = ("rustc", "echo rustc 1.90.1");
    let no_venv = ("python3", "[ \"$1\" = --version ]");
    for (programs, expected) in [
        (&[][..], &["rustup default stable", "build-essential", "install python3"][..]),
        (&[CARGO, RUST], &["build-essential", "install python3"]),
        (&[old_rust, CARGO, COMPILER, PYTHON], &["found 1.90.1: rustup update stable"]),
        (&[RUST, CARGO, PYTHON], &["build-essential"]),
        (&[RUST, CARGO, COMPILER, no_venv], &["terraform or tofu on the PATH"]),
        (&[RUST, CARGO, COMPILER, no_venv, TERRAFORM], &[]),
        (&[RUST, CARGO, COMPILER, PYTHON, TERRAFORM], &[]),
    ] {
        let output = run("examples/demo/run.sh", programs, &[]);
        let found = remedies(&output);
        assert_eq!(found.len(), expected.len(), "{output:?}");
        for (line, expected) in found.iter().zip(expected) {
            assert!(line.contains(expected), "{line}");
        }
        assert_eq!(output.status.code(), Some(1));
        let has_built = String::from_utf8_lossy(&output.stderr).contains("BUILDING");
        assert_eq!(has_built, expected.is_empty(), "{output:?}");
    }
}

#[test]
fn installation_needs_no_virtual_environment() {
    let no_venv = ("python3", "[ \"$1\" = --version ]");
    for (programs, expected) in
        [(&[RUST, CARGO, COMPILER, no_venv][..], 0), (&[RUST, CARGO, no_venv], 1), (&[], 3)]
    {
        let output = run("examples/install/install.sh", programs, &[]);
        assert_eq!(remedies(&output).len(), expected, "{output:?}");
    }
}

#[test]
fn used_terraform_and_remedies_are_named_in_the_language() {
    let chinese = ("LANG", "zh_CN.UTF-8");
    let cases = [
        (
            &[TERRAFORM][..],
            &[("LANG", "de_DE.UTF-8")][..],
            "Using Terraform v1.9.9",
            "a C compiler",
        ),
        (&[OPENTOFU, TERRAFORM], &[], "Using Terraform v1.9.9", "a C compiler"),
        (&[OPENTOFU], &[], "Using OpenTofu v1.8.8", "a C compiler"),
        (&[TERRAFORM], &[chinese], "使用 Terraform v1.9.9", "C 编译器"),
        (&[TERRAFORM], &[chinese, ("LC_ALL", "C")], "Using Terraform v1.9.9", "a C compiler"),
    ];
    for (hosts, variables, used, remedy) in cases {
        let programs = [&[RUST, CARGO, PYTHON], hosts].concat();
        let output = run("examples/demo/run.sh", &programs, variables);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.starts_with(used), "{output:?}");
        assert!(remedies(&output)[0].starts_with(remedy), "{output:?}");
    }
}

#[test]
fn demo_runs_in_chinese_and_states_what_remains() {
    by_turns(0..1, async |terraform, _| {
        let mut workspace = Workspace::new(terraform);
        write_fake_cargo(&workspace, PROVIDER);
        workspace.set("LC_ALL", "zh_CN.UTF-8");
        let run = run_script(&workspace, "examples/demo/run.sh", Duration::from_secs(60));
        let printed = run.succeed().stdout;
        let steps: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("==> ")).collect();
        assert_eq!(
            steps,
            [
                "正在构建 provider 和模拟器（首次构建需要几分钟）",
                "正在启动模拟器：两台已关机的实例，开机需要两秒",
                "terraform plan：已关机的实例将开机",
                "terraform apply",
                "在 Terraform 之外将 uhost-one 关机",
                "terraform plan：检测到漂移",
                "terraform apply：实例重新开机",
                "terraform plan：没有变更",
                "完成。模拟器已停止。",
            ]
        );
        let last = printed.lines().last().unwrap();
        assert!(last.contains("如需删除构建产物：rm -rf /"), "{last}");
        workspace.assert_no_temporary_files();
    });
}
