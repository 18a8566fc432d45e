"""What a model file may do with the globals that it is allowed to name: each check raises ModelRefusedError."""

import functools
import importlib
import math
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper
from sklearn.utils.validation import check_array

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList

Named = dict[int, tuple[Any, tuple[str, str]]]  # every global so far: id → (itself, (module, name))

MAX_TUPLE_DEPTH = 200
_LIBRARIES = frozenset({"builtins", "numpy", "scipy", "sklearn", "pandas"})
_HELD_TYPES = (bool, dict, float, int, list, str, tuple)  # dtype=float, defaultdict(list): held, never called
_REBUILDERS = frozenset(
    {
        "__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor", "_frombuffer", "_mareconstruct",
        "_new_Index", "_reconstruct", "newObj", "scalar",
    }
)  # fmt: skip
_RENAMED_MODULES = {"_loss": "sklearn._loss._loss"}  # the name that Cython writes for it
_ALIGNED = 0x80  # numpy's flag of a record with C's padding
_NUMPY_1, _NUMPY_2 = "numpy.core.", "numpy._core."
_FIX = "Dump the fitted model again with pickle or joblib; do not load this file elsewhere before it is understood."


class ArrayReader(NumpyArrayWrapper):  # type: ignore[misc]  # joblib publishes no types
    """joblib's array reader, without its way around the allow-list and without trust in the declared size."""

    def read_array(self, unpickler: Any, ensure_native_byte_order: bool) -> Any:
        if not isinstance(self.dtype, np.dtype):
            raise ModelRefusedError("An array in the file has no proper dtype.", fix=_FIX)
        if self.dtype.hasobject:
            return unpickler.nested().load()
        self._check_size(unpickler.file_handle)
        return super().read_array(unpickler, ensure_native_byte_order)

    def _check_size(self, stream: Any) -> None:
        size = self.dtype.itemsize
        for length in self.shape:
            size *= int(length)
        if not 0 <= size <= len(stream.getbuffer()) - stream.tell():
            raise ModelRefusedError("The model file is cut off in the middle of an array.", fix=_FIX)


def _encode_latin1(text: str, encoding: str = "latin1") -> bytes:
    """Stands in for `_codecs.encode`: protocol 2 writes bytes this way; other codecs have no place in a model."""
    if encoding not in ("latin1", "latin-1"):
        raise ModelRefusedError(f"The file asks for the codec {str(encoding)[:40]!r}.", fix=_FIX)
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _encode_latin1,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): ArrayReader,
    ("numpy", "memmap"): np.ndarray,
}


def resolve_global(module: str, name: str, allowed: AllowList, shim: ModuleType | None) -> Any:
    """The object that an allowed (module, name) stands for; only an allowed module is ever imported."""
    if module == "__main__":
        return _from_shim(name, shim)
    if not allowed.permits(module, name):
        raise ModelRefusedError(
            f"The file names {module}.{name}, which is not on the list of what a model may load.",
            fix=f"If you know and trust it, pass --allow {module}:{name}.",
        )
    if (module, name) in _STAND_INS:
        return _STAND_INS[module, name]
    loaded: Any = importlib.import_module(_module_here(module))
    return functools.reduce(getattr, name.split("."), loaded)


def _module_here(module: str) -> str:
    if module.startswith(_NUMPY_1):
        return _NUMPY_2 + module.removeprefix(_NUMPY_1)
    return _RENAMED_MODULES.get(module, module)


def _from_shim(name: str, shim: ModuleType | None) -> Any:
    if shim is None:
        raise ModelRefusedError(
            f"The class {name} was defined in the script or notebook that trained the model, not in a module.",
            fix=f"Put {name} into a file with its imports and pass --shim file.py.",
        )
    found = vars(shim).get(name)
    if not isinstance(found, type | FunctionType) or found.__module__ != shim.__name__:
        raise ModelRefusedError(
            f"The shim defines no {name}.", fix=f"Write `class {name}` itself into it; imports do not count."
        )
    return found


