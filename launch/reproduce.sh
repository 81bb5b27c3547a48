#!/usr/bin/env bash
# The study on one CPU machine: every method from one base policy per seed on chains of sums (configs/study.py), then the report:
# WORKDIR/report/report.html, report.md and figures. Run it again to go on where it stopped; finished runs are not repeated.
#
#   bash launch/reproduce.sh [--jobs=N] [argument of the entry point, for every run, e.g. --config.num_steps=2]...
#
# --jobs=N runs side by side, by default as many as there are cores. Each is pinned to one core, whatever N is, and has one thread:
# more would round otherwise. WORKDIR/RUN.log is what a run says.
# Settings: SEEDS (default "0 1 2"), METHODS (default: all of the study but those with _fast or _twin at their end, see configs/study.py),
#   TRACED (methods whose first seed records traces for the report's viewer), WORKDIR (default runs/study),
#   PUBLISH=1 (also write docs/report.md and configs/results/study* from the report, when all runs are finished).
# Exit codes: 0 done, 64 usage, 75 stopped and saved (run it again), 13 a run failed (its log says why; the others were finished).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh
find_cores
jobs=${#cores[@]}
if [[ "${1:-}" == --jobs=* ]]; then
  jobs="${1#*=}"
  shift
fi
need_number --jobs "$jobs" 1
SEEDS="${SEEDS:-0 1 2}"
METHODS="${METHODS:-grpo gspo kpo_strong kpo_weak is_kpo_weak opt0 opt1 is_kpo_calibrated is_kpo_running_mean kpo_released kpo_weak_wide grpo_narrow}"
TRACED="${TRACED-grpo gspo kpo_strong kpo_weak is_kpo_weak is_kpo_calibrated is_kpo_running_mean}"
WORKDIR="${WORKDIR:-runs/study}"
bash launch/setup.sh
python="${VENV:-.venv}/bin/python"
mkdir -p "$WORKDIR"
export JAX_PLATFORMS=cpu
started=$SECONDS
arguments=("$@")

# describe METHOD SEED: the arguments of a run in the array `described`.
describe() {
  described=("--config=configs/study.py:$1" "--config.seed=$2")
  if [[ "$1" == base ]]; then
    described+=("${arguments[@]}" --config.num_steps=0)
    return
  fi
  if [[ " $TRACED " == *" $1 "* && "$2" == "${SEEDS%% *}" ]]; then
    described+=(--config.trace.every=8 --config.trace.max_bytes=8000000)
  fi
  described+=("${arguments[@]}" --config.warm_start.num_steps=0 "--config.init_from=$WORKDIR/base_seed$2")
}

start_run() {
  describe "${methods[$1]}" "${seeds[$1]}"
  exec "$python" -m kpo_jax.main --mode=train --workdir="$WORKDIR/${names[$1]}" "${described[@]}"
}

run_ended() {
  if [[ "$2" == 0 ]]; then
    describe "${methods[$1]}" "${seeds[$1]}"
    echo "${described[*]}" > "$WORKDIR/${names[$1]}/finished"
  else
    failed=1
  fi
}

# run_all METHOD...: what is not finished of them, for every seed; ends the script unless all are then.
run_all() {
  local seed method
  names=() logs=() methods=() seeds=() failed=""
  for seed in $SEEDS; do
    for method in "$@"; do
      describe "$method" "$seed"
      if [[ "$(cat "$WORKDIR/${method}_seed$seed/finished" 2> /dev/null)" != "${described[*]}" ]]; then
        names+=("${method}_seed$seed") logs+=("$WORKDIR/${method}_seed$seed.log") methods+=("$method") seeds+=("$seed")
      fi
    done
  done
  side_by_side "$jobs" "${!names[@]}"
  if [[ -n "$stopping" ]]; then
    echo "stopped after $((SECONDS - started)) s; run it again to go on" >&2
    exit 75
  fi
  [[ -z "$failed" ]] || exit 13
}

run_all base
# shellcheck disable=SC2086
run_all $METHODS
runs=()
for method in $METHODS; do
  for seed in $SEEDS; do runs+=("$WORKDIR/${method}_seed$seed"); done
done
list="$(IFS=,; echo "${runs[*]}")"
"$python" -m kpo_jax.main --mode=report --runs="$list" --workdir="$WORKDIR/report"
echo "study: ${#runs[@]} runs and their base policies, $(((SECONDS - started + 59) / 60)) min of this call" >&2
if [ "${PUBLISH:-0}" = 1 ]; then
  mkdir -p configs/results
  for figure in "$WORKDIR"/report/*.png; do cp "$figure" "configs/results/study_$(basename "$figure")"; done
  cp "$WORKDIR/report/report.html" configs/results/study.html
  mkdir -p docs
  sed 's#\](\([a-z0-9_]*\.png\))#](../configs/results/study_\1)#' "$WORKDIR/report/report.md" > docs/report.md
  printf '\nPublished %s at commit %s, on %s CPU cores.\n' "$(date -u +%F)" \
    "$(git rev-parse --short HEAD 2>/dev/null || echo 'not recorded')" "${#cores[@]}" >> docs/report.md
  echo "published docs/report.md and configs/results/study*, $(cat docs/report.md configs/results/study* | wc -c) bytes" >&2
fi
