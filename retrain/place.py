"""Everything that a retraining reads and writes, and its folder on this machine."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.claims import Claim, claimed
from lifecycle.clock import Clock
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.registry import Registry
from lifecycle.retraining import RetrainQueue
from lifecycle.signing import SigningKey, TrustSet
from retrain.limits import Limits
from retrain.stopped import TrainingWaitsError

JOB = "retraining"


@dataclass(frozen=True, slots=True)
class Place:
    """`root` keeps a folder for each request; `key` signs registrations, `by` is who runs this."""

    registry: Registry
    trust: TrustSet
    log: PredictionLog
    queue: RetrainQueue
    key: SigningKey
    root: Path
    limits: Limits
    by: str
    now: Clock = clock.now

    def folder(self, request_id: str) -> Path:
        return self.root / request_id

    @contextmanager
    def alone(self) -> Iterator[Claim]:
        """One retraining at a time, on this machine and over all. Raises TrainingWaitsError or ClaimHeldError."""
        with (
            self._locked(),
            claimed(self.queue.control, JOB, self.limits.wall_s, holder=self._holder()) as claim,
        ):
            yield claim

    def tidy(self, request_id: str) -> None:
        """Rows of people do not stay here longer than they are needed."""
        shutil.rmtree(self.folder(request_id), ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with Path(self.root, "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                raise TrainingWaitsError(
                    "Another retraining runs on this machine.", fix="Wait: picklefleet retrain status"
                ) from problem
            yield

    def _holder(self) -> str:
        """The name of this folder, made once: who holds its lock knows that an earlier holder is dead."""
        path = self.root / "holder"
        if not path.exists():
            write_atomically(path, uuid4().hex.encode())
        return path.read_text("ascii")
