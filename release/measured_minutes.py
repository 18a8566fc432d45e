"""Which minutes of the measurements are whole."""

from datetime import datetime

# a minute has ended when its last requests have come from every machine: processes write every second, agents every ten
LATE_S = 20


def first_open_minute(now: datetime) -> int:
    """The first minute of Unix time that has not ended."""
    return int(now.timestamp() - LATE_S) // 60
