#!/usr/bin/env bash
# Render the JobSet and give it to kubectl. Options and arguments are those of launch/k8s/render.py.
#
#   bash launch/k8s/submit.sh [--dry_run] --name=run1 --image=IMAGE --claim=shared --tpu=v5p:2x2x4 -- --config=... --workdir=/runs/run1
#
# --dry_run, the first of them: print the command and the manifest, and stop.
# Settings: VENV (default .venv), KUBECTL (default kubectl); KPO_XLA_FLAGS, as of launch/local.sh, and XLA_FLAGS go to nodes with GPUs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=launch/lib.sh
source launch/lib.sh
dry_run=""
if [[ "${1:-}" == --dry_run ]]; then
  dry_run=1
  shift
fi
find_python
compiler_flags
manifest="$(XLA_FLAGS="$flags" "$python" launch/k8s/render.py "$@")"
command=("${KUBECTL:-kubectl}" apply --filename -)
if [[ -n "$dry_run" ]]; then
  print_command "${command[@]}"
  printf '%s\n' "$manifest"
  exit 0
fi
command -v "${command[0]}" > /dev/null || usage_error "no ${command[0]} on the PATH"
printf '%s\n' "$manifest" | "${command[@]}"
