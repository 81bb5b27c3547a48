#!/usr/bin/env bash
# Run the entry point on every worker of a TPU VM (a single host or a pod slice) over ssh, as one group: when one fails all end;
# preempted (75) starts again, crashed starts again a bounded number of times, usage errors (64) never. Needs gcloud, logged in.
#
#   bash launch/tpu_pod.sh --name=pod --zone=us-east5-a -- --config=configs/qwen3_4b_dapo.py --workdir=/mnt/shared/run
#
# The repository, with its environment (bash launch/setup.sh; launch/requirements-tpu.txt), is in --directory on every worker, and the
# workdir is on a file system that all share.
# Options, before the --:
#   --name=NAME --zone=ZONE    of the TPU VM
#   --project=NAME             default: gcloud's
#   --directory=DIR            on the workers, below the home; default kpo_jax
#   --port=N                   of the coordinator on worker 0's internal address; default 8476
#   --max_restarts=N           after crashes; default 3
#   --grace=SECONDS            that the others have to save when one was preempted; default 300
#   --logs=DIR                 worker_I.log of each, here; default logs. Worker 0 speaks at the terminal too
#   --dry_run                  print the commands and stop; asks nothing of gcloud, so the internal address is ADDRESS_OF_WORKER_0
#   --workers=N                with --dry_run: how many; default 1
# Settings: VENV, the environment on the workers (default .venv).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=launch/lib.sh
source launch/lib.sh

name="" zone="" project="" directory=kpo_jax port=8476 max_restarts=3 grace=300 logs=logs dry_run="" workers=""
while (($#)) && [[ "$1" != -- ]]; do
  case "$1" in
    --name=*) name="${1#*=}" ;;
    --zone=*) zone="${1#*=}" ;;
    --project=*) project="${1#*=}" ;;
    --directory=*) directory="${1#*=}" ;;
    --port=*) port="${1#*=}" ;;
    --max_restarts=*) max_restarts="${1#*=}" ;;
    --grace=*) grace="${1#*=}" ;;
    --logs=*) logs="${1#*=}" ;;
    --workers=*) workers="${1#*=}" ;;
    --dry_run) dry_run=1 ;;
    *) usage_error "no option of launch/tpu_pod.sh; arguments of the entry point follow --" "$1" ;;
  esac
  shift
done
(($#)) || usage_error "no --: the arguments of the entry point follow it"
shift
need_name --name "$name"
need_name --zone "$zone"
[[ -z "$project" ]] || need_name --project "$project"
[[ "$directory" =~ ^[A-Za-z0-9_./-]+$ ]] || usage_error "--directory: '$directory' is not a path of letters, digits and _ . / -"
need_number --port "$port" 1
need_number --max_restarts "$max_restarts" 0
need_number --grace "$grace" 0
[[ -n "$logs" ]] || usage_error "--logs: empty"
[[ -z "$workers" ]] || need_number --workers "$workers" 1
[[ -n "$dry_run" || -z "$workers" ]] || usage_error "--workers: legal with --dry_run alone; gcloud knows how many there are"
[[ -n "$dry_run" ]] || command -v gcloud > /dev/null || usage_error "no gcloud on the PATH"
where=("--zone=$zone" ${project:+"--project=$project"})

# remote I: the command line that worker I runs, in $remote. Its last line carries the exit code, which ssh need not.
remote() {
  local command
  printf -v command ' %q' "${VENV:-.venv}/bin/python" -u -m kpo_jax.main "${arguments[@]}"
  remote="cd $directory && { KPO_COORDINATOR=$coordinator KPO_NUM_PROCESSES=$workers KPO_PROCESS_ID=$1$command & }"
  remote+=' && echo $! > .kpo_pid; wait $!; echo "kpo_jax exit $?"'
}

new_attempt() { :; }

# The log of an attempt is the worker's whole output; its exit code is taken from there.
start_process() {
  local log="$logs/worker_$1.log" part code
  part="$(mktemp)"
  remote "$1"
  trap '' TERM # the worker is told by stop_process, and this side waits for what it says
  gcloud compute tpus tpu-vm ssh "$name" "${where[@]}" "--worker=$1" "--command=$remote" < /dev/null 2>&1 | tee "$part" \
    | if [[ "$1" == 0 ]]; then tee -a "$log"; else cat >> "$log"; fi || true
  code="$(sed -n 's/^kpo_jax exit \([0-9]*\)\r\{0,1\}$/\1/p' "$part" | tail -n 1)"
  rm -f "$part"
  exit "${code:-13}" # none where the connection broke
}

stop_process() {
  local pid="\"\$(cat $directory/.kpo_pid)\"" command
  command="kill -s $2 $pid"
  # until it is gone, or it might meet the next attempt
  [[ "$2" != KILL ]] || command+="; timeout 30 tail --pid=$pid -f /dev/null"
  gcloud compute tpus tpu-vm ssh "$name" "${where[@]}" "--worker=$1" "--command=$command" < /dev/null > /dev/null 2>&1 &
  if [[ "$2" == KILL ]]; then
    wait $! || true
    stop_local "$@"
  fi
}

arguments=("$@")
if [[ -n "$dry_run" ]]; then
  workers="${workers:-1}" coordinator="ADDRESS_OF_WORKER_0:$port"
  mapfile -d '' -t arguments < <(masked "$@")
  for ((i = 0; i < workers; i++)); do
    remote "$i"
    print_command gcloud compute tpus tpu-vm ssh "$name" "${where[@]}" "--worker=$i" "--command=$remote"
  done
  exit 0
fi
addresses="$(gcloud compute tpus tpu-vm describe "$name" "${where[@]}" '--format=value(networkEndpoints[].ipAddress)')" \
  || usage_error "gcloud does not describe the TPU VM $name in $zone"
IFS=';,' read -r -a addresses <<< "$addresses"
workers="${#addresses[@]}" coordinator="${addresses[0]}:$port"
echo "$workers worker(s), coordinator $coordinator" >&2
mkdir -p "$logs"
supervise "$workers" "$max_restarts" "$grace"
