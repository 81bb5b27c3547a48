#!/usr/bin/env bash
# Run the entry point as N processes on this machine, as one group: when one fails all end; preempted (75) starts again, crashed
# (13 and signals) starts again a bounded number of times, usage errors (64) never.
#
#   bash launch/local.sh --processes=2 --cpu_devices=4 -- --config=configs/tiny.py:kpo_strong --workdir=runs/two
#   bash launch/local.sh --processes=8 --gpus=8 -- --config=configs/qwen3_4b_dapo.py --workdir=runs/node
#
# Options, before the --:
#   --processes=N      default 1
#   --cpu_devices=N    CPU devices of each process
#   --gpus=N           of this machine, or the first N of those in CUDA_VISIBLE_DEVICES, split evenly over the processes
#   --port=N           of the coordinator on 127.0.0.1; default: a free one at each start
#   --max_restarts=N   after crashes; default 3
#   --grace=SECONDS    that the others have to save when one was preempted; default 120
#   --logs=DIR         process_I.log of each; default logs. Process 0 speaks at the terminal too
#   --dry_run          print the commands and stop
# Relative paths are below the repository, wherever this is called.
# Settings: VENV (default .venv); GLIBC_TUNABLES, set to huge pages on a CPU unless it is set; KPO_XLA_FLAGS=off: on a GPU, do not put
# the flags of launch/flags_gpu.txt in front of those in XLA_FLAGS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh

processes=1 cpu_devices="" gpus="" fixed_port="" max_restarts=3 grace=120 logs=logs dry_run=""
while (($#)) && [[ "$1" != -- ]]; do
  case "$1" in
    --processes=*) processes="${1#*=}" ;;
    --cpu_devices=*) cpu_devices="${1#*=}" ;;
    --gpus=*) gpus="${1#*=}" ;;
    --port=*) fixed_port="${1#*=}" ;;
    --max_restarts=*) max_restarts="${1#*=}" ;;
    --grace=*) grace="${1#*=}" ;;
    --logs=*) logs="${1#*=}" ;;
    --dry_run) dry_run=1 ;;
    *) usage_error "no option of launch/local.sh; arguments of the entry point follow --" "$1" ;;
  esac
  shift
done
(($#)) || usage_error "no --: the arguments of the entry point follow it"
shift
need_number --processes "$processes" 1
[[ -z "$cpu_devices" ]] || need_number --cpu_devices "$cpu_devices" 1
[[ -z "$fixed_port" ]] || need_number --port "$fixed_port" 1
need_number --max_restarts "$max_restarts" 0
need_number --grace "$grace" 0
[[ -n "$logs" ]] || usage_error "--logs: empty"
if [[ -n "$gpus" ]]; then
  need_number --gpus "$gpus" 1
  ((gpus % processes == 0)) || usage_error "--gpus: $gpus cannot be split evenly over $processes processes"
  [[ -z "$cpu_devices" ]] || usage_error "--gpus: not with --cpu_devices"
  IFS=, read -r -a cards <<< "${CUDA_VISIBLE_DEVICES-$(seq -s, 0 $((gpus - 1)))}"
  ((${#cards[@]} >= gpus)) || usage_error "--gpus: $gpus are more than in CUDA_VISIBLE_DEVICES='$CUDA_VISIBLE_DEVICES'"
fi
find_python
if [[ -n "$cpu_devices" ]]; then
  JAX_PLATFORMS=cpu platform_settings
else
  platform_settings
fi
command=("$python" -u -m kpo_jax.main ${cpu_devices:+"--cpu_devices=$cpu_devices"} "$@")

new_attempt() {
  port="${fixed_port:-$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}"
}

# contract I: the assignments of process I, in the array `contract`.
contract() {
  contract=("KPO_COORDINATOR=127.0.0.1:$port" "KPO_NUM_PROCESSES=$processes" "KPO_PROCESS_ID=$1")
  if [[ -n "$gpus" ]]; then
    local each=$((gpus / processes)) IFS=,
    contract+=("CUDA_VISIBLE_DEVICES=${cards[*]:$1 * each:each}")
  fi
}

start_process() {
  contract "$1"
  export "${contract[@]}"
  local log="$logs/process_$1.log"
  if [[ "$1" == 0 ]]; then
    exec "${command[@]}" > >(exec tee -a "$log") 2> >(exec tee -a "$log" >&2)
  else
    exec "${command[@]}" >> "$log" 2>&1
  fi
}

stop_process() {
  stop_local "$@"
}

if [[ -n "$dry_run" ]]; then
  new_attempt
  settings_shown
  for ((i = 0; i < processes; i++)); do
    contract "$i"
    print_command env "${contract[@]}" "${settings[@]}" "${command[@]}"
  done
  exit 0
fi
mkdir -p "$logs"
supervise "$processes" "$max_restarts" "$grace"
