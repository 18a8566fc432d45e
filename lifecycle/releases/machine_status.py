"""What each machine says of itself: `machines/<machine>/<number>.json` in `control`, the newest number counts.

Written by the machine's agent every few seconds, read by whoever walks: nobody logs in to look.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, field

import msgspec

from lifecycle.errors import AlreadyExistsError, CorruptBundleError, NotFoundError
from lifecycle.object_store import ObjectStore
from lifecycle.releases.release import Colour

FORMAT = 1
FOLDER = "machines"


@dataclass(frozen=True, slots=True)
class ColourStatus:
    """`release` is the id that the colour's processes were started with, `ready` that they answer and show a heartbeat.

    `smoke`: the walk whose golden rows were asked; `wrong` says what was wrong with the answers, nothing when all held.
    `memory_bytes` is the sum over its processes.
    """

    release: str = ""
    ready: bool = False
    smoke: str = ""
    wrong: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """`applied`: the journal's entry that this machine's edge proxy acts upon. `sessions`: open client connections.

    `probed`: whether Azure's balancer asked for its readiness of late; None by releases that do not tell.
    """

    machine: str
    at_ms: int
    applied: int
    admitted: bool
    weights: dict[Colour, int]
    sessions: int
    colours: dict[Colour, ColourStatus] = field(default_factory=dict)
    format: int = FORMAT
    probed: bool | None = None


def publish(control: ObjectStore, status: MachineStatus) -> None:
    """The next number; the one before stays for those who are reading it just now."""
    prefix = f"{FOLDER}/{status.machine}"
    numbers = sorted(_number(key) for key in control.list(prefix))
    number = numbers[-1] + 1 if numbers else 1
    with suppress(AlreadyExistsError):  # somebody with this machine's name: the next one finds another number
        control.create(f"{prefix}/{number:08d}.json", msgspec.json.encode(asdict(status)))
    for old in numbers[:-1]:
        control.delete(f"{prefix}/{old:08d}.json")


def read_all(control: ObjectStore) -> dict[str, MachineStatus]:
    """The newest of each machine, however old. Raises CorruptBundleError for one that can't be read."""
    newest = {key.split("/")[1]: key for key in sorted(control.list(FOLDER))}
    found = {}
    for machine, key in newest.items():
        with suppress(NotFoundError):  # a newer one came meanwhile, and this one was taken away: next time
            found[machine] = _read(control, key)
    return found


def _read(control: ObjectStore, key: str) -> MachineStatus:
    try:
        return msgspec.json.decode(control.get(key), type=MachineStatus)
    except msgspec.MsgspecError as problem:
        raise CorruptBundleError(f"{key} can't be read: {problem}.") from problem


def _number(key: str) -> int:
    return int(key.rsplit("/", 1)[1].removesuffix(".json"))
