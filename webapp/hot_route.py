"""The hot route for whoever answers it in front of Flask: what makes a request plain, and the steps of its answer."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from werkzeug.http import HTTP_STATUS_CODES

from lifecycle.logs import bound, plain_lines_together, rebind
from webapp import access, edge
from webapp.asked import Asked, Call
from webapp.http_answer import Answer
from webapp.negotiation import require_json_wanted
from webapp.predict_handler import batches, predict_together, record_together
from webapp.service import Service

PATH = "/api/v1/predict"
STATUS = {code: f"{code} {phrase.upper()}" for code, phrase in HTTP_STATUS_CODES.items()}

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of such a request says that its answer depends on. A header that is missing is "" or None."""

    content_type: str = ""
    content_encoding: str = ""
    accept: str = ""
    authorization: str | None = None
    x_api_key: str | None = None
    idempotency_key: str = ""
    replay_time: str = ""
    request_id: str | None = None
    keep_alive: bool = True


class Sent(msgspec.Struct, frozen=True):
    """One request as it came in, whole."""

    head: Head
    body: bytes
    request_id: str


class HotRoute:
    """`trusted_hosts`: the only names that a request may give the host; none given allows any."""

    def __init__(self, service: Service, trusted_hosts: Collection[str] = ()) -> None:
        self.service = service
        self._hosts = frozenset(trusted_hosts)

    def takes_host(self, host: str) -> bool:
        """Whether the host is plain and trusted; what is not is Flask's to judge."""
        if not _HOST.fullmatch(host):
            return False
        return not self._hosts or host.partition(":")[0] in self._hosts

    def answer_together(self, sent: Sequence[Sent]) -> Iterator[tuple[int, Answer]]:
        """The place of each and its answer, as it would be alone. None waits for a batch that is not its own."""
        answering = [self._read(one) for one in sent]
        asking: dict[Asked, int] = {}
        for place, one in enumerate(answering):
            if one.asked is None or one.asked.model is None:
                yield place, one.finish()
            else:
                asking[one.asked] = place
        for batch in batches(list(asking)):
            predict_together(batch)
            record_together(self.service, batch)
            with plain_lines_together():
                finished = [(asking[asked], answering[asking[asked]].finish()) for asked in batch]
            yield from finished

    def _read(self, sent: Sent) -> "Answering":
        answering = Answering(self.service, sent)
        answering.read()
        return answering


class Answering:
    """One request, whole, and its answer. Neither step raises."""

    __slots__ = ("_began", "_logged_with", "_refused", "_sent", "_service", "asked")

    def __init__(self, service: Service, sent: Sent) -> None:
        self._service, self._sent = service, sent
        self._began = service.observer.begin()
        self._refused: Exception | None = None
        self.asked: Asked | None = None
        rebind({"request_id": sent.request_id})

    def read(self) -> None:
        """Who asks, and what, in the order in which Flask's hooks and view look at it."""
        head, service = self._sent.head, self._service
        try:
            require_json_wanted(head.accept)
            found = access.admit(service, head.authorization, head.x_api_key, "predict")
        except Exception as error:  # noqa: BLE001 - as Flask's one handler does: every failure is answered
            self._refused = error
        else:
            self.asked = Asked(service, self._call(found.owner))
            self.asked.read()
        self._logged_with = bound()

    def finish(self) -> Answer:
        """Others may have been asked since: what is logged carries this request's id again."""
        rebind(self._logged_with)
        if self.asked is not None:
            answer = self.asked.answer()
        else:
            refused = self._refused or RuntimeError("It was not read.")
            answer = edge.answer_to_error(self._service, refused, self._sent.request_id)
        edge.tell_answered(self._service, self._began, "POST", PATH, answer.status)
        rebind({})
        return answer

    def _call(self, owner: str) -> Call:
        head = self._sent.head
        return Call(
            body=self._sent.body,
            request_id=self._sent.request_id,
            content_type=head.content_type,
            content_encoding=head.content_encoding,
            accept=head.accept,
            owner=owner,
            idempotency_key=head.idempotency_key,
            replay_time=head.replay_time,
        )
