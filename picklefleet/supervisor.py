"""Keep a few child processes running: report a crash, start it again with back-off, stop in a known order."""

import ctypes
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lifecycle import clock
from lifecycle.logs import get_logger

FIRST_PAUSE_S = 0.5
LAST_PAUSE_S = 30.0
STEADY_S = 60.0  # a child that ran this long starts again at once

_PR_SET_PDEATHSIG = 1

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """A child: its name in the log, its command, and how many seconds it may take to stop."""

    name: str
    command: list[str]
    stop_s: float


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    pause_s: float = FIRST_PAUSE_S


@dataclass(slots=True)
class Supervisor:
    """Programs are started in their order and stopped in the reverse one, each after the one before it ended."""

    programs: list[Program]
    environment: Mapping[str, str]
    _children: dict[str, _Child] = field(default_factory=dict)

    def run(self, stop: threading.Event, meanwhile: Callable[[], None]) -> None:
        """Until `stop` is set; `meanwhile` is called once a turn (every 0.1 s)."""
        try:
            for program in self.programs:
                self._children[program.name] = self._start(program)
            while not stop.wait(0.1):
                meanwhile()
                for child in list(self._children.values()):
                    self._revive(child, stop)
        finally:
            for program in reversed(self.programs):
                self._stop(program)

    def _start(self, program: Program) -> _Child:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            program.command,
            env=dict(self.environment),
            start_new_session=True,  # a Ctrl-C reaches the supervisor only, which stops them in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads yet
        )
        log.info("child_started", child=program.name, pid=process.pid)
        return _Child(program, process, clock.monotonic())

    def _revive(self, child: _Child, stop: threading.Event) -> None:
        code = child.process.poll()
        if code is None:
            return
        if clock.monotonic() - child.started > STEADY_S:
            child.pause_s = FIRST_PAUSE_S
        log.error("child_ended", child=child.program.name, code=code, again_in_s=child.pause_s)
        if stop.wait(child.pause_s):
            return
        again = self._start(child.program)
        again.pause_s = min(child.pause_s * 2, LAST_PAUSE_S)
        self._children[child.program.name] = again

    def _stop(self, program: Program) -> None:
        child = self._children.get(program.name)
        if child is None or child.process.poll() is not None:
            return
        child.process.send_signal(signal.SIGTERM)
        try:
            child.process.wait(program.stop_s)
        except subprocess.TimeoutExpired:
            log.error("child_killed", child=program.name, after_s=program.stop_s)
            child.process.kill()
            child.process.wait()
        log.info("child_stopped", child=program.name, code=child.process.returncode)


def _die_with_parent() -> None:
    """A supervisor that is killed outright must not leave children that hold its port."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
