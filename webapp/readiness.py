"""When a machine may have traffic: its processes share one address, so it is ready when each of them answers."""

from dataclasses import dataclass
from pathlib import Path

from lifecycle.web_processes import living


@dataclass(slots=True)
class Readiness:
    """One for each process. `parent` names the processes that listen where this one listens.

    They follow the agent each on its own, some milliseconds apart: whoever asked the first one and was sent to the
    second one would be refused. Once all have answered it stays so: a child that is forked later loads before it
    accepts.
    """

    folder: Path
    parent: str
    _reached: bool = False

    def __call__(self) -> bool:
        if not self._reached:
            self._reached = all(one.serving for one in living(self.folder) if one.parent == self.parent)
        return self._reached
