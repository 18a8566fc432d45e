"""State that changes: a numbered series of documents. The next number is created, never overwritten.

That one habit is compare-and-swap, history, audit, "as of" and rollback (append the old content again).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError, StoreUnavailableError
from lifecycle.object_store import ObjectStore

MAX_ATTEMPTS = 50


class Entry(NamedTuple):
    number: int
    document: dict[str, Any]


def append(
    store: ObjectStore, prefix: str, document: Mapping[str, Any], *, expected_number: int | None = None
) -> int:
    """Write the document as the next entry and answer its number.

    With `expected_number` it is written as that one or not at all: AlreadyExistsError says that somebody else
    was first, so read again and decide anew. Raises StoreUnavailableError when others are always faster.
    """
    data = msgspec.json.encode(document, order="sorted")
    if expected_number is not None:
        _create_expected(store, prefix, data, expected_number)
        return expected_number
    number = _last_number(store, prefix)
    for _ in range(MAX_ATTEMPTS):
        number += 1
        try:
            store.create(_key(prefix, number), data)
        except AlreadyExistsError:
            continue
        return number
    raise StoreUnavailableError(f"Others write to {prefix} faster than this process can.", fix="Try again.")


def read(store: ObjectStore, prefix: str, number: int) -> dict[str, Any]:
    """Raises NotFoundError, and StoreError for a file that is no JSON object."""
    key = _key(prefix, number)
    try:
        return msgspec.json.decode(store.get(key), type=dict[str, Any])
    except msgspec.DecodeError as problem:
        raise StoreError(
            f"{key} is no JSON object: {problem}.", fix="It was damaged: restore it."
        ) from problem


def latest(store: ObjectStore, prefix: str, *, known: int = 0) -> Entry | None:
    """The newest entry after number `known`, or None: one cheap read when nothing came since."""
    if not known:
        last = _last_number(store, prefix)
        return Entry(last, read(store, prefix, last)) if last else None
    newest = None
    for entry in _from(store, prefix, known + 1):
        newest = entry
    return newest


def history(store: ObjectStore, prefix: str) -> Iterator[Entry]:
    """Every entry, oldest first."""
    for number in range(1, _last_number(store, prefix) + 1):
        yield Entry(number, read(store, prefix, number))


def _from(store: ObjectStore, prefix: str, number: int) -> Iterator[Entry]:
    while True:
        try:
            entry = Entry(number, read(store, prefix, number))
        except NotFoundError:
            return
        yield entry
        number += 1


def _create_expected(store: ObjectStore, prefix: str, data: bytes, number: int) -> None:
    if number < 1 or (number > 1 and not store.exists(_key(prefix, number - 1))):
        raise StoreError(f"Entry {number} of {prefix} can't be written before entry {number - 1}.")
    store.create(_key(prefix, number), data)


def _last_number(store: ObjectStore, prefix: str) -> int:
    names = [key.removeprefix(f"{prefix}/").removesuffix(".json") for key in store.list(prefix)]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _key(prefix: str, number: int) -> str:
    return f"{prefix}/{number:06d}.json"
