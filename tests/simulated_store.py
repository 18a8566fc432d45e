"""An area of a store in memory whose own time is told by the test, and which may kill its caller at any moment."""

from collections.abc import Callable
from datetime import datetime

from lifecycle.errors import AlreadyExistsError, NotFoundError
from lifecycle.object_store import check_key


class Killed(BaseException):
    """The process is gone in the middle of whatever it did: nothing catches this."""


class SimulatedArea:
    """Only what claims, journals and reports use. `before` is called ahead of each write."""

    def __init__(self, now: Callable[[], datetime], before: Callable[[], None] = lambda: None) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.before = before
        self._now = now

    def get(self, key):
        return self._found(key)[0]

    def create(self, key, data):
        self.before()
        if check_key(key) in self.objects:
            raise AlreadyExistsError(f"{key} is there already.")
        self.objects[key] = (bytes(data), self._now())

    def list(self, prefix="", *, after=""):
        inside = f"{prefix}/" if prefix else ""
        return sorted(key for key in self.objects if key.startswith(inside) and key > after)

    def exists(self, key):
        return key in self.objects

    def delete(self, key):
        self.before()
        self.objects.pop(key, None)

    def last_modified(self, key):
        return self._found(key)[1]

    def _found(self, key):
        if key not in self.objects:
            raise NotFoundError(f"There is no {key}.")
        return self.objects[key]