def check_call(called: Any, arguments: Any, named: Named) -> None:
    """Only what was named as a global is called, and of the libraries' functions only those that rebuild objects."""
    if id(called) not in named:
        raise ModelRefusedError(f"The file calls a {type(called).__name__} object while loading.", fix=_FIX)
    module, name = named[id(called)][1]
    function = not isinstance(called, type) and module.split(".")[0] in _LIBRARIES
    if called in _HELD_TYPES or (
        function and name not in _REBUILDERS and not name.startswith("__pyx_unpickle_")
    ):
        raise ModelRefusedError(
            f"The file calls {module}.{name} while loading; a model has no need to.", fix=_FIX
        )
    if called in (bytes, bytearray, set, frozenset) and any(
        isinstance(item, int | range) for item in arguments
    ):
        raise ModelRefusedError("The file asks for an object of a made-up size.", fix=_FIX)
    if called is functools.partial:
        _check_partial(arguments)


def check_state(target: Any, state: Any, named: Named) -> None:
    """State is set on instances only, and not where it would change a class or what memory an array reads."""
    if id(target) in named:
        raise ModelRefusedError("The file changes a class or function instead of an object.", fix=_FIX)
    if isinstance(target, functools.partial):
        _check_partial(state)
    if isinstance(target, np.dtype):
        _check_dtype_state(target, state)
    if isinstance(target, np.ndarray):
        _check_array_state(target, state)
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        _check_slots(state[1])


def check_nesting(value: tuple[Any, ...], depths: dict[int, tuple[int, Any]]) -> None:
    """Hashing a tuple recurses in C without a limit, so tuples may not nest without one.

    `depths` holds the nested tuples so far by id, and keeps them alive: no id is used again.
    """
    inner = [depths[id(item)][0] if id(item) in depths else 1 for item in value if type(item) is tuple]
    if not inner:
        return
    depths[id(value)] = (max(inner) + 1, value)
    if max(inner) >= MAX_TUPLE_DEPTH:
        raise ModelRefusedError(f"The file nests tuples more than {MAX_TUPLE_DEPTH} deep.", fix=_FIX)


def _check_partial(arguments: Any) -> None:
    if not isinstance(arguments, tuple) or not arguments or arguments[0] is not check_array:
        raise ModelRefusedError(
            "The file holds a functools.partial.",
            fix="Replace it by a function or class in a shim (--shim file.py).",
        )


def _check_slots(slots: dict[Any, Any]) -> None:
    special = [name for name in slots if str(name).startswith("__")]
    if special:
        raise ModelRefusedError(f"The file sets {special[0]} on an object.", fix=_FIX)


def _check_array_state(target: "np.ndarray[Any, Any]", state: Any) -> None:
    """Numpy believes the shape of an array of objects, and frees the memory of a filled one that is set again."""
    honest = (
        isinstance(state, tuple) and len(state) in (5, 7) and isinstance(state[1], tuple) and target.size == 0
    )
    if honest and isinstance(state[4], list):
        honest = len(state[4]) == math.prod(state[1])
    if not honest:
        raise ModelRefusedError("An array in the file contradicts itself.", fix=_FIX)


def _check_dtype_state(target: "np.dtype[Any]", state: Any) -> None:
    """A dtype's state must be the very one that numpy writes for such a dtype.

    With other flags numpy takes bytes for pointers to objects; other fields crash it while it sets them.
    """
    try:
        true = _dtype_of_state(target, state)
        honest = true.__reduce__()[2] == state
    except (TypeError, ValueError, LookupError, AttributeError):
        honest = False
    if not honest or (np.dtype(target.str) is target and true != target):
        raise ModelRefusedError("An array type in the file contradicts itself.", fix=_FIX)


def _dtype_of_state(target: "np.dtype[Any]", state: Any) -> Any:
    """The dtype that numpy would make for what a state says: order, base, names, fields, size, flags, unit."""
    _, order, base, names, fields, itemsize, _, flags, *more = state
    if base is not None:
        return np.dtype((_dtype(base[0]), base[1]))
    if names is not None:
        layout: Any = {
            "names": list(names),
            "formats": [_dtype(fields[name][0]) for name in names],
            "offsets": [fields[name][1] for name in names],
            "itemsize": itemsize,
        }
        return np.dtype(layout, align=bool(flags & _ALIGNED))
    if more:
        unit, count = more[0][1][0].decode("ascii"), more[0][1][1]
        return np.dtype(f"{order}{target.char}8[{count}{unit}]")
    return target if order == "|" else target.newbyteorder(order)


def _dtype(value: Any) -> "np.dtype[Any]":
    if not isinstance(value, np.dtype):
        raise TypeError("a field's type is no dtype")
    return value
