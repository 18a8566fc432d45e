"""The identity's token, asked for anew before it ends."""

from collections.abc import Callable
from dataclasses import dataclass

EARLY_MS = 300_000


@dataclass(slots=True)
class Tokens:
    """`ask` gives a token and when it ends, in seconds of Unix time."""

    ask: Callable[[], tuple[str, float]]
    now_ms: Callable[[], int]
    _token: str = ""
    _until_ms: float = 0.0

    def token(self, fresh: bool) -> str:
        if fresh or self.now_ms() >= self._until_ms - EARLY_MS:
            self._token, until_s = self.ask()
            self._until_ms = until_s * 1000
        return self._token
