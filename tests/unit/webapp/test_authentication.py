"""Who is let in: from the key file alone, closed when it can't be read, changed within a second."""

import os
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from lifecycle import clock
from lifecycle.api_keys import Caller, NewKey, make_key
from lifecycle.key_journal import KeySetEntry
from lifecycle.settings import load
from webapp.authentication import ANYBODY, Gate, KeyFile, gate_for
from webapp.problems import ProblemError


class Seconds:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.value = 100.0

    def __call__(self) -> float:
        return self.value


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "api_keys.json"


def made(owner="shop", scopes=("predict",), **more) -> NewKey:
    return make_key(owner, scopes, clock.now(), **({"lifetime": timedelta(days=1)} | more))


def write(path, *keys: NewKey) -> None:
    """As the agent does: another file, renamed into place."""
    other = path.with_suffix(".new")
    other.write_bytes(KeySetEntry(1, tuple(new.key for new in keys), "", "", "").to_bytes())
    other.replace(path)


def refused(gate: Gate, *credentials, scope="predict") -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        gate.admit(*credentials, scope)
    return caught.value


def test_a_new_set_counts_after_a_second_and_the_file_is_not_looked_at_before(path, seconds):
    first, second = made(), made()
    write(path, first)
    keys = KeyFile(path, monotonic=seconds)
    assert set(keys().keys) == {first.key.key_id}

    write(path, second)
    seconds.value += 0.99
    assert set(keys().keys) == {first.key.key_id}
    seconds.value += 0.02
    assert set(keys().keys) == {second.key.key_id}


def test_a_set_replaced_within_the_same_tick_of_the_clock_is_seen(path, seconds):
    first, second = made(), made()
    write(path, first)
    keys = KeyFile(path, monotonic=seconds)
    keys()
    before = path.stat()

    write(path, second)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    seconds.value += 1.1

    assert set(keys().keys) == {second.key.key_id}


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"format": 1}', b'{"format": 9, "keys": []}'])
def test_without_a_file_that_can_be_read_nobody_is_let_in(path, seconds, content):
    new = made()
    write(path, new)
    gate = Gate(KeyFile(path, monotonic=seconds))
    assert gate.admit(None, new.text, "predict").owner == "shop"

    path.unlink()
    if content is not None:
        path.write_bytes(content)
    seconds.value += 1.1

    problem = refused(gate, None, new.text)
    assert (problem.kind.status, problem.kind.slug) == (503, "keys-unavailable")
    assert problem.headers == {"Retry-After": "5"}
    assert not gate.can_tell


def test_a_file_that_can_be_read_again_opens_the_gate_again(path, seconds):
    new = made()
    gate = Gate(KeyFile(path, monotonic=seconds))
    refused(gate, None, new.text)

    write(path, new)
    seconds.value += 1.1

    assert gate.can_tell
    assert gate.admit(f"Bearer {new.text}", None, "predict") == Caller(
        "shop", new.key.key_id, frozenset({"predict"})
    )


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {} "])
def test_the_key_comes_as_a_bearer_token_or_in_a_header_of_its_own(path, form):
    new = made()
    write(path, new)
    gate = Gate(KeyFile(path))

    for credentials in (
        (form.format(new.text), None),
        (None, new.text),
        ("", new.text),
        (form.format(new.text), new.text),
    ):
        assert gate.admit(*credentials, "predict").key_id == new.key.key_id


def test_two_credentials_that_differ_are_none(path):
    one, other = made(), made()
    write(path, one, other)

    assert refused(Gate(KeyFile(path)), f"Bearer {one.text}", other.text).kind.status == 401


@pytest.mark.parametrize("scope", ["feedback", "read", "admin"])
def test_no_scope_implies_another(path, scope):
    new = made()
    write(path, new)

    problem = refused(Gate(KeyFile(path)), None, new.text, scope=scope)

    assert (problem.kind.status, problem.kind.slug) == (403, "forbidden")
    assert problem.headers["WWW-Authenticate"] == (
        f'Bearer realm="picklefleet", error="insufficient_scope", scope="{scope}"'
    )


def test_with_keys_off_whoever_comes_may_do_everything():
    assert Gate().admit(None, None, "admin") == ANYBODY
    assert Gate().can_tell
    assert not Gate().closed


def test_the_gate_closes_as_soon_as_others_can_reach_the_service(path):
    def gate(**values):
        return gate_for(load({f"PICKLEFLEET_{name}": value for name, value in values.items()}), path)

    with capture_logs() as logged:
        assert gate(HOST="192.168.0.1").closed
        assert gate(API_KEYS="on").closed
    assert logged == []

    with capture_logs() as logged:
        assert not gate(HOST="127.0.0.1").closed
    assert [line["event"] for line in logged] == ["api_keys_off"]
