#!/usr/bin/env bash
# Set up an environment, fetch SmolLM2-135M-Instruct (98 MB) and train it by KPO on one-digit sums and products on this machine.
# Run it again to resume, or to see the table of a finished run. Arguments go to the entry point, e.g. --config.seed=1.
# Settings: METHOD (default kpo_strong), WORKDIR (default runs/smollm2_METHOD).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh
bash launch/setup.sh
platform_settings
python="${VENV:-.venv}/bin/python"

find_smollm2
method="${METHOD:-kpo_strong}"
exec "$python" -m kpo_jax.main --mode=train --config="configs/smollm2_arithmetic.py:$method" \
  --workdir="${WORKDIR:-runs/smollm2_$method}" --config.pretrained="$model" --config.tokenizer="$model" "$@"
