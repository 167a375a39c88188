#!/usr/bin/env bash
# mini-slurm.sh {start|stop|status|env|kill-node NAME|kill-daemon NAME|start-node NAME}
# A throw-away Slurm cluster on this host's loopback, for the tests of `runner submit`: one slurmctld and several slurmd
# of the Debian packages slurm-wlm and munge. No systemd, no cgroups, no slurmdbd. Needs root.
#   MINI_SLURM_DIR    state folder        (default: mini-slurm below $TMPDIR)
#   MINI_SLURM_NODES  number of slurmds   (default 1; >1 runs them side by side)
#   MINI_SLURM_CPUS   CPUs each node says it has (default: nproc; need not be true)
#   MINI_SLURM_MEM    MiB each node says it has  (default 2000)
#   MINI_SLURM_PORT   slurmctld's port; node i listens on PORT+i (default 46817)
#   MINI_SLURM_EXTRA  extra slurm.conf lines
# Signals only processes whose pid it recorded (and checked to be the same program with the same
# config), or slurmstepd processes whose SLURM_CONF is this cluster's.
set -uo pipefail

DIR=${MINI_SLURM_DIR:-${TMPDIR:-/tmp}/mini-slurm}
NODES=${MINI_SLURM_NODES:-1}
CPUS=${MINI_SLURM_CPUS:-$(nproc)}
MEM=${MINI_SLURM_MEM:-2000}
PORT=${MINI_SLURM_PORT:-46817}
CONF=$DIR/slurm.conf
RUN=$DIR/run
LOG=$DIR/log
export SLURM_CONF=$CONF

die() { echo "mini-slurm: $*" >&2; exit 1; }

# alive NAME: is the recorded process still ours?  Pid reuse is ruled out by the kernel start time.
stamp() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
alive() {
    local pid st
    [ -r "$RUN/$1.pid" ] && read -r pid st < "$RUN/$1.pid" || return 1
    [ -n "$pid" ] && [ "$(stamp "$pid")" = "$st" ] && [ "$(sed 's/.*) //' /proc/"$pid"/stat | cut -d' ' -f1)" != Z ]
}
pid_of() { cut -d' ' -f1 "$RUN/$1.pid"; }

# launch NAME CMD...: in its own session, output to a log, pid and start time recorded.
launch() {
    local name=$1; shift
    alive "$name" && return 0
    setsid "$@" >>"$LOG/$name.out" 2>&1 </dev/null &
    local pid=$!
    echo "$pid $(stamp "$pid")" > "$RUN/$name.pid"
    disown "$pid" 2>/dev/null || true
}

# until_ok TENTHS CMD...: poll every 0.1 s
until_ok() {
    local n=$1; shift
    while ! "$@" >/dev/null 2>&1; do n=$((n-1)); [ "$n" -le 0 ] && return 1; sleep 0.1; done
}

quit() { # quit NAME: TERM, then KILL after 5 s
    if alive "$1"; then
        kill -TERM "$(pid_of "$1")" 2>/dev/null
        local n=50
        while alive "$1" && [ $n -gt 0 ]; do sleep 0.1; n=$((n-1)); done
        alive "$1" && kill -KILL "$(pid_of "$1")" 2>/dev/null
    fi
    rm -f "$RUN/$1.pid"
}

write_conf() {
    local host i
    host=$(hostname -s)
    {
        cat <<CONF
ClusterName=mini
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$PORT
# everything as the user who runs this (root here)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
# a requeued job waits cred_expire + 1 s (120 s by default) before it may start again
AuthInfo=socket=$RUN/munge.sock,cred_expire=5
# loopback only
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
# state
StateSaveLocation=$DIR/ctld
SlurmdSpoolDir=$DIR/d-%n
SlurmctldPidFile=$RUN/slurmctld.own
SlurmdPidFile=$RUN/slurmd-%n.own
SlurmctldLogFile=$LOG/slurmctld.log
SlurmdLogFile=$LOG/slurmd-%n.log
# no cgroups, no binding, no mail, no MPI
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
# scheduling
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=2,sched_min_interval=50000,bf_interval=2
MaxArraySize=1001
# fast failure detection, for tests only (300 s is the usual value)
SlurmdTimeout=6
MessageTimeout=5
InactiveLimit=0
KillWait=2
CompleteWait=0
JobRequeue=1
ReturnToService=2
# no slurmdbd; a text file of finished jobs serves "sacct -c"
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$DIR/jobcomp.txt
# nodes: claims are believed, not checked
SlurmdParameters=config_overrides
${MINI_SLURM_EXTRA:-}
CONF
        for ((i=1; i<=NODES; i++)); do
            echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((PORT+i)) CPUs=$CPUS RealMemory=$MEM State=UNKNOWN"
        done
        echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
    } > "$CONF.new"
    mv "$CONF.new" "$CONF"
}

