"""What the loop answers itself: the hot route's requests, in batches, and each answer as the bytes of one send."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from gunicorn import SERVER
from gunicorn.util import http_date

from lifecycle.clock import monotonic
from webapp.hot_route import STATUS, HotRoute, Sent
from webapp.http_answer import Answer

LONG_S = 0.02  # what takes longer is asked in a thread, so that others are answered meanwhile
LARGE_BYTES = 64 * 1024  # a body that may take long to read, above all where it is refused
_FORGETS = 0.8


class HotAnswers:
    """`answer` may be called by the loop and by its one thread at the same time."""

    def __init__(self, route: HotRoute) -> None:
        self._route = route
        self._seconds: dict[int, float] = {}
        self._date = (-1, "")

    def is_long(self, sent: Sent) -> bool:
        """Whether it belongs into the thread: a large body, or a model that has been slow of late."""
        return is_large(sent) or self._seconds.get(self._now(), 0.0) > LONG_S

    def answer(self, sent: Sequence[Sent], *, closing: bool) -> Iterator[tuple[int, bytes, bool]]:
        """The place of each, the bytes of its answer, and whether the connection stays. `closing`: none does."""
        began, key = monotonic(), self._now()
        for place, answer in self._route.answer_together(sent):
            keep = sent[place].head.keep_alive and not closing
            yield place, self._bytes(answer, keep=keep), keep
        if any(map(is_large, sent)):
            return
        took = monotonic() - began
        before = self._seconds.get(key, took)
        self._seconds = {key: _FORGETS * before + (1 - _FORGETS) * took}

    def measured_together(self) -> AbstractContextManager[None]:
        return self._route.service.observer.together()

    def _now(self) -> int:
        """What answers at this moment: another policy has another pace."""
        return id(self._route.service.traffic())

    def _bytes(self, answer: Answer, *, keep: bool) -> bytes:
        kept = "keep-alive" if keep else "close"
        lines = [f"HTTP/1.1 {STATUS[answer.status]}", f"Server: {SERVER}", f"Date: {self._http_date()}"]
        lines.append(f"Connection: {kept}")
        lines += [f"{name}: {value}" for name, value in answer.headers]
        lines += [f"Content-Length: {len(answer.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + answer.body

    def _http_date(self) -> str:
        second = int(monotonic())
        if second != self._date[0]:
            self._date = second, http_date()
        return self._date[1]


def is_large(sent: Sent) -> bool:
    return len(sent.body) > LARGE_BYTES
