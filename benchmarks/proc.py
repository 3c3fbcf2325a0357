"""What Linux says of processes and processors, and what it is asked for."""

import os
import resource
import sys
from pathlib import Path

_ONLY = "only on Linux"
_AFTER_NAME = 2
_UTIME = 13 - _AFTER_NAME
_STIME = _UTIME + 1


def keep_core_free() -> int | None:
    """Leave one processor to the load generator, whose number is returned; None where there is only one.

    Without it the scheduler now and then puts the gateway beside the generator that wakes it, which halves its rate.
    """
    if sys.platform != "linux":
        raise OSError(_ONLY)
    cores = os.sched_getaffinity(0)
    if len(cores) == 1:
        return None
    os.sched_setaffinity(0, cores - {max(cores)})
    return max(cores)


def move(pid: int, core: int) -> None:
    """Let a process run on this processor only."""
    if sys.platform != "linux":
        raise OSError(_ONLY)
    os.sched_setaffinity(pid, {core})


def allow_many_sockets() -> None:
    """Raise the soft limit of open files to the hard one, for this process and its children."""
    if sys.platform != "linux":
        raise OSError(_ONLY)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _ticks() -> int:
    if sys.platform != "linux":
        raise OSError(_ONLY)
    return os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far, in steps of 10 ms (`proc(5)`, stat)."""
    # The name in parentheses may hold blanks; everything behind it is numbers.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _ticks()


def busy_seconds() -> float:
    """All processors' time that was not idle, the host's theft included (`proc(5)`, /proc/stat)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _ticks()


def memory_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory now, or the most it ever was, in units of 10**6 octets."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:" if peak else "VmRSS:")[2].split()[0]) * 1024 / 1e6
