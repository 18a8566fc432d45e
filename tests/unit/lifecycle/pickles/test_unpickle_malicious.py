"""No file runs anything while it is loaded; the control group shows that each would, with plain pickle."""

import contextlib
import io
import pickle
import time
import warnings
from pathlib import Path

import joblib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.unpickle import load_model_bytes
from tests.honest_models import fitted
from tests.malicious_pickles import hostile_sizes, others, running, running_in_joblib

ALLOWED = AllowList.default()
NOWHERE = Path("canary")


@pytest.mark.parametrize("name", running(NOWHERE))
def test_what_plain_pickle_runs_is_refused_and_does_not_run(name, tmp_path):
    canary = tmp_path / "canary"
    data = running(canary)[name]

    _refused(data)
    assert not canary.exists()

    _load_recklessly(lambda: pickle.loads(data))
    assert _appears(canary), "the control group must show that the payload works"


@pytest.mark.parametrize("name", running_in_joblib(NOWHERE))
def test_what_joblib_runs_is_refused_and_does_not_run(name, tmp_path):
    canary = tmp_path / "canary"
    data = running_in_joblib(canary)[name]

    _refused(data)
    assert not canary.exists()

    _load_recklessly(lambda: joblib.load(io.BytesIO(data)))
    assert _appears(canary), "the control group must show that the payload works"


@pytest.mark.parametrize("name", others(NOWHERE))
def test_other_harm_is_refused(name, tmp_path):
    canary = tmp_path / "canary"
    _refused(others(canary)[name])

    assert not canary.exists()


@pytest.mark.parametrize("name", hostile_sizes())
def test_impossible_sizes_and_depths_are_refused_quickly(name):
    started = time.monotonic()

    _refused(hostile_sizes()[name])

    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", running(NOWHERE))
def test_no_extra_global_opens_the_door_to_another(name, tmp_path):
    """What a person allows for one model is that one name, not its module and not its attributes."""
    extended = ALLOWED.with_extra(["os:path", "subprocess:PIPE", "joblib.numpy_pickle:os", "pydoc:help"])
    canary = tmp_path / "canary"

    with pytest.raises(ModelRefusedError):
        load_model_bytes(running(canary)[name], extended)
    assert not canary.exists()


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_a_refusal(data):
    _load_or_refuse(data)


@given(st.binary(max_size=120), st.integers(2, 5))
def test_random_opcodes_raise_nothing_but_a_refusal(data, protocol):
    _load_or_refuse(b"\x80" + bytes([protocol]) + data + b".")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(position=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_honest_pickle_raises_nothing_but_a_refusal(honest, position, value, cut):
    where = position % len(honest)
    damaged = honest[:where] if cut else honest[:where] + bytes([value]) + honest[where + 1 :]

    _load_or_refuse(damaged)


@pytest.fixture(scope="module", params=["pickle", "protocol 0", "joblib"])
def honest(request):
    model = fitted("columns by index")[0]
    if request.param == "joblib":
        stream = io.BytesIO()
        joblib.dump(model, stream)
        return stream.getvalue()
    return pickle.dumps(model, protocol=0 if request.param == "protocol 0" else None)


def _refused(data: bytes) -> None:
    with pytest.raises(ModelRefusedError) as refusal:
        load_model_bytes(data, ALLOWED)
    assert refusal.value.message.endswith(".")
    assert refusal.value.fix


def _load_or_refuse(data: bytes) -> None:
    try:
        load_model_bytes(data, ALLOWED, max_bytes=1 << 20)
    except ModelRefusedError:
        return


def _load_recklessly(load) -> None:
    with warnings.catch_warnings(), contextlib.suppress(Exception):  # some payloads fail after they have run
        warnings.simplefilter("ignore")
        load()


def _appears(canary: Path) -> bool:
    deadline = time.monotonic() + 5
    while not canary.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return canary.exists()
