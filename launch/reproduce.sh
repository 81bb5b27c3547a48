#!/usr/bin/env bash
# A study on one CPU machine (configs/STUDY.py): every method from one base policy, on chains of sums one per seed, then the report:
# WORKDIR/report/report.html, report.md, figures, and runs.jsonl, every run in a line. Run it again to go on where it stopped; finished
# runs are not repeated.
#
#   bash launch/reproduce.sh [--jobs=N] [argument of the entry point, for every run, e.g. --config.num_steps=2]...
#
# --jobs=N runs side by side, by default as many as there are cores. Each is pinned to one core, whatever N is, and has one thread:
# more would round otherwise. WORKDIR/RUN.log is what a run says.
# Settings: STUDY (study, the default; confirm: docs/protocol.md; smollm2_worked: docs/protocol_smollm2.md), SEEDS, METHODS (both by
#   default those of the study, whose configuration knows more names), TRACED (methods whose first seed records traces for the report's
#   viewer), CONTRASTS (what is asked over seeds), WORKDIR (default runs/STUDY), KEPT=1 (no run: the report from
#   configs/results/STUDY.jsonl, the summaries of published runs), BESIDE (a file of summaries, such as runs.jsonl of other seeds from a
#   machine that is gone, that take part in what is asked), PUBLISH=1 (also write these summaries and the page of the report,
#   docs/report.md or docs/report_STUDY.md, when all runs are finished; with KEPT=1 the page alone, from the summaries that are there).
# Relative paths are below the repository, wherever this is called.
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
STUDY="${STUDY:-study}"
case "$STUDY" in
  study)
    its_seeds="0 1 2" its_contrasts=""
    its_methods="grpo gspo kpo_strong kpo_weak is_kpo_weak opt0 opt1 is_kpo_calibrated is_kpo_running_mean kpo_released kpo_weak_wide grpo_narrow"
    its_traced="grpo gspo kpo_strong kpo_weak is_kpo_weak is_kpo_calibrated is_kpo_running_mean"
    ;;
  confirm)
    its_seeds="$(seq -s ' ' 100 117)"
    its_methods="ratio_one ratio_one_twin grpo gspo kpo_strong kpo_weak kpo_weak_same_rate kpo_match_weak kpo_weak_wide"
    its_methods+=" kpo_weak_scaled kpo_strong_scaled grpo_scaled random_drop is_deviation is_kpo_quantile"
    its_methods+=" ratio_one_stale grpo_stale kpo_weak_stale is_deviation_stale is_kpo_quantile_stale"
    its_methods+=" kpo_weak_scaled_stale grpo_scaled_stale"
    its_traced="ratio_one kpo_weak ratio_one_stale"
    its_contrasts="kpo_weak<ratio_one,kpo_weak_wide=ratio_one,is_deviation>kpo_weak,is_deviation_stale>ratio_one_stale"
    its_contrasts+=",random_drop>kpo_weak,kpo_weak_scaled>ratio_one,is_kpo_quantile>kpo_weak,is_kpo_quantile_stale>ratio_one_stale"
    its_contrasts+=",is_kpo_quantile_stale>kpo_weak_stale,kpo_weak_same_rate<ratio_one"
    its_contrasts+=",kpo_weak_scaled_stale>ratio_one_stale,kpo_weak_scaled>grpo_scaled,kpo_weak_scaled_stale>grpo_scaled_stale"
    its_contrasts+=",kpo_strong_scaled=kpo_weak_scaled,grpo_scaled_stale>grpo_stale"
    ;;
  smollm2_worked)
    its_seeds="$(seq -s ' ' 100 104)"
    its_methods="ratio_one ratio_one_twin kpo_weak kpo_weak_same_rate is_kpo_quantile kpo_weak_scaled"
    its_traced=""
    its_contrasts="kpo_weak<ratio_one,is_kpo_quantile>kpo_weak,is_kpo_quantile>ratio_one,kpo_weak_scaled>ratio_one"
    its_contrasts+=",kpo_weak_same_rate<ratio_one"
    ;;
  *) usage_error "STUDY: '$STUDY' is not one of study, confirm, smollm2_worked" ;;
