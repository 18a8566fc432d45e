"""What a pickle would make, as plain values: nothing here was imported, called or built."""

import struct
from dataclasses import dataclass, field
from typing import Any

MAX_DECODED = 10_000  # elements of an array that are read as values
_NUMPY_REBUILD = (
    "numpy._core.multiarray",
    "numpy.core.multiarray",
    "numpy._core.numeric",
    "numpy.core.numeric",
)
_STRUCT_CODES = {"i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
                 "f4": "f", "f8": "d", "b1": "?"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Global:
    """A name that the pickle imports."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Made:
    """What comes of calling `callee`; `state` is what BUILD sets, `items` and `entries` what is added later."""

    callee: Any
    arguments: Any
    state: Any = None
    items: list[Any] = field(default_factory=list)
    entries: list[tuple[Any, Any]] = field(default_factory=list)

    @property
    def attributes(self) -> dict[Any, Any]:
        """The object's `__dict__` as far as the file sets it, slots included."""
        if isinstance(self.state, dict):
            return self.state
        if isinstance(self.state, tuple) and len(self.state) == 2:
            return {
                key: value for part in self.state if isinstance(part, dict) for key, value in part.items()
            }
        return {}


@dataclass(frozen=True, slots=True, eq=False)
class RawArray:
    """An array whose bytes stand in a joblib dump; `data` is empty where it was too large to keep."""

    dtype: Any
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Something whose value does not matter: an element that could not be a dictionary's key, a persistent id."""

    what: str


def made_by(value: Any, module: str, name: str) -> bool:
    return isinstance(value, Made) and value.callee == Global(module, name)


def class_of(value: Any) -> Global | None:
    """The class of an object that copyreg, NEWOBJ or a plain call makes."""
    if not isinstance(value, Made) or not isinstance(value.callee, Global):
        return None
    first = value.arguments[0] if isinstance(value.arguments, tuple) and value.arguments else None
    rebuilt = str(value.callee) in ("copyreg._reconstructor", "copyreg.__newobj__")
    return first if rebuilt and isinstance(first, Global) else value.callee


@dataclass(frozen=True, slots=True)
class Dtype:
    """`kind` is numpy's letter and size without byte order ("f8"); `itemsize` in bytes."""

    kind: str
    itemsize: int
    objects: bool
    big_endian: bool = False


def dtype_of(value: Any) -> Dtype | None:
    """A dtype as numpy pickles it: dtype("f8", False, True) and a state; None for anything else."""
    if not made_by(value, "numpy", "dtype") or not isinstance(value.arguments, tuple) or not value.arguments:
        return None
    kind = (
        value.arguments[0].decode("latin1") if isinstance(value.arguments[0], bytes) else value.arguments[0]
    )
    if not isinstance(kind, str) or len(kind) < 2 or not (kind[1:].isascii() and kind[1:].isdigit()):
        return None
    if len(kind) > 12:
        return None
    size = int(kind[1:]) * (4 if kind[0] == "U" else 1)
    state = value.state if isinstance(value.state, tuple) else ()
    fields = state[4] if len(state) > 4 and isinstance(state[4], dict) else {}
    nested = [dtype_of(entry[0]) for entry in fields.values() if isinstance(entry, tuple) and entry]
    objects = kind[0] == "O" or any(part is None or part.objects for part in nested)
    return Dtype(kind, size, objects, len(state) > 1 and state[1] in (">", b">"))


def array_values(value: Any) -> list[Any] | None:
    """The elements of an array, or None where they can't be read without numpy (or are too many)."""
    if isinstance(value, RawArray):
        return _decode(dtype_of(value.dtype), value.data)
    if (
        not isinstance(value, Made)
        or not isinstance(value.callee, Global)
        or value.callee.module not in _NUMPY_REBUILD
    ):
        return None
    if value.callee.name == "_reconstruct" and isinstance(value.state, tuple) and len(value.state) == 5:
        content = value.state[4]
        return (
            content[:MAX_DECODED] if isinstance(content, list) else _decode(dtype_of(value.state[2]), content)
        )
    if value.callee.name == "_frombuffer" and isinstance(value.arguments, tuple) and len(value.arguments) > 1:
        return _decode(dtype_of(value.arguments[1]), value.arguments[0])
    return None


def _decode(dtype: Dtype | None, data: Any) -> list[Any] | None:
    content = _latin1(data)
    if dtype is None or content is None or not dtype.itemsize or len(content) // dtype.itemsize > MAX_DECODED:
        return None
    pieces = [content[start : start + dtype.itemsize] for start in range(0, len(content), dtype.itemsize)]
    order = ">" if dtype.big_endian else "<"
    if dtype.kind[0] == "U":
        encoding = "utf-32-be" if dtype.big_endian else "utf-32-le"
        return [piece.decode(encoding, "replace").rstrip("\0") for piece in pieces]
    code = _STRUCT_CODES.get(dtype.kind)
    if code is None or len(content) % dtype.itemsize:
        return None
    return [struct.unpack(order + code, piece)[0] for piece in pieces]


def _latin1(data: Any) -> bytes | None:
    """Bytes; protocols 0 to 2 write `_codecs.encode(text, "latin1")`, or `bytes()` for none."""
    if isinstance(data, bytes | bytearray):
        return bytes(data)
    if made_by(data, "builtins", "bytes") and not data.arguments:
        return b""
    if made_by(data, "_codecs", "encode") and data.arguments and isinstance(data.arguments[0], str):
        return str(data.arguments[0]).encode("latin1", "replace")
    return None
