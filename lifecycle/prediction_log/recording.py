"""How the settings say that requests are recorded."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from lifecycle.installation_keys import load_records_key
from lifecycle.machine import MachineDirectory
from lifecycle.prediction_log.drop_counts import Reason
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.recorder import Recorder
from lifecycle.settings import Settings

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def recorder_for(
    settings: Settings, dropped: Callable[[Reason, int], None] = lambda _reason, _rows: None
) -> Recorder:
    """`dropped` is told of each event that was left out. Raises SettingsError where there is no records key."""
    limits = SpoolLimits(
        settings.seal_bytes, settings.seal_age_s, settings.spool_sync_s, settings.spool_budget_bytes
    )
    spool = MachineDirectory(settings.machine_dir).spool
    return Recorder(spool, limits, load_records_key(settings), settings.hash_unit_ids == "on", dropped)


def spool_is_sound(spool: Path) -> bool:
    """Whether a file can be written there. A full disk counts as sound: on a fresh machine it would soon be full
    too, and what lies here unshipped would be lost with this one.
    """
    probe = spool / f"probe-{os.getpid()}"
    try:
        spool.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"1")
        probe.unlink()
    except OSError as problem:
        return problem.errno in _FULL
    return True
