"""Where a chunked body ends, found as its bytes come in.

It only says when there is enough to hand over. Where the body ends, and whether it is well-formed, Gunicorn's own
reader says; what that reader leaves is the beginning of the next request.
"""

from dataclasses import dataclass
from typing import Literal

from webapp.worker.limits import HeadLimits

Extent = Literal["more", "whole", "odd", "large"]

_HEX = frozenset(b"0123456789abcdefABCDEF")
_RAW_PER_BYTE = 8  # a chunk of one byte takes six; whatever says more around its data is no honest sender


@dataclass(slots=True)
class ChunkScan:
    """`most` bounds what the body carries. "odd": Gunicorn's reader will refuse it at what has come already."""

    limits: HeadLimits
    most: int
    carried: int = 0
    _at: int = 0

    def look(self, data: bytearray) -> Extent:
        """`data` is the body from its first byte, longer with every call."""
        while True:
            line_end = data.find(b"\r\n", self._at)
            if line_end < 0:
                return "odd" if len(data) - self._at > self.limits.field else self._more(data)
            size = _size(data, self._at, line_end)
            if size is None:
                return "odd"
            if size == 0:
                return self._trailers(data, line_end + 2)
            following = line_end + 2 + size
            if self.carried + min(size, len(data) - line_end - 2) > self.most:
                return "large"
            if len(data) < following + 2:
                return self._more(data)
            if data[following : following + 2] != b"\r\n":
                return "odd"
            self.carried += size
            self._at = following + 2

    def _more(self, data: bytearray) -> Extent:
        return "large" if len(data) > _RAW_PER_BYTE * self.most else "more"

    def _trailers(self, data: bytearray, start: int) -> Extent:
        if data[start : start + 2] == b"\r\n" or data.find(b"\r\n\r\n", start) >= 0:
            return "whole"
        return "odd" if len(data) - start > self.limits.head else "more"


def _size(data: bytearray, start: int, end: int) -> int | None:
    digits = bytes(data[start:end]).partition(b";")[0].rstrip(b" \t")
    if not digits or not _HEX.issuperset(digits):
        return None
    return int(digits, 16)
