"""A rollout that retraining asks for where the settings allow it: `rollouts/requests/<version>.json`.

It is a hint and gives no right: whoever walks it reads the signed card of the version (`lifecycle.model_card`).
"""

from dataclasses import asdict, dataclass

import msgspec

from lifecycle.errors import AlreadyExistsError, CorruptBundleError
from lifecycle.object_store import ObjectStore

FORMAT = 1
_FOLDER = "rollouts/requests"


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """`version` shall take over from `champion`, both `v` and a number. `asked_at` is RFC 3339 UTC."""

    version: str
    digest: str
    champion: str
    reason: str
    asked_by: str
    asked_at: str
    format: int = FORMAT


def ask_for_rollout(control: ObjectStore, request: RolloutRequest) -> bool:
    """False when it was asked for before."""
    try:
        control.create(f"{_FOLDER}/{request.version}.json", msgspec.json.encode(asdict(request)))
    except AlreadyExistsError:
        return False
    return True


def asked_rollouts(control: ObjectStore) -> list[RolloutRequest]:
    """All that were ever asked for, oldest version first. Raises CorruptBundleError for one that can't be read."""
    found = [_read(control, key) for key in control.list(_FOLDER)]
    return sorted(found, key=lambda one: int(one.version.removeprefix("v")))


def _read(control: ObjectStore, key: str) -> RolloutRequest:
    try:
        return msgspec.json.decode(control.get(key), type=RolloutRequest)
    except msgspec.MsgspecError as problem:
        raise CorruptBundleError(f"{key} can't be read: {problem}.") from problem
