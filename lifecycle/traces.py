"""Traces of a few requests, drawn at random: from a web process to this machine's agent, a line each, by the way of metrics.

Off by default; a process that draws none holds nothing of this. Neither row nor value nor key is in a trace.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from lifecycle import clock
from lifecycle.metrics import PREFIX

HEAD = f"{PREFIX}.trace:"
MOST_CHARACTERS = 400
_ROUTE = re.compile(r"[A-Za-z0-9/_<>:.-]{1,100}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trace:
    """One answered request. `share`: of how many it stands for one."""

    request_id: str
    method: str
    route: str
    status: int
    ended_ms: int
    took_us: int
    share: float

    @property
    def sound(self) -> bool:
        """A container that was taken over sends what it likes."""
        words = _WORD.fullmatch(self.request_id) and _WORD.fullmatch(self.method)
        numbers = (
            100 <= self.status < 600 and self.took_us >= 0 and self.ended_ms >= 0 and 0 < self.share <= 1
        )
        return bool(words and numbers and _ROUTE.fullmatch(self.route))


@dataclass(frozen=True, slots=True)
class Drawn:
    """`share` of all requests, as `send` takes them to the agent."""

    share: float
    send: Callable[[str], object]
    draw: Callable[[], float] = random.random

    def answered(self, request_id: str, method: str, route: str, status: int, seconds: float) -> None:
        if self.draw() < self.share:
            trace = Trace(
                request_id, method, route, status, clock.unix_ms(), round(seconds * 1e6), self.share
            )
            if trace.sound:
                self.send(to_line(trace))


def to_line(trace: Trace) -> str:
    return HEAD + msgspec.json.encode(trace).decode()


def from_line(line: bytes) -> Trace | None:
    """None where it is no sound trace."""
    if not line.startswith(HEAD.encode()) or len(line) > MOST_CHARACTERS:
        return None
    try:
        trace = msgspec.json.decode(line[len(HEAD) :], type=Trace)
    except msgspec.MsgspecError:
        return None
    return trace if trace.sound else None


def without_traces(packet: bytes) -> bytes:
    """What a StatsD server understands."""
    if HEAD.encode() not in packet:
        return packet
    return b"\n".join(line for line in packet.splitlines() if not line.startswith(HEAD.encode()))
