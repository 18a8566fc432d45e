"""One contract for every backend: a further one is one more line in BACKENDS."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lifecycle.adapters import object_store as adapter
from lifecycle.adapters.object_store import open_store
from lifecycle.converters import Secret
from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError, StoreUnavailableError
from lifecycle.object_store import AREAS, ObjectStore, Store
from lifecycle.settings import Settings
from tests.azurite import azurite_settings
from tests.prove.fault_proxy import FaultProxy

BACKENDS: dict[str, Callable[[Path], Settings]] = {
    "directory": lambda folder: Settings(store=f"file://{folder}/a store"),
    "memory": lambda _: Settings(store="memory:"),
    "azure": lambda _: azurite_settings(),
}


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return open_store(BACKENDS[request.param](tmp_path))


@pytest.fixture
def area(store: Store) -> ObjectStore:
    return store.area("control")


def test_what_was_created_is_read(area: ObjectStore) -> None:
    area.create("policy/000001.json", b"{}")

    assert area.get("policy/000001.json") == b"{}"


def test_an_empty_object_is_an_object(area: ObjectStore, tmp_path: Path) -> None:
    area.create("empty", b"")
    area.get_to_file("empty", tmp_path / "copy")

    assert (area.get("empty"), (tmp_path / "copy").read_bytes()) == (b"", b"")


def test_a_second_creator_is_told_and_changes_nothing(area: ObjectStore) -> None:
    area.create("a/b", b"first")

    with pytest.raises(AlreadyExistsError):
        area.create("a/b", b"second")
    assert area.get("a/b") == b"first"


def test_of_many_creators_exactly_one_wins(area: ObjectStore) -> None:
    won: list[int] = []

    def create(number: int) -> None:
        try:
            area.create("claim-1", str(number).encode())
        except AlreadyExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [area.get("claim-1")] == [str(number).encode() for number in won]


def test_what_is_not_there_is_not_found(area: ObjectStore, tmp_path: Path) -> None:
    for ask in (area.get, area.last_modified, lambda key: area.get_to_file(key, tmp_path / "copy")):
        with pytest.raises(NotFoundError, match="no such/thing"):
            ask("such/thing")
    with pytest.raises(NotFoundError):
        area.get_if_changed("such/thing", None)
    assert not area.exists("such/thing")
    assert not list(tmp_path.glob("*copy*"))


def test_a_folder_is_no_object(area: ObjectStore) -> None:
    area.create("a/b", b"1")

    assert not area.exists("a")


def test_a_read_with_the_etag_answers_only_what_changed(area: ObjectStore) -> None:
    area.create("policy", b"1")
    fetched = area.get_if_changed("policy", None)

    assert fetched is not None
    assert fetched.data == b"1"
    assert area.get_if_changed("policy", fetched.etag) is None
    assert area.get_if_changed("policy", '"another"') == fetched


def test_a_list_is_sorted_and_whole_segments_of_one_folder(area: ObjectStore) -> None:
    for key in ("b/2", "b/10", "a", "bc/1", "b/1/x"):
        area.create(key, b"")

    assert area.list("b") == ["b/1/x", "b/10", "b/2"]
    assert area.list("b", after="b/10") == ["b/2"]
    assert area.list() == ["a", "b/1/x", "b/10", "b/2", "bc/1"]
    assert area.list("none") == []


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(area: ObjectStore) -> None:
    area.create("a", b"1")
    area.delete("a")
    area.delete("a")

    assert not area.exists("a")
    area.create("a", b"2")


def test_the_time_is_the_store_s_own_in_utc(area: ObjectStore) -> None:
    area.create("a", b"1")
    moment = area.last_modified("a")

    assert moment.tzinfo is UTC
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_big_file_goes_and_comes_in_pieces(
    area: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PIECE_BYTES", 100_000)
    content = os.urandom(250_001)
    (tmp_path / "model").write_bytes(content)
    area.create_from_file("bundles/1/model", tmp_path / "model")
    area.get_to_file("bundles/1/model", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == content
    with pytest.raises(AlreadyExistsError):
        area.create_from_file("bundles/1/model", tmp_path / "model")


def test_areas_are_apart(store: Store) -> None:
    for name in AREAS:
        store.area(name).create("same", name.encode())

    assert [store.area(name).get("same") for name in AREAS] == [name.encode() for name in AREAS]


@pytest.mark.parametrize("key", ["../control/a", "/a", ""])
def test_no_key_leaves_the_area(area: ObjectStore, key: str) -> None:
    for use in (area.get, area.exists, area.delete, lambda key: area.create(key, b"")):
        with pytest.raises(StoreError, match="can't be a key"):
            use(key)


def test_opening_touches_nothing(tmp_path: Path) -> None:
    open_store(Settings(store=f"file://{tmp_path}/store")).area("registry")

    assert not list(tmp_path.iterdir())


def test_a_directory_that_can_not_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = open_store(Settings(store=f"file://{tmp_path}/file"))

    with pytest.raises(StoreUnavailableError, match="PICKLEFLEET_STORE"):
        store.area("control").get("a")


def test_a_store_that_does_not_answer_is_unavailable_and_shows_no_key() -> None:
    settings = Settings(
        store="az://account1/team",
        store_endpoint="http://127.0.0.1:9/account1",
        store_access_key=Secret("c2VzYW1l"),
    )

    with pytest.raises(StoreUnavailableError) as caught:
        open_store(settings).area("control").get("a")
    assert "c2VzYW1l" not in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda area: area.get("policy/000001.json"),
        lambda area: area.list("policy"),
        lambda area: area.create("a", b""),
    ],
    ids=["get", "list", "create"],
)
def test_a_store_without_containers_is_told_in_one_line_with_the_command_that_makes_them(
    use: Callable[[ObjectStore], object], missing_containers: ObjectStore
) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        use(missing_containers)

    assert "picklefleet store init" in str(caught.value)
    assert "xml" not in str(caught.value).lower()
    assert "\n" not in str(caught.value)


def test_control_a_missing_object_is_no_missing_container(area: ObjectStore) -> None:
    with pytest.raises(NotFoundError):
        area.get("policy/000001.json")


@pytest.fixture
def missing_containers() -> Iterator[ObjectStore]:
    """What Azure (and Azurite, letter for letter but for the ids) answers where the container does not exist."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _WithoutContainers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings = Settings(
        store="az://account1/team",
        store_endpoint=f"http://127.0.0.1:{server.server_port}/account1",
        store_access_key=Secret("c2VzYW1l"),
    )
    yield open_store(settings).area("control")
    server.shutdown()
    server.server_close()
    thread.join()


