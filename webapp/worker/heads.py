"""Heads of the hot route, known by their bytes: clients send the same head again and again.

What Gunicorn's parser said of a head is kept and looked up by the head's own bytes, with two values set aside that
change from request to request and on which no verdict depends: the length of the body and the request's id. So a head
that is found here was parsed by Gunicorn; whatever is not, goes to it. A head without an id is known by all of its
bytes, too, which costs less.
"""

import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from webapp import record_time, request_ids
from webapp.hot_route import PATH, Head, HotRoute, Sent

if TYPE_CHECKING:
    from webapp.worker.reader import RequestReader

_START = b"POST /api/v1/predict HTTP/1.1\r\n"
_VARYING = re.compile(
    rb"\r\n(?:content-length: (?P<length>\d{1,9})|x-request-id: (?P<id>[A-Za-z0-9._-]{8,64}))(?=\r\n)",
    re.IGNORECASE,
)
_STAND_INS = {b"c": b"\r\nContent-Length: 1", b"x": b"\r\nX-Request-Id: 00000000"}
_ELSEWHERE = frozenset({"TRANSFER-ENCODING", "EXPECT", "UPGRADE"})
_LONGEST = 4096
_MOST = 512

T = TypeVar("T")


class HotHeads:
    """One for each process and kind of peer: what a trusted proxy may say, others may not."""

    def __init__(self, route: HotRoute) -> None:
        self._route, self._most_body = route, route.service.limits.max_body_bytes
        self._known: dict[bytes, Head] = {}
        self._seen: dict[bytes, tuple[Head, int]] = {}  # to the byte, with the length of the body

    def find(self, reader: "RequestReader") -> Sent | Literal["more"] | None:
        """The request at the beginning of what has come, taken from there; "more" where its body is on its way, None
        where this is no hot request or not yet known to be one.
        """
        buffer = reader.buffer
        if not buffer.startswith(_START):
            return None
        end = buffer.find(b"\r\n\r\n", 0, _LONGEST) + 4
        if end < 4:
            return None
        found = self._look_up(bytes(buffer[:end]), reader)
        if found is None:
            return None
        head, length, request_id = found
        if len(buffer) < end + length:
            return None if reader.ended else "more"
        with memoryview(buffer) as view:
            body = bytes(view[end : end + length])
        del buffer[: end + length]
        return Sent(head, body, request_ids.accept_or_mint(request_id or head.request_id))

    def _look_up(self, raw: bytes, reader: "RequestReader") -> tuple[Head, int, str | None] | None:
        """What the head says, the length of the body, and the id that the client gave."""
        seen = self._seen.get(raw)
        if seen is not None:
            return *seen, None
        plain, length, request_id = _plain(raw)
        if length is None or length > self._most_body:
            return None
        head = self._known.get(plain) or self._learn(plain, reader)
        if head is None:
            return None
        if request_id is None:
            _remember(self._seen, raw, (head, length))
        return head, length, request_id

    def _learn(self, plain: bytes, reader: "RequestReader") -> Head | None:
        try:
            request, taken = reader.parse(plain, ended=True)
        except Exception:  # noqa: BLE001 - it is refused where it really stands, and with its own values
            return None
        head = hot_head(request, self._route) if taken == len(plain) else None
        if head is not None:
            _remember(self._known, plain, head)
        return head


def _remember(kept: dict[bytes, T], key: bytes, value: T) -> None:
    if len(kept) >= _MOST:
        kept.clear()
    kept[key] = value


def hot_head(request: Any, route: HotRoute) -> Head | None:
    """What the head says, where the request is the plainest of the route; None for whatever is for Flask to judge."""
    found = dict(request.headers)
    if len(found) < len(request.headers) or any("_" in name for name in found):
        return None
    plain = (request.method, request.uri, request.version) == ("POST", PATH, (1, 1))
    if not plain or "CONTENT-LENGTH" not in found or not _ELSEWHERE.isdisjoint(found):
        return None
    if not route.takes_host(found.get("HOST", "")):
        return None
    return Head(
        content_type=found.get("CONTENT-TYPE", ""),
        content_encoding=found.get("CONTENT-ENCODING", ""),
        accept=found.get("ACCEPT", ""),
        authorization=found.get("AUTHORIZATION"),
        x_api_key=found.get("X-API-KEY"),
        idempotency_key=found.get("IDEMPOTENCY-KEY", ""),
        replay_time=found.get(record_time.HEADER.upper(), ""),
        request_id=found.get(request_ids.HEADER.upper()),
        keep_alive=not request.should_close(),
    )


def _plain(head: bytes) -> tuple[bytes, int | None, str | None]:
    """The head with stand-ins for what varies, and what stood there."""
    length, request_id, pieces, at = None, None, [], 0
    for found in _VARYING.finditer(head):
        start, end = found.span()
        if found.lastgroup == "length":
            length, stand_in = int(found["length"]), _STAND_INS[b"c"]
        else:
            request_id, stand_in = found["id"].decode("ascii"), _STAND_INS[b"x"]
        pieces += [head[at:start], stand_in]
        at = end
    return b"".join([*pieces, head[at:]]), length, request_id
