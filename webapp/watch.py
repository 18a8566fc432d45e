"""One request for predictions as the measurements see it: who answered, how it ended, how long it took."""

from collections.abc import Sequence
from zlib import crc32

from lifecycle.clock import monotonic
from lifecycle.measurements.cell import Ending
from lifecycle.measurements.measuring import Answered, Measuring
from lifecycle.model import OutputAnswer
from lifecycle.signature import Output


class Watch:
    """Begun with the request. What fails before a version is chosen is counted for none."""

    __slots__ = ("_answers", "_arm", "_began", "_measuring", "_outputs", "_request_id", "_rows", "_version")

    def __init__(self, measuring: Measuring | None, request_id: str) -> None:
        self._measuring = measuring
        self._request_id = request_id
        self._began = monotonic()
        self._version = self._arm = ""
        self._rows = 0
        self._outputs: Sequence[Output] = ()
        self._answers: Sequence[OutputAnswer] = ()

    def assigned(self, version: str, arm: str = "champion") -> None:
        self._version, self._arm = version, arm

    def predicted(self, rows: int, outputs: Sequence[Output], answers: Sequence[OutputAnswer]) -> None:
        self._rows, self._outputs, self._answers = rows, outputs, answers

    def ended(self, status: int) -> None:
        """Of a request that ended well one row's scores are counted, drawn by the request's id."""
        if self._measuring is None:
            return
        ending = ending_of(status)
        good = ending == "ok"
        self._measuring.count(
            Answered(
                self._version,
                self._arm,
                ending,
                self._rows,
                monotonic() - self._began,
                self._outputs if good else (),
                self._answers if good else (),
                drawn_row(self._request_id, self._rows),
            )
        )


def drawn_row(request_id: str, rows: int) -> int:
    """The same for a request and the shadow's copy of it."""
    return crc32(request_id.encode()) % rows if rows > 1 else 0


def ending_of(status: int) -> Ending:
    if status < 400:
        return "ok"
    if status < 500:
        return "refused"
    return "timeout" if status == 504 else "failed"
