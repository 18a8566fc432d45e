"""The traffic that this process answers: loaded from the machine's cache, proven, and only then current."""

from collections.abc import Mapping

from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.proof import Planner
from lifecycle.errors import BundleError, PicklefleetError
from lifecycle.golden import replay
from lifecycle.loading import load_verified, read_golden
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import VersionRef
from lifecycle.same_contract import require_same_contract
from lifecycle.signing import TrustSet
from lifecycle.verdict import Outcome
from webapp.traffic import Served, Traffic

log = get_logger(__name__)


class CurrentTraffic:
    """Loaded before the fork where possible; proven again in every process that answers with it.

    A model that two policies name is loaded once; what no policy names any more is let go.
    """

    def __init__(
        self, machine: MachineDirectory, trust: TrustSet, max_rows: int, planner: Planner | None = make_plan
    ) -> None:
        self._machine = machine
        self._trust = trust
        self._max_rows = max_rows
        self._planner = planner
        self._inherited: Traffic | None = None
        self._current: Traffic | None = None
        self._prepared: Traffic | None = None
        self._proven: set[str] = set()

    def __call__(self) -> Traffic | None:
        """None while this process may not answer."""
        return self._current

    @property
    def inherited(self) -> tuple[str, ...]:
        """The digests whose memory this process shares with its siblings."""
        return () if self._inherited is None else tuple(sorted(self._inherited.by_digest))

    def loaded(self) -> tuple[str, frozenset[str]] | None:
        """What answers now: its id and the digests of its models."""
        return None if self._current is None else (self._current.id, frozenset(self._current.by_digest))

    def load(self) -> bool:
        """Before a fork, in the parent: hold what the machine serves now. True when that is something new; the
        reason why it can't be loaded stands in the log.
        """
        try:
            serving = self._machine.serving()
            if serving is None or (self._inherited is not None and self._inherited.id == serving.id):
                return False
            self._inherited = self._build(serving)
        except PicklefleetError as problem:
            log.error("model_not_loaded", problem=str(problem), kind=type(problem).__name__)
            return False
        return True

    def forked(self) -> None:
        """A model can load in the parent and fail in a child: nothing is proven in this process yet."""
        self._proven.clear()

    def prepare(self, wanted: Serving) -> Traffic:
        """Load and prove what is missing, beside what answers now. Raises PicklefleetError with the reason."""
        try:
            if self._prepared is None or self._prepared.id != wanted.id:
                self._prepared = self._build(wanted)
        except PicklefleetError:
            raise
        except Exception as problem:
            raise BundleError(f"A model failed while it was loaded: {type(problem).__name__}.") from problem
        return self._prepared

    def switch(self, serving: Serving) -> Traffic:
        """Answer with that from here on, in one assignment. Raises PicklefleetError; nothing changed then."""
        self._current = self.prepare(serving)
        self._prepared = None
        self._proven &= self._current.by_digest.keys()
        return self._current

    def _build(self, serving: Serving) -> Traffic:
        held = self._held()
        policy = serving.traffic
        by_digest = {ref.digest: held.get(ref.digest) or self._load(ref) for ref in policy.versions}
        for served in by_digest.values():
            self._prove(served)
        champion = by_digest[policy.champion.digest].model.signature
        for ref in policy.versions[1:]:
            require_same_contract(policy.champion, champion, ref, by_digest[ref.digest].model.signature)
        return Traffic(serving.id, policy, by_digest)

    def _held(self) -> Mapping[str, Served]:
        parts = (self._inherited, self._current, self._prepared)
        return {digest: served for part in parts if part for digest, served in part.by_digest.items()}

    def _load(self, ref: VersionRef) -> Served:
        folder = self._machine.bundle(ref.digest)
        try:
            model = load_verified(folder, ref.digest, ref.version, self._trust, planner=self._planner)
            served = Served.of(model, read_golden(folder), self._max_rows)
        except MemoryError as problem:
            raise BundleError(f"{ref.version} does not fit into memory.") from problem
        self._proven.add(ref.digest)
        log.info(
            "model_loaded",
            model=model.name,
            version=model.version,
            digest=model.digest[:12],
            fast_path=model.fast.in_words(),
        )
        return served

    def _prove(self, served: Served) -> None:
        model = served.model
        if model.digest in self._proven:
            return
        golden = read_golden(self._machine.bundle(model.digest))
        for way in (model, model.by_estimator()):  # the plan, and what a disagreement falls back to
            verdict = replay(way, golden)
            if verdict.outcome is not Outcome.PASSED:
                raise BundleError(
                    f"{model.name} {model.version} fails its golden rows: {' '.join(verdict.reasons)}"
                )
        self._proven.add(model.digest)
