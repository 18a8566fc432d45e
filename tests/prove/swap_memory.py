"""What a swap costs in memory, and that recycling gives it back."""

from pathlib import Path

from tests.prove.fleet import Fleet, wait
from tests.prove.small_model import write_big_model


def memory(folder, count, seed):
    """All processes of one machine with a model of some 80 MB: at their start, right after a swap, after recycling."""
    fleet = Fleet(folder, write=write_big_model, AGENT_POLL_S="0.2", RECYCLE_AFTER_S="5", WORKERS=str(count))
    try:
        fleet.start()
        start = _memory_of(fleet)
        fleet.follow(fleet.promote("v2"))
        swapped = _memory_of(fleet)
        fleet.recycled(count)
        wait(lambda: len(fleet.machines[0].workers()) == count)
        recycled = _memory_of(fleet)
    finally:
        fleet.stop()
    found = {"start_mb": start, "after_swap_mb": swapped, "after_recycling_mb": recycled}
    return {"figure": {"workers": count, **found, "ratio": round(recycled / start, 3)}}


def memory_is_shared_again(result):
    """Beside it stands that the swap itself had cost a copy in every process."""
    figure = result["figure"]
    return figure["ratio"] <= 1.2 < figure["after_swap_mb"] / figure["start_mb"]


def _memory_of(fleet):
    """Proportional: what is shared counts once."""
    (machine,) = fleet.machines
    total = 0
    for pid in (machine.web.pid, *machine.workers()):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return round(total / 1024, 1)
