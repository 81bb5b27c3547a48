#!/usr/bin/env bash
# Set up an environment and run the main job on the embedded default: a tiny Qwen3 learns arithmetic by KPO on this machine.
# Run it again to resume, or to see the table of a finished run. Arguments go to the entry point, e.g. --config.seed=1.
# Settings: METHOD (default kpo_strong), WORKDIR (default runs/quickstart_METHOD).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh
bash launch/setup.sh
platform_settings
method="${METHOD:-kpo_strong}"
exec "${VENV:-.venv}/bin/python" -m kpo_jax.main --mode=train --config="configs/tiny.py:$method" \
  --workdir="${WORKDIR:-runs/quickstart_$method}" "$@"
