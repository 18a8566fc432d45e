"""One retraining, a straight line: gather, check, fit, compare, register. Killed anywhere, it goes on where it was.

What is done is known from files: each step writes its own, the last word of it at the end, and is left out when that
is there and right. Steps after `gather` keep theirs in a folder named after the rows they used.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import duckdb
import msgspec

from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.bundle import ARTIFACT, MANIFEST, SHIM, manifest_from_bytes, sha256_of
from lifecycle.claims import Claim
from lifecycle.contain import Limits as ChildLimits
from lifecycle.errors import StoreUnavailableError
from lifecycle.reference.learning import tell
from lifecycle.retraining import FIT_BEGUN, RetrainRequest
from retrain.asked import Asked, ask, read_answer
from retrain.champion import Champion, bring, champion_of, current_champion
from retrain.comparison import Comparison
from retrain.concept import Realised
from retrain.cooldown import require_cool
from retrain.fitting import Fitted
from retrain.place import Place
from retrain.plan import STEP as PLAN
from retrain.plan import Plan, plan_for, plan_from
from retrain.preparing import prepare
from retrain.stopped import TrainingStoppedError
from retrain.work_rows import write_work

Step = Literal["gather", "check", "fit", "compare", "register"]
STEPS: tuple[Step, ...] = get_args(Step)
ROWS = "rows.parquet"
GATHERED = "gathered.json"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the step `gather` leaves: the file's digest, and what the card says of the data."""

    rows_sha256: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retraining:
    """One request at work in its folder."""

    place: Place
    request: RetrainRequest
    plan: Plan
    champion: Champion
    folder: Path
    claim: Claim

    @property
    def champion_folder(self) -> Path:
        return self.folder / "champion"

    def gathered(self) -> Gathered:
        path = self.folder / GATHERED
        rows = self.folder / ROWS
        if path.exists() and rows.exists():
            known = read_answer(path, Gathered)
            if sha256_of(rows) == known.rows_sha256:
                return known
        tell("Gathering labelled rows …")
        bring(self.place.registry, self.champion, self.champion_folder)
        prepared = prepare(self.place, self.plan, self.champion, self.champion_folder)
        write_work(prepared.work, self.champion.manifest.signature, self.folder / "rows.tmp")
        (self.folder / "rows.tmp").replace(rows)
        made = Gathered(sha256_of(rows), prepared.document)
        self._done("gather", path, made, {"data": made.data})
        return made

    def checked(self) -> dict[str, Realised | None]:
        path = self._own() / "check.json"
        if not path.exists():
            tell("Asking the champion what it makes of the labels …")
            self._ask("check", path)
            self.place.queue.record(self.request.id, "check", {"realised": _document(path)})
        return read_answer(path, dict[str, Realised | None])

    def fitted(self) -> Fitted:
        """Marks the beginning first: the cooldown counts from there, whatever comes of it."""
        path, artifact = self._own() / "fit.json", self.challenger / ARTIFACT
        if path.exists() and artifact.exists():
            known = read_answer(path, Fitted)
            if sha256_of(artifact) == known.artifact_sha256:
                return known
        tell("Fitting …")
        self.place.queue.record(self.request.id, FIT_BEGUN, {"as_of": self.plan.as_of})
        self.challenger.mkdir(parents=True, exist_ok=True)
        self._ask("fit", path)
        made = read_answer(path, Fitted)
        self.place.queue.record(self.request.id, "fit", asdict(made))
        return made

    def compared(self) -> Comparison:
        path, fitted = self._own() / "compare.json", self.fitted()
        manifest = self.challenger / MANIFEST
        if path.exists() and manifest.exists() and _names(manifest, fitted.artifact_sha256):
            return read_answer(path, Comparison)
        tell("Making the challenger's bundle …")
        self._keep_only_artifact()
        self._ask("compare", path)
        self.place.queue.record(self.request.id, "compare", _document(path))
        return read_answer(path, Comparison)

    @property
    def challenger(self) -> Path:
        return self._own() / "challenger"

    def _own(self) -> Path:
        """The folder of the steps that used these very rows."""
        rows = read_answer(self.folder / GATHERED, Gathered).rows_sha256
        folder = self.folder / rows[:16]
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _keep_only_artifact(self) -> None:
        """And the champion's shim: an interrupted comparison may have left more."""
        for path in self.challenger.iterdir():
            if path.name != ARTIFACT:
                path.unlink()
        if (self.champion_folder / SHIM).exists():
            (self.challenger / SHIM).write_bytes((self.champion_folder / SHIM).read_bytes())

    def _ask(self, step: str, path: Path) -> None:
        """In a contained child, within what is left of the time; its answer appears when it is whole."""
        self.claim.still()
        limits = self.place.limits
        recipe = str(limits.recipe or "") if step == "fit" else ""
        dask = limits.dask if recipe else ""
        unfinished = path.with_suffix(".tmp")
        asked = Asked(
            str(self.champion_folder),
            self.champion.digest,
            str(self.challenger),
            str(self.folder / ROWS),
            str(unfinished),
            self.champion.manifest.metric,
            self.plan.seed,
            recipe,
            dask,
        )
        left = max(1, int(self.claim.ends_at - clock.monotonic()))
        cpu_s = left * (os.cpu_count() or 1)
        ask(
            step,
            asked,
            self._own() / "child",
            ChildLimits(left, cpu_s, limits.memory_bytes, network=bool(dask)),
        )
        unfinished.replace(path)

    def _done(self, step: str, path: Path, made: Any, told: dict[str, Any]) -> None:
        write_atomically(path, msgspec.json.encode(asdict(made)))
        self.place.queue.record(self.request.id, step, told)


