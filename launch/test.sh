#!/usr/bin/env bash
# Set up an environment and run all tests but the slow ones. Arguments go to pytest, e.g. -m slow, or -k filters.
# Settings: WORKERS (test processes, default 2).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash launch/setup.sh
unset PYTHONDONTWRITEBYTECODE # or each of the many processes that tests start would compile all that it imports
exec "${VENV:-.venv}/bin/python" -m pytest -n "${WORKERS:-2}" --dist loadfile --no-loadscope-reorder "$@"
