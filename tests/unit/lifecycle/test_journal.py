import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifecycle import journal
from lifecycle.adapters.object_store import open_store
from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError
from lifecycle.object_store import ObjectStore
from lifecycle.settings import Settings


@pytest.fixture
def store() -> ObjectStore:
    return open_store(Settings(store="memory:")).area("control")


class Counting:
    """A store that counts what is asked of it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self.asked.append(name)
        method: Callable[..., Any] = getattr(self._store, name)
        return method


def test_entries_are_numbered_from_one_in_files_of_six_digits(store: ObjectStore) -> None:
    numbers = [journal.append(store, "policy", {"share": share}) for share in (1, 5)]

    assert numbers == [1, 2]
    assert store.list("policy") == ["policy/000001.json", "policy/000002.json"]
    assert journal.read(store, "policy", 2) == {"share": 5}


def test_the_same_document_has_the_same_bytes(store: ObjectStore) -> None:
    journal.append(store, "policy", {"b": 1, "a": [2.5, None]})

    assert store.get("policy/000001.json") == b'{"a":[2.5,null],"b":1}'


def test_history_is_every_entry_in_order(store: ObjectStore) -> None:
    for step in range(12):
        journal.append(store, "policy", {"step": step})

    assert list(journal.history(store, "policy")) == [(step + 1, {"step": step}) for step in range(12)]
    assert list(journal.history(store, "other")) == []


def test_the_latest_is_the_newest_beyond_what_is_known(store: ObjectStore) -> None:
    assert journal.latest(store, "policy") is None
    for step in range(3):
        journal.append(store, "policy", {"step": step})

    assert journal.latest(store, "policy") == (3, {"step": 2})
    assert journal.latest(store, "policy", known=1) == (3, {"step": 2})
    assert journal.latest(store, "policy", known=3) is None


def test_asking_again_when_nothing_came_is_one_read(store: ObjectStore) -> None:
    journal.append(store, "policy", {})
    counting = Counting(store)

    assert journal.latest(counting, "policy", known=1) is None
    assert counting.asked == ["get"]


def test_compare_and_swap_lets_one_of_two_through(store: ObjectStore) -> None:
    journal.append(store, "policy", {"by": "ada"}, expected_number=1)

    with pytest.raises(AlreadyExistsError):
        journal.append(store, "policy", {"by": "bob"}, expected_number=1)
    assert list(journal.history(store, "policy")) == [(1, {"by": "ada"})]


@pytest.mark.parametrize("number", [0, 3])
def test_a_number_that_would_leave_a_gap_is_refused(store: ObjectStore, number: int) -> None:
    journal.append(store, "policy", {})

    with pytest.raises(StoreError, match="can't be written before"):
        journal.append(store, "policy", {}, expected_number=number)


def test_a_missing_entry_is_not_found_and_a_damaged_one_is_named(store: ObjectStore) -> None:
    store.create("policy/000001.json", b"[1")

    with pytest.raises(StoreError, match=r"policy/000001\.json is no JSON object"):
        journal.read(store, "policy", 1)
    with pytest.raises(NotFoundError):
        journal.read(store, "policy", 2)


def test_writers_in_threads_lose_nothing(store: ObjectStore) -> None:
    def write(writer: int) -> None:
        for step in range(10):
            journal.append(store, "policy", {"writer": writer, "step": step})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    _assert_each_written_once(store, writers=4)


def _write(folder: str, writer: int) -> None:
    store = open_store(Settings(store=f"file://{folder}")).area("control")
    for step in range(10):
        journal.append(store, "policy", {"writer": writer, "step": step})


def test_writers_in_processes_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_write, args=(str(tmp_path), writer)) for writer in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)

    assert [child.exitcode for child in children] == [0, 0]
    _assert_each_written_once(open_store(Settings(store=f"file://{tmp_path}")).area("control"), writers=2)


def _assert_each_written_once(store: ObjectStore, writers: int) -> None:
    entries = list(journal.history(store, "policy"))
    by_writer = [
        [one.document["step"] for one in entries if one.document["writer"] == who] for who in range(writers)
    ]

    assert by_writer == [list(range(10))] * writers
    assert [entry.number for entry in entries] == list(range(1, 10 * writers + 1))