class _WithoutContainers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = (
            b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Error>\n  <Code>ContainerNotFound</Code>\n'
            b"  <Message>The specified container does not exist.\nRequestId:1</Message>\n</Error>"
        )
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815 - http.server's own names

    def log_message(self, *_: object) -> None:
        """Nothing in the tests' output."""


def _use_in_child(folder: str, answers: "multiprocessing.Queue[str]") -> None:
    try:
        open_store(Settings(store=f"file://{folder}")).area("control").create("child", b"")
    except StoreError as problem:
        answers.put(str(problem))
    else:
        answers.put("created")


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("method", "answer"), [("fork", "before this process was forked"), ("spawn", "created")]
)
def test_after_a_fork_a_use_is_refused_instead_of_hanging(tmp_path: Path, method: str, answer: str) -> None:
    open_store(Settings(store=f"file://{tmp_path}")).area("control").create("parent", b"")
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    child = context.Process(target=_use_in_child, args=(str(tmp_path), answers))
    child.start()

    assert answer in answers.get(timeout=30)
    child.join(10)


def test_a_store_that_accepts_and_then_hangs_holds_an_upload_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than the limit's own test machine may dawdle, and far below the limit of any other call."""
    monkeypatch.setattr(adapter, "UPLOAD_TIMEOUT_S", 0.5)
    monkeypatch.setattr(adapter, "RETRY_FOR", timedelta(0))
    proxy = FaultProxy("127.0.0.1", 9)
    proxy.mode = "hang"
    settings = Settings(
        store="az://account1/team",
        store_endpoint=f"http://127.0.0.1:{proxy.port}/account1",
        store_access_key=Secret("c2VzYW1l"),
    )
    (tmp_path / "segment").write_bytes(bytes(1000))

    with pytest.raises(StoreUnavailableError):
        open_store(settings).area("records").create_from_file("segment", tmp_path / "segment")
    assert proxy.connections["hang"] >= 1
    proxy.close()


@pytest.mark.parametrize(
    ("size", "limit_s"), [(0, 30), (30 * (128 << 10), 30), (4 << 20, 60), (24 << 20, 240), (1 << 30, 15360)]
)
def test_an_upload_may_take_what_a_slow_link_needs(size: int, limit_s: float) -> None:
    assert adapter.upload_timeout_s(size) == limit_s
