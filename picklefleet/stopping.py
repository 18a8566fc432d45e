"""Ctrl-C and SIGTERM end what runs in the foreground in good order."""

import signal
import threading
from types import FrameType


def stop_on_signal(stop: threading.Event) -> None:
    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, ask)
