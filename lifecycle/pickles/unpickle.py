"""Load a model file through an exact allow-list: nothing that the list does not name is imported or called.

One unpickler reads plain pickles and joblib dumps. It stands on the standard library's pure-Python one, as joblib's
own does: a patched `pickle.Unpickler` would be bypassed by joblib, and the C one fills gigabytes of memo on demand.
"""

import io
import pickle
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from joblib.numpy_pickle import NumpyUnpickler
from sklearn.exceptions import InconsistentVersionWarning

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.allow_list import AllowList, canonical_global
from lifecycle.pickles.containers import MAX_BYTES, unwrap
from lifecycle.pickles.guards import Named, check_call, check_nesting, check_state, resolve_global
from lifecycle.runtime import runtime_of

_CUT_OFF = "Copy the file again from where it was made, and compare the sizes; or dump the model again."


def load_model_file(
    path: Path,
    allowed: AllowList,
    shim: ModuleType | None = None,
    *,
    accept_version: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Any:
    """The object in a pickle or joblib dump, plain or compressed. Whatever is wrong, it raises ModelRefusedError.

    Classes of `__main__` come from the `shim` only. Another scikit-learn minor than the installed one is an
    error unless `accept_version`. `max_bytes` caps the unpacked size.
    """
    try:
        data = path.read_bytes()
    except (OSError, MemoryError) as problem:
        raise ModelRefusedError(f"{path} can't be read: {problem}.", fix="Check the path.") from problem
    return load_model_bytes(data, allowed, shim, accept_version=accept_version, max_bytes=max_bytes)


def load_model_bytes(
    data: bytes,
    allowed: AllowList,
    shim: ModuleType | None = None,
    *,
    accept_version: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Any:
    """As load_model_file, for bytes at hand: what was verified is then what is loaded."""
    plain = unwrap(data, max_bytes).data
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", InconsistentVersionWarning)
        try:
            loaded = ModelUnpickler(io.BytesIO(plain), allowed, shim).load()
        except ModelRefusedError:
            raise
        except Exception as problem:
            _refuse_other_minor(warned, accept_version)
            raise _unreadable(problem) from problem
    _refuse_other_minor(warned, accept_version)
    return loaded


class ModelUnpickler(NumpyUnpickler):  # type: ignore[misc]  # joblib publishes no types
    dispatch = NumpyUnpickler.dispatch.copy()

    def __init__(self, stream: io.BytesIO, allowed: AllowList, shim: ModuleType | None) -> None:
        super().__init__("", stream, ensure_native_byte_order=True)
        self.allowed = allowed
        self.shim = shim
        self.named: Named = {}
        self._tuple_depths: dict[int, tuple[int, Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        module, name = canonical_global(self.proto, module, name)
        found = resolve_global(module, name, self.allowed, self.shim)
        self.named[id(found)] = (found, (module, name))
        return found

    def nested(self) -> "ModelUnpickler":
        """For the pickle that joblib writes inside its own for an array of objects."""
        return ModelUnpickler(self.file_handle, self.allowed, self.shim)

    def persistent_load(self, pid: Any) -> Any:
        raise ModelRefusedError(
            f"The file refers to an object that is kept elsewhere ({str(pid)[:40]!r}).",
            fix="It was written by another program's own pickler: dump the model with pickle or joblib.",
        )

    def get_extension(self, code: int) -> Any:
        raise ModelRefusedError(
            f"The file uses pickle extension {code}, which hides the name of what it loads.",
            fix="Dump the model again without copyreg extensions.",
        )

    def load_reduce(self) -> None:
        check_call(self.stack[-2], self.stack[-1], self.named)
        super().load_reduce()

    def load_newobj(self) -> None:
        check_call(self.stack[-2], self.stack[-1], self.named)
        super().load_newobj()

    def load_newobj_ex(self) -> None:
        check_call(self.stack[-3], self.stack[-2], self.named)
        super().load_newobj_ex()

    def _instantiate(self, klass: Any, args: Any) -> None:
        check_call(klass, args, self.named)
        super()._instantiate(klass, args)

    def load_build(self) -> None:
        check_state(self.stack[-2], self.stack[-1], self.named)
        super().load_build()

    def load_tuple(self) -> None:
        super().load_tuple()
        check_nesting(self.stack[-1], self._tuple_depths)

    def load_tuple1(self) -> None:
        super().load_tuple1()
        check_nesting(self.stack[-1], self._tuple_depths)

    def load_tuple2(self) -> None:
        super().load_tuple2()
        check_nesting(self.stack[-1], self._tuple_depths)

    def load_tuple3(self) -> None:
        super().load_tuple3()
        check_nesting(self.stack[-1], self._tuple_depths)

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.TUPLE[0]] = load_tuple
    dispatch[pickle.TUPLE1[0]] = load_tuple1
    dispatch[pickle.TUPLE2[0]] = load_tuple2
    dispatch[pickle.TUPLE3[0]] = load_tuple3


def _refuse_other_minor(warned: list[warnings.WarningMessage], accept_version: bool) -> None:
    """scikit-learn warns for any other version; patch releases of one minor answer alike."""
    for message in warned:
        problem = message.message
        if accept_version or not isinstance(problem, InconsistentVersionWarning):
            continue
        made, here = str(problem.original_sklearn_version)[:20], problem.current_sklearn_version
        if runtime_of(made) != runtime_of(here):
            raise ModelRefusedError(
                f"{problem.estimator_name} was made with scikit-learn {made}; with {here}, which is installed here, "
                "it may answer wrongly.",
                fix=f"Serve it in the runtime of scikit-learn {made}, or train it again with {here}.",
            )


def _unreadable(problem: Exception) -> ModelRefusedError:
    if isinstance(problem, EOFError):
        return ModelRefusedError("The model file ends too early: it is empty or cut off.", fix=_CUT_OFF)
    if isinstance(problem, ImportError):
        return ModelRefusedError(
            f"The model needs {problem.name or 'a library'}, which can't be imported here.",
            fix="Install it in this runtime, or hand over a model without it.",
        )
    return ModelRefusedError(
        f"The model file can't be read: {type(problem).__name__} while loading.",
        fix="`picklefleet inspect` shows what is in it. " + _CUT_OFF,
    )
