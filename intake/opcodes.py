"""Read pickle opcodes without importing or calling anything: a pure-Python unpickler that only takes notes."""

import io
import pickle
from typing import Any

from intake.notes import Notes, UnreadablePickleError
from intake.symbols import Global, Made, Opaque, RawArray, dtype_of
from lifecycle.pickles.allow_list import canonical_global

MAX_NESTED_PICKLES = 1_000_000
MAX_MARKS = 10_000
_KEPT_ARRAY_BYTES = 1 << 20
_JOBLIB_ARRAY = Global("joblib.numpy_pickle", "NumpyArrayWrapper")


_PurePython: Any = pickle._Unpickler  # noqa: SLF001 - the one whose steps can be replaced, as joblib does


def read_pickle(stream: io.BytesIO, notes: Notes) -> Any:
    """The symbolic root of the pickle that starts at the stream's position, which ends behind it.

    Raises UnreadablePickleError; the notes then hold what was read until there.
    """
    notes.pickles += 1
    if notes.pickles > MAX_NESTED_PICKLES:
        raise UnreadablePickleError("holds more pickles inside one another than any model needs")
    reader = _Reader(stream, notes)
    try:
        return reader.load()
    except UnreadablePickleError:
        raise
    except EOFError as problem:
        raise UnreadablePickleError(
            "ends too early: it was cut off, or its copy was not finished"
        ) from problem
    except Exception as problem:
        if reader.exhausted():
            raise UnreadablePickleError(
                "ends too early: it was cut off, or its copy was not finished"
            ) from problem
        raise UnreadablePickleError(
            "makes no sense as a pickle: it is damaged, or something else"
        ) from problem
    finally:
        notes.protocol = max(notes.protocol, reader.proto)


