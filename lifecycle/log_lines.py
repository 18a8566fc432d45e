"""From an event to one line: bounded in size, and without a character that could end a line or steer a terminal."""

import math
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson

MAX_TEXT = 2_000
MAX_ITEMS = 50
MAX_DEPTH = 8

_FIRST = ("timestamp", "level", "event", "logger", "request_id")
# control characters, ANSI escapes, line and paragraph separators, invisible and direction-changing characters
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def json_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(_ordered(event)).decode()


def text_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`time level event key="value" …`; an exception follows, one line for each frame."""
    fields = _ordered(event)
    errors = fields.pop("exception", [])
    head = f"{fields.pop('timestamp', '')} {fields.pop('level', ''):<7} {fields.pop('event', '')}"
    rest = [f"{key}={orjson.dumps(value).decode()}" for key, value in fields.items()]
    return "\n".join([" ".join([head, *rest]), *_traceback(errors)])


def bounded(value: Any, depth: int = 0) -> Any:
    """The value in JSON's terms, harmless and of bounded size; anything unknown becomes its text."""
    if depth > MAX_DEPTH:
        return "…"
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 63 else clean(str(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): bounded(one, depth + 1) for key, one in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [bounded(one, depth + 1) for one in list(value)[:MAX_ITEMS]]
    return clean(value if isinstance(value, str) else str(value))


def clean(text: str) -> str:
    r"""Unsafe characters written as \n, \x1b or \u2028; what is too long is cut, and says how much."""
    shown = _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text[:MAX_TEXT])
    return shown if len(text) <= MAX_TEXT else f"{shown}… ({len(text) - MAX_TEXT} more)"


def _ordered(event: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for name in _FIRST if name in event]
    rest = [name for name in event if name not in _FIRST]
    return {clean(str(name)): bounded(event[name]) for name in names + rest}


def _traceback(errors: list[dict[str, Any]]) -> list[str]:
    lines = []
    for error in errors:
        lines.append(f"  {error['exc_type']}: {error['exc_value']}")
        lines += [f"    {one['filename']}:{one['lineno']} {one['name']}" for one in error["frames"]]
    return lines