esac
SEEDS="${SEEDS:-$its_seeds}"
METHODS="${METHODS:-$its_methods}"
TRACED="${TRACED-$its_traced}"
CONTRASTS="${CONTRASTS-$its_contrasts}"
WORKDIR="${WORKDIR:-runs/$STUDY}"
[[ "$WORKDIR" != *://* ]] || usage_error "WORKDIR: '$WORKDIR' is not a directory of this machine"
kept="configs/results/$STUDY.jsonl"
if [[ -n "${BESIDE:-}" ]]; then
  if [[ ! -f "$BESIDE" || "$BESIDE" != *.jsonl ]]; then usage_error "BESIDE: '$BESIDE' is not a file of summaries, .jsonl"; fi
  if [ "${KEPT:-0}" = 1 ]; then usage_error "BESIDE: KEPT=1 reports on $kept alone"; fi
  if [[ "${PUBLISH:-0}" = 1 && "$BESIDE" -ef "$kept" ]]; then usage_error "BESIDE: PUBLISH=1 writes $kept; copy it first"; fi
fi
bash launch/setup.sh
python="${VENV:-.venv}/bin/python"
mkdir -p "$WORKDIR"
export JAX_PLATFORMS=cpu
started=$SECONDS
arguments=("$@")

# describe METHOD SEED: the arguments of a run in the array `described`.
describe() {
  described=("--config=configs/$STUDY.py:$1" "--config.seed=$2")
  if [[ "$1" == base ]]; then
    described+=("${arguments[@]}" --config.num_steps=0)
    return
  fi
  if [[ " $TRACED " == *" $1 "* && "$2" == "${SEEDS%%[[:space:]]*}" ]]; then
    described+=(--config.trace.every=8 --config.trace.max_bytes=8000000)
  fi
  described+=("${arguments[@]}")
  if [[ -n "$model" ]]; then # what all seeds begin with
    described+=("--config.pretrained=$model" "--config.tokenizer=$model")
  else
    described+=(--config.warm_start.num_steps=0 "--config.init_from=$WORKDIR/base_seed$2")
  fi
}

start_run() {
  describe "${methods[$1]}" "${seeds[$1]}"
  exec "$python" -m kpo_jax.main --mode=train --workdir="$WORKDIR/${names[$1]}" "${described[@]}"
}

run_ended() {
  if [[ "$2" == 0 ]]; then
    describe "${methods[$1]}" "${seeds[$1]}"
    mark_finished "$WORKDIR/${names[$1]}" "${described[*]}"
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
    tell "stopped after $((SECONDS - started)) s; run it again to go on"
    exit 75
  fi
  [[ -z "$failed" ]] || exit 13
}

# report_on RUNS OUT: the report on these, workdirs or a file of summaries, in the folder OUT.
report_on() {
  "$python" -m kpo_jax.main --mode=report --runs="$1" ${CONTRASTS:+"--contrasts=$CONTRASTS"} --workdir="$2"
}

# publish FOLDER PAGE: the report in FOLDER as a page, its figures beside the summaries.
publish() {
  local figure
  for figure in "$1"/*.png; do cp "$figure" "configs/results/${STUDY}_$(basename "$figure")"; done
  sed "s#\](\([a-z0-9_]*\.png\))#](../configs/results/${STUDY}_\1)#" "$1/report.md" > "$2"
  printf '\nPublished %s at commit %s, on %s CPU cores.\n' "$(date -u +%F)" \
    "$(git rev-parse --short HEAD 2>/dev/null || echo 'not recorded')" "${#cores[@]}" >> "$2"
  echo "published $2 and configs/results/$STUDY*, $(cat "$2" configs/results/"$STUDY"* | wc -c) bytes" >&2
}

if [ "${KEPT:-0}" = 1 ]; then
  report_on "$kept" "$WORKDIR/kept"
  if [ "${PUBLISH:-0}" = 1 ]; then publish "$WORKDIR/kept" "docs/report_$STUDY.md"; fi
  exit
fi
model=""
if [[ "$STUDY" == smollm2_worked ]]; then find_smollm2; else run_all base; fi
# shellcheck disable=SC2086
run_all $METHODS
runs=()
for method in $METHODS; do
  for seed in $SEEDS; do runs+=("$WORKDIR/${method}_seed$seed"); done
done
report_on "$(IFS=,; echo "${runs[*]}")${BESIDE:+,$BESIDE}" "$WORKDIR/report"
echo "$STUDY: ${#runs[@]} runs and their base policies, $(((SECONDS - started + 59) / 60)) min of this call" >&2
if [ "${PUBLISH:-0}" = 1 ]; then
  mkdir -p configs/results docs
  cp "$WORKDIR/report/runs.jsonl" "$kept"
  if [[ -n "$CONTRASTS" ]]; then # answered from the summaries, which anyone has
    report_on "$kept" "$WORKDIR/kept"
    publish "$WORKDIR/kept" "docs/report_$STUDY.md"
  else
    cp "$WORKDIR/report/report.html" "configs/results/$STUDY.html"
    publish "$WORKDIR/report" docs/report.md
  fi
fi