class _Reader(_PurePython):  # type: ignore[misc]  # it has no types
    dispatch = _PurePython.dispatch.copy()

    def __init__(self, stream: io.BytesIO, notes: Notes) -> None:
        super().__init__(stream, encoding="latin1")
        self.stream = stream
        self.notes = notes
        self.proto = 0

    def load(self) -> Any:
        self._unframer = pickle._Unframer(self._file_read, self._file_readline)  # type: ignore[attr-defined]  # noqa: SLF001
        self.read, self.readinto = self._unframer.read, self._unframer.readinto
        self.readline = self._unframer.readline
        self.metastack: list[Any] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        try:
            while True:
                code = self.read(1)
                if not code:
                    raise EOFError
                self.notes.count()
                self.dispatch[code[0]](self)
        except pickle._Stop as stop:  # type: ignore[attr-defined]  # noqa: SLF001 - how the unpickler ends
            return stop.value

    def exhausted(self) -> bool:
        return self.stream.tell() >= len(self.stream.getbuffer())

    def find_class(self, module: str, name: str) -> Any:
        found = Global(*canonical_global(self.proto, module, name))
        self.notes.globals[found] = None
        return found

    def persistent_load(self, pid: Any) -> Any:
        self.notes.faults["It refers to objects that are kept outside of it (persistent ids)."] = None
        return Opaque(f"persistent id {pid!r:.40}")

    def get_extension(self, code: int) -> None:
        self.notes.faults[f"It uses pickle extension {code}, which hides the name of what it loads."] = None
        self.append(Opaque(f"extension {code}"))

    def next_buffer(self) -> None:
        self.notes.faults["It needs buffers that are kept outside of it."] = None
        self.append(Opaque("buffer"))

    def load_mark(self) -> None:
        if len(self.metastack) > MAX_MARKS:
            raise UnreadablePickleError("nests deeper than any model does")
        super().load_mark()

    def load_stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if type(name) is str and type(module) is str:
            self.append(self.find_class(module, name))
            return
        self.notes.faults["It computes the name of what it loads, to hide it."] = None
        self.append(Opaque("computed global"))

    def make(self, callee: Any, arguments: Any) -> None:
        if isinstance(callee, Global):
            self.notes.called[callee] = None
        else:
            self.notes.faults["It calls something that is no plain global."] = None
        self.append(Made(callee, arguments))

    def load_reduce(self) -> None:
        arguments, callee = self.stack.pop(), self.stack.pop()
        self.make(callee, arguments)

    def load_newobj_ex(self) -> None:
        named, arguments, callee = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.make(callee, (*arguments, named) if isinstance(arguments, tuple) else (named,))

    def _instantiate(self, klass: Any, args: Any) -> None:
        self.make(klass, tuple(args))

    def load_empty_set(self) -> None:
        self.append(Made(Global("builtins", "set"), ()))

    def load_frozenset(self) -> None:
        items = self.pop_mark()  # it changes what `append` is
        self.append(Made(Global("builtins", "frozenset"), (items,)))

    def load_appends(self) -> None:
        for item in self.pop_mark():
            self.add(self.stack[-1], item)

    def load_append(self) -> None:
        item = self.stack.pop()
        self.add(self.stack[-1], item)

    def add(self, target: Any, item: Any) -> None:
        if isinstance(target, list):
            target.append(item)
        elif isinstance(target, Made):
            target.items.append(item)
        else:
            self.notes.faults["It adds items to something that takes none."] = None

    def load_dict(self) -> None:
        items = self.pop_mark()
        made: dict[Any, Any] = {}
        self.append(made)
        for key, value in zip(items[::2], items[1::2], strict=True):
            self.set(made, key, value)

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.set(self.stack[-1], key, value)

    def load_setitems(self) -> None:
        items = self.pop_mark()
        for key, value in zip(items[::2], items[1::2], strict=True):
            self.set(self.stack[-1], key, value)

    def set(self, target: Any, key: Any, value: Any) -> None:
        if isinstance(target, Made):
            target.entries.append((key, value))
        elif isinstance(target, dict):
            plain = key is None or isinstance(key, str | bytes | int | float)
            target[key if plain else Opaque(type(key).__name__)] = value
        elif isinstance(target, list):
            target.append(value)
        else:
            self.notes.faults["It sets items on something that takes none."] = None

    def load_build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, Made):
            self.notes.faults["It changes a class or function instead of an object."] = None
            return
        target.state = state
        if target.callee == _JOBLIB_ARRAY or (target.arguments and _JOBLIB_ARRAY in _first(target.arguments)):
            self.stack[-1] = self.joblib_array(target.attributes)

    def joblib_array(self, wrapper: dict[Any, Any]) -> Any:
        """Joblib writes an array's bytes, or the pickle of its objects, right behind the wrapper."""
        self.notes.joblib = True
        dtype, shape = dtype_of(wrapper.get("dtype")), wrapper.get("shape")
        if dtype is None or not isinstance(shape, tuple) or not _is_shape(shape):
            raise UnreadablePickleError("has a joblib array whose type can't be read")
        if dtype.objects:
            return read_pickle(self.stream, self.notes)
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self.stream.read(int.from_bytes(self.stream.read(1), "little"))
        size = dtype.itemsize
        for length in shape:
            size *= length
        if size > len(self.stream.getbuffer()) - self.stream.tell():
            raise UnreadablePickleError("is cut off in the middle of an array")
        kept = self.stream.read(size) if size <= _KEPT_ARRAY_BYTES else b""
        self.stream.seek(size - len(kept), io.SEEK_CUR)
        return RawArray(wrapper.get("dtype"), shape, kept)

    for _code, _method in (
        (pickle.MARK, load_mark),
        (pickle.STACK_GLOBAL, load_stack_global),
        (pickle.REDUCE, load_reduce),
        (pickle.NEWOBJ, load_reduce),
        (pickle.NEWOBJ_EX, load_newobj_ex),
        (pickle.EMPTY_SET, load_empty_set),
        (pickle.FROZENSET, load_frozenset),
        (pickle.APPENDS, load_appends),
        (pickle.APPEND, load_append),
        (pickle.ADDITEMS, load_appends),
        (pickle.DICT, load_dict),
        (pickle.SETITEM, load_setitem),
        (pickle.SETITEMS, load_setitems),
        (pickle.BUILD, load_build),
        (pickle.NEXT_BUFFER, next_buffer),
    ):
        dispatch[_code[0]] = _method


def _first(arguments: Any) -> tuple[Any, ...]:
    return arguments[:1] if isinstance(arguments, tuple) else ()


def _is_shape(shape: tuple[Any, ...]) -> bool:
    return len(shape) <= 64 and all(type(length) is int and 0 <= length < 1 << 63 for length in shape)
