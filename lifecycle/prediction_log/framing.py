"""Events in a file: each with its length and checksum, so that whatever is torn or flipped is known and left out."""

import struct
from collections.abc import Iterator
from zlib import crc32

# 0xff never stands in UTF-8: after damage the next event is found by looking for it
_MAGIC = b"\xffPF1"
_HEADER = struct.Struct(">4sII")
PREFIX_BYTES = _HEADER.size
MAX_PAYLOAD = 256 * 1024 * 1024


def framed(payload: bytes) -> bytes:
    """The payload (UTF-8 text) as it is appended: magic, length, CRC-32 over length and payload, payload."""
    length = len(payload)
    return _HEADER.pack(_MAGIC, length, crc32(payload, length)) + payload


def payload_length(prefix: bytes) -> int:
    """What the first `PREFIX_BYTES` of an event say about the rest; 0 when they are not an event's."""
    if len(prefix) < PREFIX_BYTES or not prefix.startswith(_MAGIC):
        return 0
    length = int(_HEADER.unpack(prefix)[1])
    return length if length <= MAX_PAYLOAD else 0


class FrameReader:
    """Yields every whole event of `data`, in order. After the iteration it tells what was not whole.

    `torn_tail_bytes`: what a dying writer left at the end; nobody was ever answered for it.
    `damaged_bytes`: what lies between whole events, in `damaged_places`: a disk's doing, and a real loss.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.torn_tail_bytes = 0
        self.damaged_bytes = self.damaged_places = 0

    def __iter__(self) -> Iterator[bytes]:
        position = 0
        while position < len(self._data):
            payload = self._payload_at(position)
            if payload is not None:
                yield payload
                position += _HEADER.size + len(payload)
                continue
            position = self._skip(position)

    def _payload_at(self, position: int) -> bytes | None:
        if len(self._data) - position < _HEADER.size:
            return None
        magic, length, checksum = _HEADER.unpack_from(self._data, position)
        start = position + _HEADER.size
        if magic != _MAGIC or length > min(MAX_PAYLOAD, len(self._data) - start):
            return None
        payload = self._data[start : start + length]
        return payload if crc32(payload, length) == checksum else None

    def _skip(self, position: int) -> int:
        """Where the next whole event starts; what is passed over is counted."""
        candidate = self._data.find(_MAGIC, position + 1)
        while candidate != -1 and self._payload_at(candidate) is None:
            candidate = self._data.find(_MAGIC, candidate + 1)
        if candidate == -1:
            self.torn_tail_bytes += len(self._data) - position
            return len(self._data)
        self.damaged_bytes += candidate - position
        self.damaged_places += 1
        return candidate
