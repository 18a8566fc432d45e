"""How much memory this process holds, and how much more it may have."""

import math
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from lifecycle.cpus import groups

_MEMINFO = Path("/proc/meminfo")
_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Resident memory now; where there is no /proc, the most there ever was."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def free_bytes(meminfo: Path = _MEMINFO, cgroups: Sequence[Path] | None = None) -> float:
    """What may be taken now: of the machine and of the tightest cgroup. Infinite where nobody tells."""
    folders = groups() if cgroups is None else cgroups
    return min([_available(meminfo), *map(_headroom, folders)])


def _available(meminfo: Path) -> float:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return math.inf
    return next(
        (int(line.split()[1]) * 1024.0 for line in lines if line.startswith("MemAvailable:")), math.inf
    )


def _headroom(cgroup: Path) -> float:
    """Files that were read are in the group's count, but are given back before anybody goes without."""
    try:
        most = int((cgroup / "memory.max").read_text(encoding="ascii"))
        held = int((cgroup / "memory.current").read_text(encoding="ascii"))
        stat = dict(
            line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        )
        return max(0.0, most - held + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):
        return math.inf  # no such file, or "max": no limit here
