# Functions of demo/run.sh and install/install.sh: messages in English or Chinese, checks of the machine, and the build.
# The sourcing script has changed to the root of the repository and set `work` to a temporary folder.

case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
  zh*) chinese=yes ;;
  *) chinese= ;;
esac
# Prints the English or the Chinese text, as the locale says.
text() {
  if [[ -n $chinese ]]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

bold='' plain=''
if [[ -t 1 ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s==> %s%s\n' "$bold" "$(text "$@")" "$plain"; }
fail() {
  printf '\n%s %s\n' "$(text 'Error:' '错误：')" "$(text "$@")" >&2
  exit 1
}

missing=''
lacks() { missing+="  - $(text "$@")"$'\n'; }

rust_version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
rust_is_new_enough() {
  local version
  version=$(rustc --version | cut -d ' ' -f 2) && [[ $version == *.*.* ]] || return 1
  local IFS=.
  # shellcheck disable=SC2086
  set -- $version $rust_version
  (($1 * 1000 + $2 >= $4 * 1000 + $5))
}

# Checks what a build needs, and reports everything that is missing at once.
# `venv` as argument: Python must be able to create virtual environments, too.
check_prerequisites() {
  if ! cargo --version >/dev/null 2>&1 || ! rustc --version >/dev/null 2>&1; then
    lacks "Rust $rust_version or later: install it with rustup (https://rustup.rs), then run rustup default stable" \
      "Rust $rust_version 或更高版本：用 rustup（https://rustup.rs）安装，然后运行 rustup default stable"
  elif ! rust_is_new_enough; then
    lacks "Rust $rust_version or later, found $(rustc --version | cut -d ' ' -f 2): rustup update stable" \
      "Rust $rust_version 或更高版本，当前为 $(rustc --version | cut -d ' ' -f 2)：rustup update stable"
  fi
  if ! "${CC:-cc}" --version >/dev/null 2>&1; then
    lacks "a C compiler: apt install build-essential (Debian, Ubuntu), dnf install gcc (Fedora), xcode-select --install (macOS)" \
      "C 编译器：apt install build-essential（Debian、Ubuntu）、dnf install gcc（Fedora）、xcode-select --install（macOS）"
  fi
  if ! python3 --version >/dev/null 2>&1; then
    lacks "Python 3: apt install python3 (Debian, Ubuntu), dnf install python3 (Fedora), brew install python (macOS)" \
      "Python 3：apt install python3（Debian、Ubuntu）、dnf install python3（Fedora）、brew install python（macOS）"
  elif [[ ${1:-} == venv ]] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    lacks "terraform or tofu on the PATH, or Python's venv, which installs Terraform: apt install python3-venv (Debian, Ubuntu)" \
      "PATH 中的 terraform 或 tofu，或用于安装 Terraform 的 Python venv：apt install python3-venv（Debian、Ubuntu）"
  fi
  [[ -z $missing ]] || fail "missing prerequisites:
${missing%$'\n'}" "缺少以下前提条件：
${missing%$'\n'}"
}

# Builds the programs selected by Cargo's options. `built NAME` then prints the path of a program, which depends on the
# user's Cargo settings.
build() { cargo build --locked --message-format=json-render-diagnostics "$@" >"$work/built.json"; }
built() {
  python3 - "$work/built.json" "$1" <<'PYTHON'
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == sys.argv[2]:
        print(message["executable"])
PYTHON
}
