#!/usr/bin/env bash
# Make .venv beside the package and install requirements.txt, and what the tests need, at the versions of launch/requirements.lock.
# uv when it can be had, else venv + pip; no root. Running it again with nothing changed does nothing.
# Settings: PYTHON (interpreter, default: the newest of python3.12, python3.11, python3), VENV (where, default .venv).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV="${VENV:-.venv}"

find_python() {
  local candidate candidates=(python3.12 python3.11 python3)
  if [ -n "${PYTHON:-}" ]; then
    candidates=("$PYTHON")
  fi
  for candidate in "${candidates[@]}"; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "error: no Python >= 3.11 found; set PYTHON=/path/to/python" >&2
  exit 64
}

stamp="$VENV/installed"
wanted="$(cat requirements.txt launch/requirements* | cksum)"
if [ -x "$VENV/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

python="$(find_python)"
echo "setting up $VENV with $("$python" --version)" >&2
uv="$(command -v uv || command -v "$VENV/bin/uv" || true)"
# without pip it was left half made, but for uv, which needs none
if ! "$VENV/bin/python" -m pip --version > /dev/null 2>&1 && ! { [ -n "$uv" ] && [ -x "$VENV/bin/python" ]; }; then
  "$python" -m venv "$VENV" || [ -n "$uv" ]
fi
what=(-r requirements.txt -r launch/requirements-test.txt -c launch/requirements.lock)
if [ -z "$uv" ] && "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check uv 2>/dev/null; then
  uv="$VENV/bin/uv"
fi
if [ -z "$uv" ] || ! "$uv" pip install --quiet --python "$VENV/bin/python" "${what[@]}"; then
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "${what[@]}"
fi
echo "$wanted" > "$stamp"
