#!/usr/bin/env bash
# Train methods x seeds x values of fields, one run after the other, and report on all of them. Run it again to go on: finished runs
# are skipped, an unfinished one resumes.
#
#   bash launch/sweep.sh --config=configs/tiny.py --methods=grpo,kpo_strong --seeds=0,1,2 --out=runs/sweep \
#     --vary=learner.learning_rate=1e-5,1e-4 -- --config.num_steps=16
#
# Options, before the --, after which arguments for every run may follow:
#   --config=FILE          without :method
#   --methods=A,B          names in kpo_jax/algorithm/methods.py
#   --seeds=0,1            default 0
#   --vary=FIELD=A,B       a field of the configuration and its values; may be given again: every combination is run
#   --shared_base          all runs of a seed begin with the policy of its first run after the warm start, which they do without
#   --out=DIR              OUT/METHOD[_FIELD=VALUE...]_SEED are the runs, OUT/report compares those that finished
#   --processes=N --cpu_devices=N --gpus=N --max_restarts=N   of each run, see launch/local.sh; default 1 restart
#   --dry_run              print the commands and stop
# Exit code: 0 all finished; 75 preempted, run again; 64 or 13 if a run ended so, after the others have run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh

config="" methods="" seeds=0 out="" shared="" dry_run="" vary=() local_options=(--max_restarts=1)
while (($#)) && [[ "$1" != -- ]]; do
  case "$1" in
    --config=*) config="${1#*=}" ;;
    --methods=*) methods="${1#*=}" ;;
    --seeds=*) seeds="${1#*=}" ;;
    --vary=*) vary+=("${1#*=}") ;;
    --out=*) out="${1#*=}" ;;
    --shared_base) shared=1 ;;
    --processes=* | --cpu_devices=* | --gpus=* | --max_restarts=*) local_options+=("$1") ;;
    --dry_run) dry_run=1 ;;
    *) usage_error "no option of launch/sweep.sh; arguments for every run follow --" "$1" ;;
  esac
  shift
done
[[ "${1:---}" == -- ]] && shift $(($# > 0))
[[ -f "$config" ]] || usage_error "--config: no file '$config'"
[[ -n "$methods" ]] || usage_error "--methods: required, e.g. --methods=grpo,kpo_strong"
[[ -n "$out" ]] || usage_error "--out: required, the directory of the runs"
find_python
cpu_settings

# split NAME TEXT: the parts of a comma-separated list, none of them empty or given twice, in the array `parts`.
split() {
  IFS=, read -r -a parts <<< "$2"
  [[ -n "$2" && "$2" != *, ]] || usage_error "$1: '$2' is not a list A,B,C"
  local part seen=","
  for part in "${parts[@]}"; do
    [[ -n "$part" && "$seen" != *",$part,"* ]] || usage_error "$1: '$2' has an empty part or one twice"
    seen+="$part,"
  done
}

split --seeds "$seeds"
seed_list=("${parts[@]}")
for seed in "${seed_list[@]}"; do need_number --seeds "$seed" 0; done
split --methods "$methods"
method_list=("${parts[@]}")
for method in "${method_list[@]}"; do need_name --methods "$method"; done
# every combination of values, as lines of "field=value" separated by tabs
combinations=("")
for item in "${vary[@]}"; do
  field="${item%%=*}"
  [[ "$item" == *=* && "$field" =~ ^[a-z][a-z0-9_.]*$ ]] || usage_error "--vary: '$item' is not FIELD=A,B"
  split --vary "${item#*=}"
  longer=()
  for combination in "${combinations[@]}"; do
    for value in "${parts[@]}"; do
      need_name "--vary: $field" "$value"
      longer+=("$combination${combination:+$'\t'}$field=$value")
    done
  done
  combinations=("${longer[@]}")
done

# describe METHOD COMBINATION SEED: the run's directory in $workdir and its command in the array `command`.
describe() {
  local assignments assignment label="$1"
  IFS=$'\t' read -r -a assignments <<< "$2"
  for assignment in "${assignments[@]}"; do
    label+="_$assignment"
  done
  workdir="$out/${label}_$3"
  command=(bash launch/local.sh "${local_options[@]}" "--logs=$workdir/logs" -- --mode=train "--config=$config:$1"
    "--workdir=$workdir" "--config.seed=$3" "${assignments[@]/#/--config.}" "${arguments[@]}")
  if [[ -n "$shared" && -z "${base[$3]:-}" ]]; then
    base[$3]="$workdir"
  elif [[ -n "$shared" ]]; then
    command+=("--config.init_from=${base[$3]}" --config.warm_start.num_steps=0)
  fi
}

arguments=("$@") base=() finished=() failed=() summary=() worst=0
for seed in "${seed_list[@]}"; do
  for combination in "${combinations[@]}"; do
    for method in "${method_list[@]}"; do
      describe "$method" "$combination" "$seed"
      if [[ -n "$dry_run" ]]; then
        print_command "${command[@]}"
        continue
      fi
      mark="$workdir/finished" key="$(printf '%s\0' "${command[@]}" | cksum)" code=0
      if [[ "$(cat "$mark" 2> /dev/null)" == "$key" ]]; then
        summary+=("finished before  $workdir")
        finished+=("$workdir")
        continue
      fi
      echo "run $workdir" >&2
      "${command[@]}" >&2 &
      child=$!
      trap 'kill -TERM $child' TERM INT
      wait "$child" || code=$?
      while kill -0 "$child" 2> /dev/null; do wait "$child" || code=$?; done # a signal ends the first wait
      trap - TERM INT
      if ((code == 75 || code > 128)); then
        echo "preempted in $workdir; the same command goes on" >&2
        exit 75
      elif ((code == 0)); then
        echo "$key" > "$mark"
        summary+=("finished         $workdir")
        finished+=("$workdir")
      else
        summary+=("exit code $code     $workdir")
        failed+=("$workdir")
        worst="$(worse "$worst" "$code")"
      fi
    done
  done
done
[[ -z "$dry_run" ]] || exit 0
if ((${#finished[@]})); then
  "$python" -m kpo_jax.main --mode=report "--runs=$(
    IFS=,
    echo "${finished[*]}"
  )" "--workdir=$out/report"
fi
printf '%s\n' "${summary[@]}"
echo "${#finished[@]} finished, ${#failed[@]} failed"
exit "$worst"
