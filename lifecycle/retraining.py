"""What asks for a new model, and why: a queue in the store. A request is created once and answered once.

`retraining/<request>/request.json` asks, `steps/<step>.json` say how far it is, `done.json` what became of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from lifecycle.errors import AlreadyExistsError, CorruptBundleError, NotFoundError
from lifecycle.object_store import ObjectStore

FORMAT = 1
FIT_BEGUN = "fit-begun"
_FOLDER = "retraining"
_REQUEST = "request.json"
_DONE = "done.json"

Origin = Literal["drift", "person", "schedule"]
Result = Literal["blessed", "not-blessed", "stopped"]


@dataclass(frozen=True, slots=True)
class RetrainRequest:
    """Asked for `version`; `nights` were bad, `evidence` are sentences. `made_at` is RFC 3339 UTC.

    `night` decided it; a person's or the schedule's is the day on which they asked.
    """

    model: str
    version: str
    night: date
    reason: str
    nights: tuple[date, ...]
    evidence: tuple[str, ...]
    made_at: str
    format: int = FORMAT
    origin: Origin = "drift"
    requested_by: str = ""

    @property
    def id(self) -> str:
        """The same night asks for the same version once; a person and the schedule at most once a second."""
        if self.origin == "drift":
            return f"{self.night.isoformat()}-{self.version}"
        moment = datetime.fromisoformat(self.made_at)
        return f"{self.night.isoformat()}-{self.version}-{self.origin}-{moment:%Y%m%dT%H%M%S}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: a sentence, and the challenger's version where one was registered."""

    outcome: str
    result: Result = "stopped"
    version: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class RetrainQueue:
    """In the `control` area."""

    control: ObjectStore

    def add(self, request: RetrainRequest) -> bool:
        """False when the night has asked before."""
        return self._create(request.id, _REQUEST, msgspec.json.encode(asdict(request)))

    def finish(self, request_id: str, outcome: str, result: Result = "stopped", version: str = "") -> bool:
        """Say what became of it; False when that was said before."""
        return self._create(request_id, _DONE, msgspec.json.encode(asdict(Answer(outcome, result, version))))

    def answer(self, request_id: str) -> Answer | None:
        """None while it is open."""
        document = self._read_optional(f"{_FOLDER}/{request_id}/{_DONE}")
        return None if document is None else msgspec.convert(document, Answer)

    def requests(self) -> list[RetrainRequest]:
        """All, oldest night first. Raises CorruptBundleError for one that can't be read."""
        keys = [key for key in self.control.list(_FOLDER) if key.endswith(f"/{_REQUEST}")]
        return sorted(
            map(self._read, keys),
            key=lambda request: (request.night, request.version, request.made_at, request.id),
        )

    def open(self) -> list[RetrainRequest]:
        """Those that nobody has answered yet."""
        return [one for one in self.requests() if not self.control.exists(f"{_FOLDER}/{one.id}/{_DONE}")]

    def record(self, request_id: str, step: str, document: Mapping[str, Any]) -> bool:
        """Say that a step is done; False when that was said before: the first word stands."""
        return self._create(request_id, f"steps/{step}.json", msgspec.json.encode(document))

    def recorded(self, request_id: str, step: str) -> dict[str, Any] | None:
        return self._read_optional(f"{_FOLDER}/{request_id}/steps/{step}.json")

    def steps(self, request_id: str) -> list[str]:
        """The steps that are done, by name."""
        keys = self.control.list(f"{_FOLDER}/{request_id}/steps")
        return [key.rsplit("/", 1)[1].removesuffix(".json") for key in keys]

    def fits(self, *, but: str = "") -> list[datetime]:
        """When models were fitted, by the time that each was fitted for; `but` names a request to leave out."""
        ids = [one.id for one in self.requests() if one.id != but]
        begun = [self.recorded(request_id, FIT_BEGUN) for request_id in ids]
        return sorted(datetime.fromisoformat(one["as_of"]) for one in begun if one is not None)

    def _read(self, key: str) -> RetrainRequest:
        try:
            return msgspec.json.decode(self.control.get(key), type=RetrainRequest)
        except msgspec.MsgspecError as problem:
            raise CorruptBundleError(f"{key} can't be read: {problem}.") from problem

    def _read_optional(self, key: str) -> dict[str, Any] | None:
        try:
            return msgspec.json.decode(self.control.get(key), type=dict[str, Any])
        except NotFoundError:
            return None
        except msgspec.MsgspecError as problem:
            raise CorruptBundleError(f"{key} can't be read: {problem}.") from problem

    def _create(self, request_id: str, name: str, data: bytes) -> bool:
        try:
            self.control.create(f"{_FOLDER}/{request_id}/{name}", data)
        except AlreadyExistsError:
            return False
        return True
