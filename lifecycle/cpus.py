"""How many CPUs this process may really use: a container's quota counts, not the machine's cores."""

import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def available_cpus(cgroups: Path = _CGROUPS, own_cgroup: Path = _OWN_CGROUP) -> int:
    """The smaller of the CPUs in the affinity mask and the cgroup's quota, at least one."""
    quota = cpu_quota(cgroups, own_cgroup)
    return max(1, math.floor(min(len(os.sched_getaffinity(0)), quota)))


def cpu_quota(cgroups: Path, own_cgroup: Path) -> float:
    """CPUs by the tightest quota (version 2) of this process's group and its parents; infinite without one."""
    return min((_quota(folder / "cpu.max") for folder in groups(cgroups, own_cgroup)), default=math.inf)


def groups(cgroups: Path = _CGROUPS, own_cgroup: Path = _OWN_CGROUP) -> list[Path]:
    """The folder of this process's cgroup and those of its parents, each of which may set a limit."""
    group = cgroups / _own_group(own_cgroup)
    return [folder for folder in (group, *group.parents) if folder.is_relative_to(cgroups)]


def _own_group(own_cgroup: Path) -> str:
    try:
        lines = own_cgroup.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.removeprefix("0::").lstrip("/") for line in lines if line.startswith("0::")), "")


def _quota(file: Path) -> float:
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf  # no such file, or "max": no limit here
