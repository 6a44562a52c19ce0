"""A Slurm of one node on the loopback interface, without systemd and accounting."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

COMMANDS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel", "scontrol")
#: Slurm's jobs lose SLURM_CONF on the way; they look for it here.
BUILT_IN = Path("/etc/slurm/slurm.conf")
CONF = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/sock
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,defer_batch,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
KillWait=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Node:
    """A running Slurm: how to reach it, and what the executor has to know."""

    environment: dict[str, str]
    settings: tuple[str, ...] = (
        "partition=main",
        "no-account=true",
        "seconds-between-status-checks=1",
        "init-seconds-before-status-checks=1",
        "latency-wait=5",
    )

    def call(self, *words: str) -> str:
        """Return what one of Slurm's commands says."""
        done = subprocess.run(
            words, capture_output=True, text=True, env=self.environment, check=False
        )
        return done.stdout

    def jobs(self) -> list[str]:
        """Return the names of the jobs that wait or run."""
        return self.call("squeue", "--noheader", "--format", "%j").split()

    def hold(self) -> None:
        """Let no job start."""
        self.call("scontrol", "update", "PartitionName=main", "State=DOWN")

    def release(self) -> None:
        """Let jobs start."""
        self.call("scontrol", "update", "PartitionName=main", "State=UP")


@contextlib.contextmanager
def slurm_node(folder: Path) -> Iterator[Node]:
    """Start a Slurm in a folder, or skip the test that needs it."""
    missing = [c for c in COMMANDS if shutil.which(c) is None]
    if missing or os.geteuid() != 0 or BUILT_IN.exists():
        reason = (
            f"no Slurm: {', '.join(missing) or 'all commands are there'}; root is "
            f"needed, and no Slurm that is configured at {BUILT_IN}"
        )
        if os.environ.get("MFPLUG_REQUIRE_SLURM") == "1":
            pytest.fail(f"{reason}, and MFPLUG_REQUIRE_SLURM is 1")
        pytest.skip(reason)
    conf = _configure(folder)
    node = Node({**os.environ, "SLURM_CONF": str(conf)})
    BUILT_IN.parent.mkdir(parents=True, exist_ok=True)
    BUILT_IN.symlink_to(conf)
    try:
        _start(folder, node)
        yield node
    finally:
        node.call("scancel", "--partition=main")
        node.call("scontrol", "shutdown")
        _stop(folder)
        BUILT_IN.unlink()


def _configure(folder: Path) -> Path:
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir(mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    conf = folder / "slurm.conf"
    host = socket.gethostname().partition(".")[0]
    text = CONF.format(
        folder=folder, host=host, cpus=os.cpu_count(), memory=memory * 8 // 10
    )
    conf.write_text(text)
    return conf


def _start(folder: Path, node: Node) -> None:
    munge = folder / "munge"
    options = {"key-file": "key", "socket": "sock", "pid-file": "pid"}
    options |= {"log-file": "log", "seed-file": "seed"}
    # munged would have folders that nobody else may write to, which /tmp is not.
    flags = [f"--{key}={munge / name}" for key, name in options.items()]
    subprocess.run(["munged", "--force", *flags], check=True, capture_output=True)
    for daemon in ("slurmctld", "slurmd"):
        subprocess.run(
            [daemon, "-f", str(folder / "slurm.conf")],
            check=True,
            capture_output=True,
            env=node.environment,
        )
    end = time.monotonic() + 30
    while node.call("sinfo", "--noheader", "--format", "%t").strip() != "idle":
        if time.monotonic() > end:
            pytest.fail((folder / "slurmctld.log").read_text()[-2000:])
        time.sleep(0.1)


def _stop(folder: Path) -> None:
    for file in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((folder / file).read_text()), 15)
