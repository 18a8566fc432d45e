"""The product's commands, as a person would give them in a terminal; what they printed is kept."""

import json
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from lifecycle.errors import PicklefleetError


@dataclass(frozen=True, slots=True)
class Said:
    """A command and what it printed."""

    command: str
    output: str
    exit_code: int


@dataclass(slots=True, kw_only=True)
class Commands(ABC):
    """`said` keeps every command that was told of, in order."""

    said: list[Said] = field(default_factory=list)

    def run(self, *arguments: object, allowed: tuple[int, ...] = (0,), quiet: bool = False) -> str:
        """Raises PicklefleetError when it ends with another exit code than those allowed."""
        words = [str(argument) for argument in arguments]
        done = self._execute(words)
        if done.returncode not in allowed:
            raise PicklefleetError(
                f"picklefleet {' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}"
            )
        if not quiet:
            self.said.append(Said(f"picklefleet {' '.join(words)}", done.stdout, done.returncode))
        return done.stdout

    def ask(self, *arguments: object, allowed: tuple[int, ...] = (0,)) -> Any:
        """A command's `--json`."""
        return json.loads(self.run(*arguments, "--json", allowed=allowed, quiet=True))

    @abstractmethod
    def _execute(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        """`picklefleet` with these words, wherever it is installed."""
