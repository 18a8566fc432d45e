"""What asks for a new model, and why: a queue in the store. A request is created once and answered once."""

from dataclasses import asdict, dataclass
from datetime import date

import msgspec

from lifecycle.errors import AlreadyExistsError, CorruptBundleError
from lifecycle.object_store import ObjectStore

FORMAT = 1
_FOLDER = "retraining"
_REQUEST = "request.json"
_DONE = "done.json"


@dataclass(frozen=True, slots=True)
class RetrainRequest:
    """`night` decided it for `version`; `nights` were bad, `evidence` are sentences. `made_at` is RFC 3339 UTC."""

    model: str
    version: str
    night: date
    reason: str
    nights: tuple[date, ...]
    evidence: tuple[str, ...]
    made_at: str
    format: int = FORMAT

    @property
    def id(self) -> str:
        """The same night asks for the same version once."""
        return f"{self.night.isoformat()}-{self.version}"


@dataclass(frozen=True, slots=True)
class RetrainQueue:
    """In the `control` area."""

    control: ObjectStore

    def add(self, request: RetrainRequest) -> bool:
        """False when the night has asked before."""
        return self._create(request.id, _REQUEST, msgspec.json.encode(asdict(request)))

    def finish(self, request_id: str, outcome: str) -> bool:
        """Say what became of it; False when that was said before."""
        document = {"format": FORMAT, "outcome": outcome}
        return self._create(request_id, _DONE, msgspec.json.encode(document))

    def requests(self) -> list[RetrainRequest]:
        """All, oldest night first. Raises CorruptBundleError for one that can't be read."""
        keys = [key for key in self.control.list(_FOLDER) if key.endswith(f"/{_REQUEST}")]
        return sorted(map(self._read, keys), key=lambda request: (request.night, request.version))

    def open(self) -> list[RetrainRequest]:
        """Those that nobody has answered yet."""
        return [one for one in self.requests() if not self.control.exists(f"{_FOLDER}/{one.id}/{_DONE}")]

    def _read(self, key: str) -> RetrainRequest:
        try:
            return msgspec.json.decode(self.control.get(key), type=RetrainRequest)
        except msgspec.MsgspecError as problem:
            raise CorruptBundleError(f"{key} can't be read: {problem}.") from problem

    def _create(self, request_id: str, name: str, data: bytes) -> bool:
        try:
            self.control.create(f"{_FOLDER}/{request_id}/{name}", data)
        except AlreadyExistsError:
            return False
        return True
