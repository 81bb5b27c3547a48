#!/usr/bin/env bash
# The study on one CPU machine: every method from one base policy per seed on chains of sums (configs/study.py), then the report:
# WORKDIR/report/report.html, report.md and figures. Run it again to go on where it stopped; finished runs are not repeated.
# Arguments go to the entry point of every run, e.g. --config.num_steps=2.
# Settings: JOBS (runs side by side, one core each; default 2), SEEDS (default "0 1 2"), METHODS (default: all of the study but those with _fast at their end, see configs/study.py),
#   TRACED (methods whose first seed records traces for the report's viewer), WORKDIR (default runs/study),
#   PUBLISH=1 (also write docs/report.md and configs/results/study* from the report, when all runs are finished).
# Exit codes: 0 done, 64 usage, 75 stopped and saved (run it again), 13 a run failed (its log says why; the others were finished).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
JOBS="${JOBS:-2}"
SEEDS="${SEEDS:-0 1 2}"
METHODS="${METHODS:-grpo gspo kpo_strong kpo_weak is_kpo_weak opt0 opt1 is_kpo_calibrated is_kpo_running_mean kpo_released kpo_weak_wide grpo_narrow}"
TRACED="${TRACED-grpo gspo kpo_strong kpo_weak is_kpo_weak is_kpo_calibrated is_kpo_running_mean}"
WORKDIR="${WORKDIR:-runs/study}"
case "$JOBS" in ''|*[!0-9]*|0*) echo "error: JOBS: '$JOBS' is not a number of runs from 1 on" >&2; exit 64 ;; esac
bash launch/setup.sh
python="${VENV:-.venv}/bin/python"
mkdir -p "$WORKDIR"
export JAX_PLATFORMS=cpu
first_seed="${SEEDS%% *}"
started=$SECONDS
cores="$(getconf _NPROCESSORS_ONLN)"
pids=(); names=()
for ((slot = 0; slot < JOBS; slot++)); do pids[slot]=""; names[slot]=""; done
failed=0; stopping=0

stop() { # the runs save and leave with 75
  stopping=1
  for pid in "${pids[@]}"; do [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || true; done
}
trap stop TERM INT

run_one() { # slot name arguments...
  local slot="$1" name="$2" pin=(); shift 2
  if command -v taskset > /dev/null; then pin=(taskset -c "$((slot % cores))"); fi
  exec ${pin[@]+"${pin[@]}"} "$python" -m kpo_jax.main --mode=train --workdir="$WORKDIR/$name" "$@" > "$WORKDIR/$name.log" 2>&1
}

reap() { # note how the run in a slot ended
  local slot="$1" code=0
  wait "${pids[slot]}" || code=$?
  local name="${names[slot]}" seconds=$((SECONDS - begun[slot]))
  pids[slot]=""
  if [ "$code" = 0 ]; then
    printf '%s\n' "${wanted[slot]}" > "$WORKDIR/$name/finished"
    echo "$name: done in $seconds s" >&2
  else
    echo "$name: exit code $code after $seconds s, see $WORKDIR/$name.log" >&2
    [ "$code" = 75 ] || failed=1
  fi
}

begun=(); wanted=()
start() { # name arguments...: run it in the next free slot, unless it is finished
  local name="$1" slot; shift
  local want="$*"
  if [ "$(cat "$WORKDIR/$name/finished" 2>/dev/null)" = "$want" ]; then return; fi
  while [ "$stopping" = 0 ]; do
    for ((slot = 0; slot < JOBS; slot++)); do
      if [ -n "${pids[slot]}" ] && ! kill -0 "${pids[slot]}" 2>/dev/null; then reap "$slot"; fi
      if [ -z "${pids[slot]}" ]; then
        run_one "$slot" "$name" "$@" &
        pids[slot]=$!; names[slot]="$name"; begun[slot]=$SECONDS; wanted[slot]="$want"
        return
      fi
    done
    sleep 0.2 &
    wait $! || true # a signal ends the wait, not the sleep
  done
}

finish() { # wait for everything that runs
  local slot
  for ((slot = 0; slot < JOBS; slot++)); do
    if [ -n "${pids[slot]}" ]; then
      while kill -0 "${pids[slot]}" 2>/dev/null; do sleep 0.2 & wait $! || true; done
      reap "$slot"
    fi
  done
  if [ "$stopping" = 1 ]; then echo "stopped after $((SECONDS - started)) s; run it again to go on" >&2; exit 75; fi
}

runs=()
for seed in $SEEDS; do start "base_seed$seed" --config=configs/study.py:base --config.seed="$seed" "$@" --config.num_steps=0; done
finish
if [ "$failed" = 1 ]; then exit 13; fi
for seed in $SEEDS; do
  for method in $METHODS; do
    trace=()
    case " $TRACED " in *" $method "*) if [ "$seed" = "$first_seed" ]; then trace=(--config.trace.every=8 --config.trace.max_bytes=8000000); fi ;; esac
    start "${method}_seed$seed" --config="configs/study.py:$method" --config.seed="$seed" ${trace[@]+"${trace[@]}"} "$@" \
      --config.warm_start.num_steps=0 --config.init_from="$WORKDIR/base_seed$seed"
  done
done
finish
if [ "$failed" = 1 ]; then exit 13; fi
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
    "$(git rev-parse --short HEAD 2>/dev/null || echo 'not recorded')" "$cores" >> docs/report.md
  echo "published docs/report.md and configs/results/study*, $(cat docs/report.md configs/results/study* | wc -c) bytes" >&2
fi
