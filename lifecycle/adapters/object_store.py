"""The store on the obstore library: a directory, Azure Blob or memory through one code.

The library's own threads don't survive a fork: used in a parent it hangs in the child, even a fresh store.
So nothing is opened before its first use, and a use after such a fork is an error instead of a silence.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import obstore
from obstore.exceptions import (
    AlreadyExistsError as ObstoreAlreadyExistsError,
)
from obstore.exceptions import (
    BaseError,
    NotModifiedError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import AzureStore, LocalStore, MemoryStore

from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError, StoreUnavailableError
from lifecycle.object_store import Area, Fetched, ObjectStore, Store, check_key
from lifecycle.settings import Settings

Backend = AzureStore | LocalStore | MemoryStore

PIECE_BYTES = 8 << 20
CONNECT_TIMEOUT = timedelta(seconds=3)
TIMEOUT_S = 20.0  # for one answer, a piece of a big object at most
# An upload must go in one request to be create-only: it has this, doubled until a slow link can bear its size.
UPLOAD_TIMEOUT_S = 30.0
SLOWEST_BYTES_A_SECOND = 128 << 10
MAX_RETRIES = 3
RETRY_FOR = timedelta(seconds=30)


def open_store(settings: Settings) -> Store:
    """Touches nothing yet: each area is opened by its first use."""
    return _OpenedStore(settings)


class _OpenedStore:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._areas: dict[Area, _ObstoreArea] = {}

    def area(self, name: Area) -> ObjectStore:
        connect = _memory() if self._settings.store == "memory:" else partial(_connect, self._settings, name)
        return self._areas.setdefault(name, _ObstoreArea(connect))


class _ObstoreArea:
    def __init__(self, connect: Callable[[float], Backend]) -> None:
        self._connect = connect
        self._backends: dict[float, Backend] = {}

    def get(self, key: str) -> bytes:
        with self._using(key) as backend:
            return bytes(obstore.get(backend, key).bytes())

    def get_if_changed(self, key: str, etag: str | None) -> Fetched | None:
        with self._using(key) as backend:
            try:
                answer = obstore.get(backend, key, options={"if_none_match": etag} if etag else {})
            except NotModifiedError:
                return None
            return Fetched(bytes(answer.bytes()), answer.meta["e_tag"] or "")

    def get_to_file(self, key: str, path: Path) -> None:
        with self._using(key) as backend:
            size = obstore.head(backend, key)["size"]
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    for start in range(0, size, PIECE_BYTES):
                        length = min(PIECE_BYTES, size - start)
                        file.write(obstore.get_range(backend, key, start=start, length=length))
                    file.flush()
                    os.fsync(handle)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def create(self, key: str, data: bytes) -> None:
        with self._using(key) as backend:
            obstore.put(backend, key, data, mode="create")

    def create_from_file(self, key: str, path: Path) -> None:
        with path.open("rb") as file, self._using(key, upload_timeout_s(path.stat().st_size)) as backend:
            obstore.put(backend, key, file, mode="create")

    def list(self, prefix: str = "", *, after: str = "") -> list[str]:
        with self._using(prefix or "all") as backend:
            pages = obstore.list(backend, prefix or None, offset=after or None)
            return sorted(meta["path"] for page in pages for meta in page)

    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except NotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        try:
            with self._using(key) as backend:
                obstore.delete(backend, key)
        except NotFoundError:
            return

    def last_modified(self, key: str) -> datetime:
        return cast("datetime", self._head(key)["last_modified"]).astimezone(UTC)

    def _head(self, key: str) -> Any:
        with self._using(key) as backend:
            return obstore.head(backend, key)

    @contextmanager
    def _using(self, key: str, timeout_s: float = TIMEOUT_S) -> Iterator[Backend]:
        check_key(key)
        _refuse_after_fork()
        with _translated(key):
            yield self._backend(timeout_s)

    def _backend(self, timeout_s: float) -> Backend:
        """One for each limit of time. `setdefault`, so that two threads that come first together use the same one."""
        if timeout_s not in self._backends:
            self._backends.setdefault(timeout_s, self._connect(timeout_s))
        return self._backends[timeout_s]


def upload_timeout_s(size: int) -> float:
    """A store that accepts and then says nothing holds an upload no longer than a slow link would have taken."""
    timeout_s = UPLOAD_TIMEOUT_S
    while timeout_s < size / SLOWEST_BYTES_A_SECOND:
        timeout_s *= 2
    return timeout_s


def _memory() -> Callable[[float], Backend]:
    """One store in memory, which never lets wait."""
    backend = MemoryStore()
    return lambda _: backend


def _connect(settings: Settings, area: Area, timeout_s: float) -> Backend:
    if settings.store.startswith("file://"):
        return LocalStore(Path(settings.store.removeprefix("file://")) / area, mkdir=True)
    return _azure(settings, area, timeout_s)


def _identity(settings: Settings) -> dict[str, str]:
    """Of several identities on one machine Azure gives a token only by name."""
    named = {"client_id": settings.azure_client_id} if settings.azure_client_id else {}
    if settings.metadata_url:
        named["msi_endpoint"] = f"{settings.metadata_url}/metadata/identity/oauth2/token"
    return {"credential_type": "managed_identity"} | named


def _azure(settings: Settings, area: Area, timeout_s: float) -> AzureStore:
    account, _, prefix = settings.store.removeprefix("az://").partition("/")
    key = settings.store_access_key.value
    access: Any = {"account_key": key} if key else _identity(settings)
    if settings.store_endpoint:
        access["endpoint"] = settings.store_endpoint
    return AzureStore(
        area,
        prefix=prefix or None,
        account_name=account,
        client_options={
            "allow_http": settings.store_endpoint.startswith("http://"),
            "connect_timeout": CONNECT_TIMEOUT,
            "timeout": timedelta(seconds=timeout_s),
        },
        retry_config={"max_retries": MAX_RETRIES, "retry_timeout": RETRY_FOR},
        **access,
    )


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except ObstoreAlreadyExistsError as problem:
        raise AlreadyExistsError(f"{key} is there already.") from problem
    except FileNotFoundError as problem:
        if _has_no_container(problem):
            raise _no_container() from problem
        raise NotFoundError(f"There is no {key} in the store.") from problem
    except (PermissionDeniedError, UnauthenticatedError) as problem:
        raise StoreError(
            f"The store refused access to {key}.",
            fix="Check the rights of this machine's identity, or PICKLEFLEET_STORE_ACCESS_KEY.",
        ) from problem
    except (BaseError, OSError) as problem:
        if _has_no_container(problem):
            raise _no_container() from problem
        raise StoreUnavailableError(
            f"The store did not answer for {key}: {_first_line(problem)}",
            fix="Check PICKLEFLEET_STORE, the network and the disk; nothing was lost, try again.",
        ) from problem


def _has_no_container(problem: Exception) -> bool:
    """Azure's own word for it; an object that is missing in a container that is there is a BlobNotFound."""
    return "<Code>ContainerNotFound</Code>" in str(problem)


def _no_container() -> StoreUnavailableError:
    """Not "there is no such object": an empty answer would let a machine go on as if nothing had ever been stored."""
    return StoreUnavailableError(
        "The store has not been set up: a container that it needs does not exist.",
        fix="Make them: picklefleet store init (on Azure Terraform does), or check PICKLEFLEET_STORE.",
    )


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).splitlines()), type(problem).__name__)[:300]


class _UsedBy:
    """The process that used the library first; a child that was forked from it inherits this and is refused."""

    pid: int | None = None


def _refuse_after_fork() -> None:
    if _UsedBy.pid is None:
        _UsedBy.pid = os.getpid()
    elif _UsedBy.pid != os.getpid():
        raise StoreError(
            "The store was used before this process was forked, and would hang here.",
            fix="Start the process anew (spawn), or use the store in the child only.",
        )