@dataclass(frozen=True, slots=True)
class Choices:
    """`until` is the last step to do; `as_of` and `seed` count only where the request is begun."""

    as_of: datetime
    seed: int = 0
    until: Step = "register"


@contextmanager
def begun(place: Place, request: RetrainRequest, choices: Choices) -> Iterator[Retraining]:
    """Claimed and planned. Raises TrainingStoppedError, TrainingWaitsError or ClaimHeldError."""
    with place.alone() as claim, _told_when_full(place):
        plan, champion = _planned(place, request, choices)
        require_cool(plan.moment, place.queue.fits(but=request.id))
        folder = place.folder(request.id)
        folder.mkdir(parents=True, exist_ok=True)
        bring(place.registry, champion, folder / "champion")
        yield Retraining(place, request, plan, champion, folder, claim)


def do(work: Retraining, until: Step, register: Callable[[Retraining], Any]) -> Any:
    """The steps up to that one; what the last of them made."""
    made: Any = None
    steps: dict[Step, Callable[[], Any]] = {
        "gather": work.gathered,
        "check": work.checked,
        "fit": work.fitted,
        "compare": work.compared,
        "register": lambda: register(work),
    }
    for step in STEPS[: STEPS.index(until) + 1]:
        work.claim.still()
        made = steps[step]()
    return made


def _planned(place: Place, request: RetrainRequest, choices: Choices) -> tuple[Plan, Champion]:
    known = place.queue.recorded(request.id, PLAN)
    champion = current_champion(place.registry, place.trust)
    if known is None:
        plan = plan_for(request, champion, place.limits, choices.as_of, choices.seed)
        place.queue.record(request.id, PLAN, plan.to_document())
        known = place.queue.recorded(request.id, PLAN) or plan.to_document()
    plan = plan_from(known)
    if champion.digest != plan.champion_digest:
        raise TrainingStoppedError(
            f"{champion.version} became champion meanwhile; this was planned against {plan.champion}.",
            fix="Ask again: picklefleet retrain request --reason …",
        )
    return plan, champion_of(place.registry, place.trust, plan.champion, plan.champion_digest)


@contextmanager
def _told_when_full(place: Place) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.IOException) as problem:
        raise StoreUnavailableError(
            f"{place.root} can't be written: {problem}.", fix="Free the disk; the request stays open."
        ) from problem


def _names(manifest: Path, artifact_sha256: str) -> bool:
    files = manifest_from_bytes(manifest.read_bytes()).files
    return any(entry.path == ARTIFACT and entry.sha256 == artifact_sha256 for entry in files)


def _document(path: Path) -> dict[str, Any]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
