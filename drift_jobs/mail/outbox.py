"""Letters that wait in the store until somebody took them: nothing is overwritten, so a kill at any moment loses none.

`outbox/KEY/letter.json` makes a letter (its bytes lie beside it); each attempt is a claim, and writes into its folder
what it is about to do and what came of it; `sent.json`, `failed.json` or `quiet.json` (held back by the settings) ends it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeVar, get_args

import msgspec

from drift_jobs.mail.attempts import Attempt
from drift_jobs.mail.smtp import Delivery
from lifecycle.claims import SILENT, Claim, take
from lifecycle.clock import timestamp
from lifecycle.errors import AlreadyExistsError, CorruptBundleError
from lifecycle.logs import get_logger
from lifecycle.object_store import ObjectStore

T = TypeVar("T")

FORMAT = 1
LOOKED_AT = timedelta(days=60)  # by the day in a letter's key: older ones are ended, whatever they are
_FOLDER = "outbox"
_MESSAGE, _LETTER, _SENDING, _ENDED = "message.eml", "letter.json", "sending.json", "ended.json"

End = Literal["sent", "failed", "quiet"]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Queued:
    """`queued_at` is RFC 3339 UTC."""

    key: str
    subject: str
    message_id: str
    queued_at: str
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter of the outbox with its end, if it has one yet."""

    letter: Queued
    end: End | None
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outbox:
    """`store` is the reports area."""

    store: ObjectStore

    def holds(self, key: str) -> bool:
        return self.store.exists(f"{_FOLDER}/{key}/{_LETTER}")

    def queue(self, letter: Queued, message: bytes) -> bool:
        """False when that letter was queued before, by whomever: what lies there is what is sent."""
        self._create(f"{letter.key}/{_MESSAGE}", message)
        return self._create(f"{letter.key}/{_LETTER}", msgspec.json.encode(asdict(letter)))

    def message(self, key: str) -> bytes:
        return self.store.get(f"{_FOLDER}/{key}/{_MESSAGE}")

    def open(self, today: date) -> list[Queued]:
        """Those without an end, oldest first."""
        return [one.letter for one in self.all(today) if not one.end]

    def all(self, today: date) -> list[Posted]:
        """Of the last 60 days, oldest first."""
        after = f"{_FOLDER}/{(today - LOOKED_AT).isoformat()}"
        keys = self.store.list(_FOLDER, after=after)
        known = set(keys)
        letters = [key.rpartition("/")[0] for key in keys if key.endswith(f"/{_LETTER}")]
        return list(self._readable(letters, known))

    def find(self, key: str) -> Posted:
        """Raises NotFoundError."""
        folder = f"{_FOLDER}/{key}"
        return self._posted(folder, set(self.store.list(folder)))

    def claim(self, key: str, limit_s: float) -> Claim:
        """An attempt. Raises ClaimHeldError while somebody else is at it."""
        return take(self.store, f"{_FOLDER}/{key}", limit_s, silent=SILENT)

    def attempts(self, key: str) -> list[Attempt]:
        folder = f"{_FOLDER}/{key}"
        found: dict[int, dict[str, dict[str, Any]]] = {}
        for path in self.store.list(folder):
            parts = path.removeprefix(f"{folder}/").split("/")
            if len(parts) == 2 and parts[1] in {_SENDING, _ENDED}:
                number = int(parts[0].rpartition("-")[2])
                found.setdefault(number, {})[parts[1]] = self._read(path)
        return [_attempt(found[number]) for number in sorted(found)]

    def about_to_send(self, attempt: Claim, recipients: tuple[str, ...], at: datetime) -> None:
        """Raises ClaimEndedError when somebody took over: it is theirs to send now."""
        attempt.heartbeat()
        document = {"format": FORMAT, "recipients": recipients, "at": timestamp(at)}
        self.store.create(f"{attempt.folder}/{_SENDING}", msgspec.json.encode(document))

    def ended(self, attempt: Claim, delivery: Delivery, at: datetime) -> None:
        document = {"format": FORMAT, "at": timestamp(at), **asdict(delivery)}
        self.store.create(f"{attempt.folder}/{_ENDED}", msgspec.json.encode(document))

    def finish(self, key: str, end: End, told: Mapping[str, Any]) -> bool:
        """False when it was ended before."""
        document = msgspec.json.encode({"format": FORMAT, **told})
        return self._create(f"{key}/{end}.json", document)

    def _readable(self, folders: list[str], known: set[str]) -> Iterator[Posted]:
        for folder in folders:
            try:
                yield self._posted(folder, known)
            except CorruptBundleError as problem:
                log.error("mail_unreadable", mail=folder, problem=str(problem))

    def _posted(self, folder: str, known: set[str]) -> Posted:
        letter = _as(Queued, self._read(f"{folder}/{_LETTER}"), folder)
        for end in get_args(End):
            if f"{folder}/{end}.json" in known:
                return Posted(letter, end, self._read(f"{folder}/{end}.json"))
        return Posted(letter, None, {})

    def _create(self, path: str, data: bytes) -> bool:
        try:
            self.store.create(f"{_FOLDER}/{path}", data)
        except AlreadyExistsError:
            return False
        return True

    def _read(self, key: str) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self.store.get(key), type=dict[str, Any])
        except msgspec.DecodeError as problem:
            raise CorruptBundleError(f"{key} can't be read: {problem}.", fix="Delete it.") from problem


def _as(kind: type[T], document: dict[str, Any], key: str) -> T:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as problem:
        raise CorruptBundleError(f"{key} can't be read: {problem}.", fix="Delete it.") from problem


def _attempt(documents: dict[str, dict[str, Any]]) -> Attempt:
    sending, ended = documents.get(_SENDING), documents.get(_ENDED)
    last = ended or sending or {}
    return Attempt(
        datetime.fromisoformat(last["at"]),
        tuple(sending["recipients"]) if sending else (),
        _as(Delivery, ended, "An attempt") if ended else None,
    )
