"""What the ring asks of a store: create-only writes, plain and conditional reads, sorted lists. Nothing else.

A thing in the store is never overwritten. Whoever creates a key first has created it; the other is told.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, get_args

from lifecycle.errors import StoreError

Area = Literal["registry", "control", "records", "reports"]
AREAS: tuple[Area, ...] = get_args(Area)

# what a directory, Azure Blob and a URL all write in the same way
_SEGMENT = re.compile(r"[A-Za-z0-9_=+.-]{1,255}")
_MAX_KEY = 900  # Azure allows 1,024 characters, the store's own prefix among them


@dataclass(frozen=True, slots=True)
class Fetched:
    """`etag` names these very bytes to `get_if_changed`; it means nothing to another store."""

    data: bytes
    etag: str


class ObjectStore(Protocol):
    """One area. Keys are `a/b/c` without a slash at either end.

    Every method may raise StoreUnavailableError (try again later) and StoreError (a key or right is wrong).
    """

    def get(self, key: str) -> bytes:
        """Raises NotFoundError."""
        ...

    def get_if_changed(self, key: str, etag: str | None) -> Fetched | None:
        """None when the object still has that etag. Raises NotFoundError."""
        ...

    def get_to_file(self, key: str, path: Path) -> None:
        """Fetch a big object in pieces; the file appears when it is whole. Raises NotFoundError."""
        ...

    def create(self, key: str, data: bytes) -> None:
        """Raises AlreadyExistsError, and then has changed nothing."""
        ...

    def create_from_file(self, key: str, path: Path) -> None:
        """Raises AlreadyExistsError, and then has changed nothing."""
        ...

    def list(self, prefix: str = "", *, after: str = "") -> list[str]:
        """Keys in the folder `prefix` (whole segments: `a/b` lists `a/b/c`, not `a/bc`), sorted, beyond `after`."""
        ...

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Deleting what is not there is no error: somebody else was first."""
        ...

    def last_modified(self, key: str) -> datetime:
        """By the store's own clock, in UTC. Raises NotFoundError."""
        ...


class Store(Protocol):
    def area(self, name: Area) -> ObjectStore:
        """One of the four parts; rights are granted for each of them apart."""
        ...


def check_key(key: str) -> str:
    """The key itself. Raises StoreError when it could leave its area or differ between backends."""
    segments = key.split("/")
    if len(key) > _MAX_KEY or not all(_is_segment(segment) for segment in segments):
        raise StoreError(
            f"{key[:100]!r} can't be a key of the store.",
            fix="A key is made of letters, digits and _ = + . - with single slashes between its parts.",
        )
    return key


def _is_segment(segment: str) -> bool:
    return _SEGMENT.fullmatch(segment) is not None and segment not in {".", ".."}