start_munge() {
    alive munged && return 0
    if [ ! -s "$DIR/munge.key" ]; then
        (umask 077; head -c 1024 /dev/urandom > "$DIR/munge.key")
    fi
    rm -f "$RUN/munge.sock" "$RUN/munge.sock.lock"
    launch munged munged -F -f --key-file="$DIR/munge.key" --socket="$RUN/munge.sock" \
        --pid-file="$RUN/munged.own" --log-file="$LOG/munged.log" --seed-file="$DIR/munge.seed" --num-threads=2
    until_ok 50 munge -S "$RUN/munge.sock" -n || die "munged did not answer; see $LOG/munged.log"
}

start_node() {
    ln -sfn slurm.conf "$DIR/$1.conf"
    SLURM_CONF=$DIR/$1.conf launch "slurmd-$1" slurmd -D -N "$1" -f "$DIR/$1.conf"
}

ready() { # every node idle, mixed or allocated, and answering (no * or other mark)
    local s; s=$(timeout 5 sinfo -h -N -o '%T' 2>/dev/null) || return 1
    [ "$(echo "$s" | grep -cxE 'idle|mixed|allocated')" -eq "$(grep -c '^NodeName=' "$CONF")" ]
}

# A step daemon leaves its slurmd's process tree and keeps of its environment only SLURM_CONF, so each
# slurmd gets the one configuration under a name of its own: that tells whose step daemon it is.
stepds() { # stepds [NODE]: pids of this cluster's (that node's) step daemons
    local p exe conf
    for p in /proc/[0-9]*; do
        exe=$(readlink "$p/exe" 2>/dev/null) || continue
        case ${exe##*/} in slurmstepd*) ;; *) continue ;; esac
        conf=$(tr '\0' '\n' 2>/dev/null < "$p/environ" | sed -n 's/^SLURM_CONF=//p' | tail -n1)
        case $conf in "$DIR/${1:-n*}.conf") echo "${p#/proc/}" ;; "$DIR"/n*.conf) [ -z "${1:-}" ] && echo "${p#/proc/}" ;; esac
    done
}
tree() { # pid and all its descendants
    local c; echo "$1"
    for c in $(pgrep -P "$1" 2>/dev/null); do tree "$c"; done
}

case ${1:-} in
start)
    for x in munged munge slurmctld slurmd sinfo; do
        command -v "$x" >/dev/null || die "no $x: apt-get install -y --no-install-recommends slurm-wlm munge"
    done
    mkdir -p "$DIR/ctld" "$RUN" "$LOG"
    # never change the configuration under a daemon that is up: a later "start" without the same
    # MINI_SLURM_* variables must restart what died, not shrink the cluster
    any=; for f in "$RUN"/*.pid; do [ -e "$f" ] && alive "$(basename "$f" .pid)" && any=1; done
    [ -n "$any" ] && [ -s "$CONF" ] || write_conf
    start_munge
    launch slurmctld slurmctld -D -i -f "$CONF"
    for n in $(sed -n 's/^NodeName=\([^ ]*\).*/\1/p' "$CONF"); do
        start_node "$n"
    done
    until_ok 300 ready || { sinfo -N -l >&2; die "nodes not ready; see $LOG"; }
    echo "export SLURM_CONF=$CONF"
    ;;
stop)
    [ -d "$RUN" ] || exit 0
    if alive slurmctld && [ -n "$(timeout 5 squeue -h -o %i 2>/dev/null)" ]; then
        timeout 10 scancel --user="$(id -un)" 2>/dev/null
        n=50; while [ -n "$(timeout 5 squeue -h -o %i 2>/dev/null)" ] && [ $n -gt 0 ]; do sleep 0.1; n=$((n-1)); done
    fi
    for f in "$RUN"/slurmd-*.pid; do [ -e "$f" ] && quit "$(basename "$f" .pid)"; done
    quit slurmctld
    for p in $(stepds); do kill -KILL $(tree "$p") 2>/dev/null || true; done
    quit munged
    ;;
status)
    rc=0
    for name in munged slurmctld $(sed -n 's/^NodeName=\([^ ]*\).*/slurmd-\1/p' "$CONF" 2>/dev/null); do
        if alive "$name"; then echo "$name up, pid $(pid_of "$name")"; else echo "$name down"; rc=1; fi
    done
    [ $rc = 0 ] && timeout 5 sinfo -N -o '%N %T %C'
    exit $rc
    ;;
env) echo "export SLURM_CONF=$CONF" ;;
kill-node) # as if the machine lost power: the daemon, its step daemons and their jobs, all with KILL
    n=${2:?node}
    vict=$(for p in $(stepds "$n"); do tree "$p"; done)
    alive "slurmd-$n" && kill -KILL "$(pid_of "slurmd-$n")"
    [ -n "$vict" ] && kill -KILL $vict 2>/dev/null
    rm -f "$RUN/slurmd-$n.pid"
    ;;
kill-daemon) # only the daemon dies: its jobs go on as orphans
    n=${2:?node}; alive "slurmd-$n" && kill -KILL "$(pid_of "slurmd-$n")"; rm -f "$RUN/slurmd-$n.pid" ;;
start-node)
    n=${2:?node}; start_node "$n" ;;
*) die "usage: mini-slurm.sh {start|stop|status|env|kill-node N|kill-daemon N|start-node N}" ;;
esac
