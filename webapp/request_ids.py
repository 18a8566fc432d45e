"""One id a request: the client's own where it is harmless, else a new one. It stands in every answer and log line."""

import os
import re

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def accept_or_mint(offered: str | None) -> str:
    if offered is not None and _ACCEPTED.fullmatch(offered):
        return offered
    return os.urandom(16).hex()
