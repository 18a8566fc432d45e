"""A fault in what a client sent: where (a JSON pointer), what, and the way out. It never holds a value."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_FAULTS = 100  # of one request are explained; all are counted
MAX_NAME = 64
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """`pointer` is an RFC 6901 JSON pointer ("" is the whole body), or None where there is no place to name."""

    pointer: str | None
    detail: str
    suggestion: str = ""

    def to_document(self) -> dict[str, str]:
        document = {"detail": self.detail}
        if self.pointer is not None:
            document = {"pointer": self.pointer, **document}
        if self.suggestion:
            document["suggestion"] = self.suggestion
        return document


def pointer(path: Iterable[str | int]) -> str:
    """A path of names and row numbers → a JSON pointer; names are shown safely, so a long one is cut."""
    return "".join(f"/{_escaped(step)}" for step in path)


def safe_name(name: str) -> str:
    """A name that a client chose, made fit to be shown: printable, and at most `MAX_NAME` characters."""
    shown = "".join(letter if letter.isprintable() else _UNPRINTABLE for letter in name[:MAX_NAME])
    return shown if len(name) <= MAX_NAME else f"{shown}…"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """One sentence that names the closest known name, or "" when none is close."""
    close = difflib.get_close_matches(name[:MAX_NAME], known, n=1)
    return f"Did you mean {close[0]!r}?" if close else ""


def json_type(value: object) -> str:
    """What a JSON value is, in a client's words."""
    names = {dict: "an object", list: "an array", str: "text", bool: "a boolean", type(None): "null"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")


def _escaped(step: str | int) -> str:
    return safe_name(str(step)).replace("~", "~0").replace("/", "~1")
