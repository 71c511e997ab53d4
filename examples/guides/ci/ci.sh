#!/bin/sh
# ci.sh plan [OPTION]...   saves changes in tfplan; exit code 0: no changes, 2: changes, 1: failed
# ci.sh apply              applies tfplan; exit code 0: done, 1: failed
set -eu
export TF_IN_AUTOMATION=1 TF_INPUT=0

case "${1-}" in
plan) shift && exec terraform plan -detailed-exitcode -lock-timeout=10m -out=tfplan "$@" ;;
apply) exec terraform apply -lock-timeout=10m tfplan ;;
esac
echo "usage: $0 plan [OPTION]... | apply" >&2
exit 64
