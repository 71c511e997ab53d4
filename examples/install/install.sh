#!/usr/bin/env bash
# Installs the provider for this user, so that `terraform init` and `tofu init` find it without any CLI configuration:
#
#   examples/install/install.sh               builds the release from this repository and installs it
#   examples/install/install.sh PACKAGE.zip   installs a package; its ..._SHA256SUMS must be in the same folder
#   examples/install/install.sh --uninstall   removes what was installed
#
# The folder ~/.terraform.d/plugins is an implied local mirror of Terraform and OpenTofu. While it contains a provider,
# they use no other source for this provider; other providers are installed from their registries as usual.
# A `provider_installation` block in the CLI configuration replaces the implied mirrors.
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=examples/common.sh
source examples/common.sh

name=terraform-provider-compshare
: "${HOME:?}"
plugins=$HOME/.terraform.d/plugins
folders=("$plugins/registry.terraform.io/compshare/compshare" "$plugins/registry.opentofu.org/compshare/compshare")

usage() {
  sed -n '2,6s/^# \{0,1\}//p' examples/install/install.sh
}

# Platform of this machine, as Terraform names it.
find_platform() {
  case $(uname -s) in
    Linux) platform=linux ;;
    Darwin) platform=darwin ;;
    *) fail "this script supports Linux and macOS. On Windows, copy the package to %APPDATA%\\terraform.d\\plugins\\registry.terraform.io\\compshare\\compshare" \
      "此脚本支持 Linux 和 macOS。在 Windows 上，请把安装包复制到 %APPDATA%\\terraform.d\\plugins\\registry.terraform.io\\compshare\\compshare" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) platform+=_amd64 ;;
    aarch64 | arm64) platform+=_arm64 ;;
    *) platform+=_$(uname -m) ;;
  esac
}

# Builds the release and packs it. Sets `package`.
build_package() {
  check_prerequisites ""
  say "Building the provider (the first build takes about ten minutes)" "正在构建 provider（首次构建约需十分钟）"
  local version
  version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
  build --release --bin "$name"
  package=$work/${name}_${version}_$platform.zip
  mkdir "$work/package"
  cp LICENSE README.md "$work/package/"
  cp "$(built "$name")" "$work/package/${name}_v$version"
  (cd "$work/package" && python3 -m zipfile -c "$package" ./*)
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Compares name and checksum of `package` with this machine and with the list of checksums.
check_package() {
  [[ -f $package ]] || fail "no such file: $package" "文件不存在：$package"
  local file=${package##*/}
  [[ $file == "${name}_"*_"$platform.zip" ]] ||
    fail "$file is not a package for this machine: expected ${name}_VERSION_$platform.zip" \
      "$file 不是适用于本机的安装包：应为 ${name}_VERSION_$platform.zip"
  local sums=${package%"_$platform.zip"}_SHA256SUMS
  [[ -f $sums ]] || fail "the checksums are missing: put ${sums##*/} of the same release next to the package" \
    "缺少校验和：请把同一版本的 ${sums##*/} 放到安装包所在的文件夹"
  local found
  found=$(sha256 "$package")
  grep -qxF "$found  $file" "$sums" ||
    fail "$file is damaged or not the released package: its SHA-256 is $found, which ${sums##*/} does not list. Download both files again" \
      "$file 已损坏或不是发布的安装包：其 SHA-256 为 $found，与 ${sums##*/} 不符。请重新下载这两个文件"
}

install_package() {
  local folder file=${package##*/} replaced='' credentials=${XDG_CONFIG_HOME:-}/opentofu/credentials.tfrc.json
  if [[ ! -e $HOME/.terraform.d && -e $credentials ]]; then
    text "NOTE: once ~/.terraform.d exists, OpenTofu reads credentials.tfrc.json only there. Move $credentials to ~/.terraform.d." \
      "注意：~/.terraform.d 存在后，OpenTofu 只在其中读取 credentials.tfrc.json。请将 $credentials 移到 ~/.terraform.d。"
  fi
  for folder in "${folders[@]}"; do
    mkdir -p "$folder"
    if [[ -e $folder/$file ]] && ! cmp -s "$package" "$folder/$file"; then replaced=yes; fi
    # Renamed into place, so that a running `terraform init` never sees half a file.
    cp "$package" "$folder/.$file.new"
    mv "$folder/.$file.new" "$folder/$file"
  done
  say "Installed ${file%.zip} in $plugins" "已将 ${file%.zip} 安装到 $plugins"
  if [[ -n $replaced ]]; then
    text "It replaces another build of the same version. Where terraform init reports a checksum that does not match, remove this provider from .terraform.lock.hcl and run it again." \
      "它替换了同一版本的另一次构建。如果 terraform init 报告校验和不匹配，请从 .terraform.lock.hcl 中删除此 provider，然后重新运行。"
  fi
}

# Files with CLI configuration that Terraform or OpenTofu would read.
cli_configurations() {
  if [[ -n ${TF_CLI_CONFIG_FILE:-} ]]; then
    echo "$TF_CLI_CONFIG_FILE"
  else
    printf '%s\n' "$HOME/.terraformrc" "$HOME/.tofurc" "${XDG_CONFIG_HOME:-$HOME/.config}/opentofu/tofurc"
  fi
}

explain_use() {
  local file
  while read -r file; do
    grep -qs '^[[:space:]]*provider_installation' "$file" || continue
    text "
WARNING: $file has a provider_installation block, so Terraform does not search the folder above. Add to this block:" \
      "
警告：$file 包含 provider_installation 块，因此 Terraform 不会搜索上述文件夹。请在该块中添加："
    cat <<BLOCK
  filesystem_mirror {
    path    = "$plugins"
    include = ["compshare/compshare"]
  }
BLOCK
    text 'and exclude = ["compshare/compshare"] to its other methods.' '并在该块的其他方法中添加 exclude = ["compshare/compshare"]。'
  done < <(cli_configurations)
  text "
Use it in a configuration, then run terraform init (or tofu init):" "
在配置中使用，然后运行 terraform init（或 tofu init）："
  cat <<'CONFIGURATION'

  terraform {
    required_providers {
      compshare = {
        source  = "compshare/compshare"
        version = "~> 0.1"
      }
    }
  }
CONFIGURATION
  text "
To remove it: examples/install/install.sh --uninstall" "
卸载：examples/install/install.sh --uninstall"
}

uninstall() {
  local folder found=
  for folder in "${folders[@]}"; do
    if [[ -d $folder ]]; then found=yes; fi
    rm -rf "$folder"
    # Folders that are empty now.
    rmdir "${folder%/*}" "${folder%/*/*}" 2>/dev/null || true
  done
  rmdir "$plugins" 2>/dev/null || true
  if [[ -z $found ]]; then
    say "The provider is not installed in $plugins" "$plugins 中没有安装此 provider"
    return
  fi
  say "Removed the provider from $plugins" "已从 $plugins 中删除此 provider"
  text "Configurations that use it keep their copy in .terraform. The next terraform init installs it from the registry, if it is there." \
    "已使用它的配置在 .terraform 中保留副本。下次运行 terraform init 时，将从 registry 安装（如已发布）。"
}

find_platform
case "$#:${1:-}" in
  0:)
    build_package
    ;;
  1:--uninstall)
    uninstall
    exit
    ;;
  1:-h | 1:--help)
    usage
    exit
    ;;
  1:-* | [!1]:*)
    usage >&2
    exit 2
    ;;
  1:*)
    package=$1
    [[ $package == /* ]] || package=$start/$package
    check_package
    ;;
esac
install_package
explain_use
