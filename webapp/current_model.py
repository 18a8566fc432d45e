"""The model that this process serves: loaded from the machine's cache, proven, and only then current."""

import threading

from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.proof import Planner
from lifecycle.errors import PicklefleetError
from lifecycle.golden import replay
from lifecycle.loading import load_verified, read_golden
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.model import Model
from lifecycle.signing import TrustSet
from lifecycle.verdict import Outcome

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 15.0

log = get_logger(__name__)


class CurrentModel:
    """Loaded once, before the fork where possible; proven again in every process that answers with it."""

    def __init__(
        self, machine: MachineDirectory, trust: TrustSet, planner: Planner | None = make_plan
    ) -> None:
        self._machine = machine
        self._planner = planner
        self._trust = trust
        self._loaded: Model | None = None
        self._proven = False

    def __call__(self) -> Model | None:
        """The model, or None while this process may not answer."""
        return self._loaded if self._proven else None

    def load(self) -> bool:
        """Load what the machine shall serve; False, with the reason in the log, when that can't be done yet."""
        try:
            serving = self._machine.serving()
            if serving is None:
                return False
            self._loaded = self._load(serving)
        except PicklefleetError as problem:
            log.error("model_not_loaded", problem=str(problem), kind=type(problem).__name__)
            return False
        return True

    def prove(self) -> bool:
        """Replay the golden rows in this very process: a model can load in the parent and fail in a child."""
        if self._loaded is None:
            return False
        verdict = replay(self._loaded, read_golden(self._machine.bundle(self._loaded.digest)))
        self._proven = verdict.outcome is Outcome.PASSED
        if not self._proven:
            log.error("golden_rows_differ", reasons=list(verdict.reasons))
        return self._proven

    def start(self) -> None:
        """In a worker: prove what the parent loaded, or keep trying in the background until there is one."""
        if not self.prove():
            threading.Thread(target=self._keep_trying, name="load-model", daemon=True).start()

    def _keep_trying(self) -> None:
        pause_s = FIRST_RETRY_S
        while not (self.load() and self.prove()):
            threading.Event().wait(pause_s)
            pause_s = min(pause_s * 1.5, LAST_RETRY_S)

    def _load(self, serving: Serving) -> Model:
        folder = self._machine.bundle(serving.digest)
        model = load_verified(folder, serving.digest, serving.version, self._trust, planner=self._planner)
        log.info(
            "model_loaded",
            model=model.name,
            version=model.version,
            digest=model.digest[:12],
            fast_path=model.fast.in_words(),
        )
        return model
