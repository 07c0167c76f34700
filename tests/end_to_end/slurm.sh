#!/usr/bin/env bash
# Marks a small class through a real Slurm of one node, started here, and compares the gradebook with one marked without it.
# Needs root and Debian's packages slurm-wlm and munge. Run from the project's root: bash tests/end_to_end/slurm.sh
set -euo pipefail
python=${PYTHON:-.venv/bin/python}
work=$(mktemp -d /tmp/slurm-XXXXXX)
chmod 755 "$work"
export SLURM_CONF=$work/slurm.conf OMP_NUM_THREADS=1
trap 'scancel --me 2>/dev/null; kill $(cat "$work"/*.pid) 2>/dev/null; sleep 1; rm -rf "$work"' EXIT

mkdir "$work"/{munge,state,spool}
chown munge: "$work/munge"
dd if=/dev/urandom of="$work/munge.key" bs=128 count=1 status=none
chown munge: "$work/munge.key"
chmod 400 "$work/munge.key"
setpriv --reuid munge --regid munge --clear-groups munged --force --key-file="$work/munge.key" \
    --socket="$work/munge/socket" --pid-file="$work/munge/munged.pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed"
cp "$work/munge/munged.pid" "$work/munged.pid"

host=$(hostname -s)
cat > "$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
SlurmUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP
CONF
slurmctld
slurmd
for _ in $(seq 50); do
    [ "$(sinfo -h -o %T)" = idle ] && break
    sleep 0.2
done
sinfo

PYTHONPATH=. "$python" -c "
import sys
from pathlib import Path
from tests.classroom.support import make_class
make_class(Path(sys.argv[1]), 'ada bob cat dan eve fay', seconds=1, wrong='cat')" "$work/class"
cd "$work"
python=$(cd "$OLDPWD" && realpath -s "$python")
export PYTHONPATH=$OLDPWD
options=(--sections=1.2,1.3,1.4,1.5,1.6 --seed=7)
status=0
"$python" -P -m grader batch class --gradebook slurm.db --slurm --jobs 2 "${options[@]}" || status=$?
[ "$status" = 1 ]
squeue
status=0
"$python" -P -m grader batch class --gradebook here.db "${options[@]}" || status=$?
[ "$status" = 1 ]
"$python" -c "
import re
from pathlib import Path
from tests.classroom.test_pools import verdicts
there, here = (verdicts(Path(name)) for name in ('slurm.db', 'here.db'))
assert len(here) == 30, len(here)
assert there == here, (there, here)
print('the same', len(here), 'results through Slurm and without it')"
