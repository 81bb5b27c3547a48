#!/usr/bin/env bash
# Train methods x seeds x values of fields, one run after the other or several side by side, and report on all of them. Run it again
# to go on: finished runs are skipped, an unfinished one resumes.
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
#   --jobs=N               runs side by side, default 1. From 2 on each has one core to itself while there are so many (taskset), one
#                          thread and one process; what it says goes to OUT/RUN.log. With --shared_base those of a seed wait for the
#                          end of its first run
#   --processes=N --cpu_devices=N --gpus=N --max_restarts=N   of each run, see launch/local.sh; default 1 restart
#   --dry_run              print the commands and stop
# Relative paths are below the repository, wherever this is called.
# Exit code: 0 all finished; 75 preempted, run again; 64 or 13 if a run ended so, after the others have run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh

config="" methods="" seeds=0 out="" jobs=1 shared="" dry_run="" vary=() local_options=(--max_restarts=1)
while (($#)) && [[ "$1" != -- ]]; do
  case "$1" in
    --config=*) config="${1#*=}" ;;
    --methods=*) methods="${1#*=}" ;;
    --seeds=*) seeds="${1#*=}" ;;
    --vary=*) vary+=("${1#*=}") ;;
    --out=*) out="${1#*=}" ;;
    --jobs=*) jobs="${1#*=}" ;;
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
[[ "$out" != *://* ]] || usage_error "--out: '$out' is not a directory of this machine"
need_number --jobs "$jobs" 1
for option in "${local_options[@]}"; do
  if ((jobs > 1)) && [[ "$option" =~ ^--(processes|cpu_devices|gpus)= && "${option#*=}" != 1 ]]; then
    usage_error "not with --jobs=$jobs, where a run has one core" "$option"
  fi
done
find_python

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
  if [[ -n "$shared" && "$field" =~ ^(warm_start\.|init_from$) ]]; then
    usage_error "--vary: $field: not with --shared_base, where all runs of a seed begin alike"
  fi
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

arguments=("$@") names=() logs=() needs=() method_of=() combination_of=() seed_of=() first=()
for seed in "${seed_list[@]}"; do
  for combination in "${combinations[@]}"; do
    for method in "${method_list[@]}"; do
      run=${#names[@]}
      names+=("$out/$method${combination:+_${combination//$'\t'/_}}_$seed")
      method_of+=("$method") combination_of+=("$combination") seed_of+=("$seed")
      if [[ -n "$shared" && -n "${first[seed]:-}" ]]; then
        needs[run]="${first[seed]}"
      fi
      : "${first[seed]:=$run}"
    done
  done
done

# describe RUN: its command in the array `command`; names[RUN] is its workdir.
describe() {
  local workdir="${names[$1]}" assignments
  IFS=$'\t' read -r -a assignments <<< "${combination_of[$1]}"
  command=(bash launch/local.sh "${local_options[@]}" "--logs=$workdir/logs" -- --mode=train "--config=$config:${method_of[$1]}"
    "--workdir=$workdir" "--config.seed=${seed_of[$1]}" "${assignments[@]/#/--config.}" "${arguments[@]}")
  if [[ -n "${needs[$1]:-}" ]]; then
    command+=("--config.init_from=${names[needs[$1]]}" --config.warm_start.num_steps=0)
  fi
}

if [[ -n "$dry_run" ]]; then
  for run in "${!names[@]}"; do
    describe "$run"
    print_command "${command[@]}"
  done
  exit 0
fi

start_run() {
  describe "$1"
  exec "${command[@]}"
}

run_ended() {
  ends[$1]="$2"
  [[ "$2" != 0 ]] || mark_finished "${names[$1]}" "${keys[$1]}"
}

mkdir -p "$out"
keys=() ends=() left=()
for run in "${!names[@]}"; do
  describe "$run"
  keys+=("$({ printf '%s\0' "${command[@]}" && cat "$config"; } | cksum)")
  if ((jobs == 1)); then
    logs+=("")
  else
    logs+=("${names[run]}.log")
  fi
  if [[ "$(cat "${names[run]}/finished" 2> /dev/null)" == "${keys[run]}" ]]; then
    ends[run]=before
  else
    left+=("$run")
  fi
done
cores=()
((jobs == 1)) || find_cores
side_by_side "$jobs" "${left[@]}"
if [[ -n "$stopping" ]]; then
  tell "preempted; the same command goes on"
  exit 75
fi

finished=() summary=() worst=0
for run in "${!names[@]}"; do
  case "${ends[run]}" in
    before) summary+=("finished before  ${names[run]}") ;;
    0) summary+=("finished         ${names[run]}") ;;
    *)
      summary+=("exit code ${ends[run]}     ${names[run]}")
      worst="$(worse "$worst" "${ends[run]}")"
      continue
      ;;
  esac
  finished+=("${names[run]}")
done
if ((${#finished[@]})); then
  "$python" -m kpo_jax.main --mode=report "--runs=$(
    IFS=,
    echo "${finished[*]}"
  )" "--workdir=$out/report"
fi
printf '%s\n' "${summary[@]}"
echo "${#finished[@]} finished, $((${#names[@]} - ${#finished[@]})) failed"
exit "$worst"
