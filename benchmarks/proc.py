"""What the kernel says of processes and processors, and what it is asked for."""

import os
import resource
import sys
from pathlib import Path

assert sys.platform == "linux", "figures are read from /proc"

_TICKS = os.sysconf("SC_CLK_TCK")
_AFTER_NAME = 2
_UTIME = 13 - _AFTER_NAME
_STIME = _UTIME + 1


def keep_core_free() -> int | None:
    """Leave one processor to the load generator, whose number is returned; None where there is only one.

    Without it the scheduler now and then puts the gateway beside the generator that wakes it, which halves its rate.
    """
    cores = os.sched_getaffinity(0)
    if len(cores) == 1:
        return None
    os.sched_setaffinity(0, cores - {max(cores)})
    return max(cores)


def allow_many_sockets() -> None:
    """Raise the soft limit of open files to the hard one, for this process and its children."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far, in steps of 10 ms (`proc(5)`, stat)."""
    # The name in parentheses may hold blanks; everything behind it is numbers.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


def busy_seconds() -> float:
    """All processors' time that was not idle, the host's theft included (`proc(5)`, /proc/stat)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def rss_mb(pid: int) -> float:
    """Resident memory in units of 10**6 octets."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6
