"""What a machine has left, as the kernel tells it. The reading is at the edge; what is made of it is pure."""

import shutil
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Ticks since the machine started, over all its CPUs."""

    busy: int
    total: int


def cpu_times(stat: str) -> CpuTimes:
    """From the first line of /proc/stat; waiting for a disk is not busy. Raises ValueError for anything else."""
    name, *ticks = stat.split("\n", 1)[0].split()
    if name != "cpu" or len(ticks) < 5:
        raise ValueError("no /proc/stat")
    numbers = [int(tick) for tick in ticks[:8]]  # what follows, guests, is in user time already
    return CpuTimes(sum(numbers) - numbers[3] - numbers[4], sum(numbers))


def busy_percent(before: CpuTimes, after: CpuTimes) -> float | None:
    """None where no time has gone by."""
    total = after.total - before.total
    return 100 * (after.busy - before.busy) / total if total > 0 else None


def memory_available_percent(meminfo: str) -> float:
    """From /proc/meminfo. Raises ValueError for anything else."""
    sizes = {
        line.partition(":")[0]: int(line.split()[1]) for line in meminfo.splitlines() if len(line.split()) > 1
    }
    try:
        return 100 * sizes["MemAvailable"] / sizes["MemTotal"]
    except KeyError as missing:
        raise ValueError("no /proc/meminfo") from missing


def read_cpu_times() -> CpuTimes:
    return cpu_times(_STAT.read_text(encoding="ascii"))


def read_memory_available_percent() -> float:
    return memory_available_percent(_MEMINFO.read_text(encoding="ascii"))


def disk_free_percent(folder: Path) -> float:
    usage = shutil.disk_usage(folder)
    return 100 * usage.free / usage.total
