"""Bytes → plain Python objects, as RFC 8259 and I-JSON have it, or every fault with its place.

The standard library's parser takes repeated keys, NaN, lone surrogates and numbers of any size without a
word. Its hooks put a mark where such a thing stands; the marks are then looked for, with their pointers.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from webapp.faults import MAX_FAULTS, Fault, Path, pointer

MAX_INTEGER_DIGITS = 40  # the largest float32 has 39; beyond that no feature could hold it
_WHITESPACE = b" \t\r\n"
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class MalformedJsonError(Exception):
    """The body is no JSON that can be read in one way only; `faults` are the first hundred of `total`."""

    def __init__(self, *faults: Fault, total: int = 1) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults
        self.total = total


@dataclass(frozen=True, slots=True)
class _Mark:
    """Stands where a number was that can't be taken."""

    detail: str


_NOT_A_NUMBER = _Mark("NaN and Infinity are no JSON numbers; send null.")
_TOO_LARGE = _Mark("This number is too large.")


class _Repeating(dict[str, Any]):
    """An object in which keys stand more than once."""

    repeated: tuple[str, ...] = ()


def parse(body: bytes, max_depth: int) -> Any:
    """Raises MalformedJsonError with every fault. The outermost object or array is at depth 1."""
    text = _decoded(body)
    reader = _Reader()
    try:
        document = reader.read(text)
    except json.JSONDecodeError as problem:
        reason = problem.msg.partition(":")[0]
        place = f"line {problem.lineno}, column {problem.colno}"
        raise MalformedJsonError(Fault(None, f"The body is not valid JSON: {reason} at {place}.")) from None
    except RecursionError:
        raise MalformedJsonError(_too_deep((), max_depth)) from None
    _refuse_depth(document, max_depth)
    if reader.marked or _SURROGATE_ESCAPE.search(text):
        found = list(_faults(document, ()))
        if found:
            raise MalformedJsonError(*_explained(found), total=len(found))
    return document


class _Reader:
    """One reading; `marked` tells whether a mark was left anywhere."""

    def __init__(self) -> None:
        self.marked = False

    def read(self, text: str) -> Any:
        return json.loads(
            text,
            object_pairs_hook=self._object,
            parse_constant=lambda _: self._mark(_NOT_A_NUMBER),
            parse_float=self._float,
            parse_int=self._integer,
        )

    def _mark(self, mark: _Mark) -> _Mark:
        self.marked = True
        return mark

    def _float(self, digits: str) -> float | _Mark:
        number = float(digits)
        return number if math.isfinite(number) else self._mark(_TOO_LARGE)

    def _integer(self, digits: str) -> int | _Mark:
        if len(digits) > MAX_INTEGER_DIGITS:
            return self._mark(_TOO_LARGE)
        return int(digits)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        self.marked = True
        repeating = _Repeating(members)
        repeating.repeated = tuple(
            key for key, times in Counter(key for key, _ in pairs).items() if times > 1
        )
        return repeating


def _decoded(body: bytes) -> str:
    if not body.strip(_WHITESPACE):
        raise MalformedJsonError(Fault(None, "The body is empty; it must be a JSON object."))
    if body.startswith(_BYTE_ORDER_MARKS) or b"\x00" in body[:4]:
        raise MalformedJsonError(Fault(None, "The body must be UTF-8 without a byte order mark."))
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as problem:
        fault = Fault(None, f"The body is not valid UTF-8: see byte {problem.start}, counted from 0.")
        raise MalformedJsonError(fault) from None


def _refuse_depth(document: Any, max_depth: int) -> None:
    """Level by level, so that no recursion limit is met; where it is too deep is only then looked for."""
    level = _containers([document])
    for _ in range(max_depth):
        level = _containers(child for parent in level for child in _values(parent))
    if level:
        raise MalformedJsonError(_too_deep(_deep_path(document, max_depth), max_depth))


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]


def _deep_path(document: Any, max_depth: int) -> Path:
    """The path of the first container that lies deeper than the limit."""
    open_ends: list[tuple[Path, Any]] = [((), document)]
    while open_ends:
        path, parent = open_ends.pop()
        if len(path) == max_depth:
            return path
        children = [
            ((*path, step), child) for step, child in _children(parent) if isinstance(child, dict | list)
        ]
        open_ends.extend(reversed(children))
    return ()


def _too_deep(path: Path, max_depth: int) -> Fault:
    return Fault(pointer(path) if path else None, f"The body is nested deeper than {max_depth} levels.")


def _explained(found: list[tuple[Path, str]]) -> list[Fault]:
    return [Fault(pointer(path), detail) for path, detail in found[:MAX_FAULTS]]


def _faults(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, _Mark):
        yield path, value.detail
    elif isinstance(value, str):
        if _SURROGATE.search(value):
            yield path, "This text holds half a surrogate pair, which is no character."
    elif isinstance(value, dict | list):
        yield from _faults_of_keys(value, path)
        for step, child in _children(value):
            yield from _faults(child, (*path, step))


def _faults_of_keys(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key in value:
            if _SURROGATE.search(key):
                yield (*path, key), "This key holds half a surrogate pair, which is no character."
    if isinstance(value, _Repeating):
        for key in value.repeated:
            yield (*path, key), "This key stands more than once in the object."


def _values(parent: Any) -> Iterable[Any]:
    values: Iterable[Any] = parent.values() if isinstance(parent, dict) else parent
    return values


def _children(parent: Any) -> Iterator[tuple[str | int, Any]]:
    yield from parent.items() if isinstance(parent, dict) else enumerate(parent)
