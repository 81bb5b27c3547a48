#!/usr/bin/env bash
# What a new accelerator is asked first: is it right, and how fast: bash launch/accelerator_check.sh --out=DIR [--scale=small]
# [--minutes=8] [--parts=NAME,NAME]. Needs python3 with requirements.txt; PYTHON names another interpreter, WHEELS a folder of
# wheels for what is missing there, which are unpacked beside the results and not installed; KPO_XLA_FLAGS is as of launch/local.sh.
# No network is used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source launch/lib.sh

out=""
for word in "$@"; do
  case "$word" in --out=?*) out="${word#--out=}" ;; esac
done
[[ -n "$out" ]] || usage_error "--out=DIR is required: the folder for what is found"
python="${PYTHON:-}"
if [[ -z "$python" ]]; then
  python=python3
  [[ ! -x "${VENV:-.venv}/bin/python" ]] || python="${VENV:-.venv}/bin/python"
fi
if [[ -n "${WHEELS:-}" ]]; then
  compgen -G "$WHEELS/*.whl" > /dev/null || usage_error "WHEELS: no *.whl in '$WHEELS'"
  mkdir -p "$out"
  "$python" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$out/wheels" "$WHEELS"/*.whl
  export PYTHONPATH="$out/wheels${PYTHONPATH:+:$PYTHONPATH}"
fi
platform_settings
exec "$python" -m kpo_jax.hardware "$@"
