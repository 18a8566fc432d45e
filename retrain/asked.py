"""What a contained child is asked and how it answers: documents in a folder, and an exit code."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from lifecycle.contain import EndedBySignalError, Limits, OutOfTimeError, run_contained
from lifecycle.errors import PicklefleetError, StoreUnavailableError
from retrain.stopped import TrainingStoppedError

T = TypeVar("T")

REFUSED = 3
DISK = 74  # EX_IOERR
_TOLD = "told.json"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
) | {"PYTHONHASHSEED": "0"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Paths are absolute. `champion` and `challenger` are bundles' folders, `rows` is what `work.py` writes."""

    champion: str
    champion_digest: str
    challenger: str
    rows: str
    answer: str
    metric: str
    seed: int = 0
    recipe: str = ""
    dask: str = ""


def ask(step: str, asked: Asked, folder: Path, limits: Limits) -> None:
    """Run `python -m retrain child STEP` contained, with one thread and a fixed hash seed.

    Raises TrainingStoppedError with the child's reason or the limit that it met.
    """
    folder.mkdir(parents=True, exist_ok=True)
    question = folder / f"{step}.json"
    question.write_bytes(msgspec.json.encode(asdict(asked)))
    told = folder / _TOLD
    told.unlink(missing_ok=True)
    try:
        code = run_contained("retrain", ["child", step, str(question)], folder, limits, _ONE_THREAD)
    except OutOfTimeError as problem:
        raise TrainingStoppedError(
            f"The step {step} took longer than {limits.wall_s} s.",
            fix="Raise PICKLEFLEET_RETRAIN_TIME_LIMIT_S, or use a lighter recipe.",
        ) from problem
    except EndedBySignalError as problem:
        raise TrainingStoppedError(
            f"The step {step} was ended: {problem.message}",
            fix="It met its limit of memory or CPU time (PICKLEFLEET_RETRAIN_MEMORY_BYTES), or a library crashed.",
        ) from problem
    _require_done(step, code, told)


def _require_done(step: str, code: int, told: Path) -> None:
    if code == 0:
        return
    if code == DISK:
        raise StoreUnavailableError(
            f"The step {step} could not write its files.",
            fix="Free the disk of PICKLEFLEET_MACHINE_DIR; the request stays open.",
        )
    if code == REFUSED and told.exists():
        document = msgspec.json.decode(told.read_bytes(), type=dict[str, str])
        raise TrainingStoppedError(document["message"], fix=document["fix"])
    raise TrainingStoppedError(f"The step {step} ended with code {code}.", fix="Its output is above.")


def answer(question: Path, work: Callable[[Asked], Any]) -> int:
    """In the child: do the work; what it returns goes into the file that was asked for."""
    asked = msgspec.json.decode(question.read_bytes(), type=Asked)
    try:
        done = work(asked)
        Path(asked.answer).write_bytes(msgspec.json.encode(done))
    except PicklefleetError as problem:
        document = {"message": problem.message, "fix": problem.fix}
        (question.parent / _TOLD).write_bytes(msgspec.json.encode(document))
        return REFUSED
    except MemoryError:
        document = {
            "message": f"The step {question.stem} needs more memory than it may have.",
            "fix": "Raise PICKLEFLEET_RETRAIN_MEMORY_BYTES, or use a lighter recipe.",
        }
        (question.parent / _TOLD).write_bytes(msgspec.json.encode(document))
        return REFUSED
    except OSError:
        return DISK
    return 0


def read_answer(path: Path, shape: type[T]) -> T:
    return msgspec.json.decode(path.read_bytes(), type=shape)
