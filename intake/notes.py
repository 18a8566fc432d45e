"""What is written down while a model file's opcodes are read, and when reading has taken too long."""

from dataclasses import dataclass, field

from intake.symbols import Global
from lifecycle import clock

MAX_SECONDS = 60.0
MAX_OPCODES = 100_000_000
_CHECK_EVERY = 4096


class UnreadablePickleError(Exception):
    """The opcodes end or make no sense; the message is the end of a sentence ("the file …")."""


@dataclass(slots=True)
class Notes:
    """What one file's pickles ask for, in the order of the file."""

    globals: dict[Global, None] = field(default_factory=dict)
    called: dict[Global, None] = field(default_factory=dict)
    faults: dict[str, None] = field(default_factory=dict)
    protocol: int = 0
    pickles: int = 0
    joblib: bool = False
    opcodes: int = 0
    deadline: float = field(default_factory=lambda: clock.monotonic() + MAX_SECONDS)

    def count(self) -> None:
        self.opcodes += 1
        if self.opcodes % _CHECK_EVERY:
            return
        if self.opcodes > MAX_OPCODES or clock.monotonic() > self.deadline:
            raise UnreadablePickleError("takes too long to read: it has more steps than any model needs")
