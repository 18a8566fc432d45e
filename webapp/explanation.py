"""Marshmallow's messages → faults with JSON pointers: the first hundred, and how many there are in all."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from webapp.faults import MAX_FAULTS, Fault, Path, did_you_mean, pointer

UNKNOWN_FIELD = "The model's contract has no field of this name."
_WHOLE = "_schema"


def explain(messages: Mapping[Any, Any], known: Mapping[int, Sequence[str]]) -> tuple[list[Fault], int]:
    """`known` holds the field names by their depth in the body, for did-you-mean: 0 the request's own, 2 a row's."""
    found = list(_flat(messages, ()))
    return [_fault(path, text, known) for path, text in islice(found, MAX_FAULTS)], len(found)


def _fault(path: Path, text: str, known: Mapping[int, Sequence[str]]) -> Fault:
    name = path[-1] if path else ""
    if text != UNKNOWN_FIELD or not isinstance(name, str):
        return Fault(pointer(path), text)
    return Fault(pointer(path), text, did_you_mean(name, known.get(len(path) - 1, ())))


def _flat(messages: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(messages, Mapping):
        for step, inner in sorted(messages.items(), key=_order):
            yield from _flat(inner, path if step == _WHOLE else (*path, step))
    else:
        yield from ((path, str(text)) for text in messages)


def _order(item: tuple[Any, Any]) -> tuple[int, str]:
    """Fields in the schema's order; then the unknown ones, which Marshmallow keeps in a set, by name."""
    step, messages = item
    unknown = messages == [UNKNOWN_FIELD]
    return (1, str(step)) if unknown else (0, "")
