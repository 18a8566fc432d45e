"""The service as a release with a fault that the environment's FAULT names; without one it is a good release.

Every request takes some time that varies, as it does where machines are shared.
"""

import os
import random
import threading
import time
from dataclasses import replace

import msgspec

from lifecycle import clock
from lifecycle.measurements.measuring import Measuring
from webapp import traffic
from webapp.asked import Asked
from webapp.contract import Contract

FAULT = os.environ.get("FAULT", "")
WELL_S = float(os.environ.get("WELL_S", "60"))
USUAL_S = 0.004
SLOWER = 5
WARM_UP_S = 90
CRASHES_AT = 10  # golden rows are one request
HOUR_MS = 3_600_000
LEAKED_A_SECOND = 48 << 20

_leaked = []
_first = []
_seen = []
_write = Asked._write
_contract_of = Contract.of


def _varied():
    return random.gammavariate(2, USUAL_S / 2)


def _noisy(asked):
    time.sleep(_varied())
    _write(asked)


def _failing_later(asked):
    """Well for a minute of traffic, and then never again."""
    if not _first:
        _first.append(time.monotonic())
    if time.monotonic() - _first[0] > WELL_S:
        raise RuntimeError
    _noisy(asked)


def _slow(asked):
    time.sleep(_varied() * (SLOWER - 1))
    _noisy(asked)


def _wrong(asked):
    _noisy(asked)
    answer = asked._answer
    swapped = (
        answer.body.replace(b":true", b":maybe").replace(b":false", b":true").replace(b":maybe", b":false")
    )
    asked._answer = msgspec.structs.replace(answer, body=swapped)


def _crashing(asked):
    _seen.append(asked)
    if len(_seen) == CRASHES_AT:
        os._exit(1)
    _noisy(asked)


def _leak():
    while True:
        _leaked.append(bytearray(os.urandom(1 << 20) * (LEAKED_A_SECOND >> 20)))
        time.sleep(1)


def _other_contract(signature, max_rows):
    first, *others = signature.inputs
    return _contract_of(
        replace(signature, inputs=(replace(first, name=f"{first.name}_2"), *others)), max_rows
    )


Asked._write = {
    "fails after a minute": _failing_later,
    "five times slower": _slow,
    "wrong answers": _wrong,
    "crashes under load": _crashing,
}.get(FAULT, _noisy)
if FAULT == "slow warm-up":
    time.sleep(WARM_UP_S)
if FAULT == "another contract":
    traffic.Contract.of = _other_contract
if FAULT == "silent":
    Measuring.count = lambda *_: None
if FAULT == "wrong clock":
    _unix_ms = clock.unix_ms
    clock.unix_ms = lambda: _unix_ms() + HOUR_MS
if FAULT == "leaks":
    os.register_at_fork(after_in_child=lambda: threading.Thread(target=_leak, daemon=True).start())

from webapp.wsgi import app  # noqa: E402 - what is changed must be so before it is made

__all__ = ["app"]
