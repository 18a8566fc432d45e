"""Which globals a model file may name. An exact list of (module, name) pairs is the only thing that decides.

Why each kind of entry may stand in `allowed_globals.txt`. A file chooses everything: it may *call* any listed
global with any arguments (REDUCE, OBJ, NEWOBJ), *set* any state on what comes back (BUILD), and store any listed
global where a listed class expects a function. So a global is listed only if none of that runs foreign code,
opens a file or a connection, or imports a module by a name from the file:

- scikit-learn estimators, kernels, losses, splitters: constructors store their arguments, `__setstate__` updates
  `__dict__`. The functions that they may hold (metrics, numpy ufuncs) compute and do nothing else; while loading
  they are not even called: of these libraries' functions only the reconstructors are.
- numpy's reconstructors make arrays from bytes. numpy believes what a state says: a dtype with wrong flags turns
  bytes into object pointers, a wrong shape reads past a list, an array that is set again frees memory in use. So
  `lifecycle.pickles.guards` takes only the states that numpy itself writes, and swaps joblib's array reader for ours.
- Cython's `__pyx_unpickle_*` and `newObj` call `__new__` of one fixed type and set typed fields.
- random generators' constructors call the bit generator they are given: again a listed global at most.
- Three are listed but narrowed by `lifecycle.pickles.guards`: `_codecs:encode` (protocol 2's bytes) knows only latin1,
  `numpy:memmap` is read as a plain array, and `functools:partial` may hold scikit-learn's `check_array` only
  (histogram gradient boosting on categories keeps one).

Never listed, though honest files name some of them: `getattr`, `eval`, `type`, `operator.*caller/getter` (they call
or reach anything), `numpy.load` and joblib's memory and old `NDArrayWrapper` (they open files), `numpy…runstring`,
joblib's `eval_expr`, test helpers, `sklearn.datasets.*`, and every scipy.stats distribution: its `__setstate__`
hands a string from the file to `exec`.

What the list does not promise: compiled code (trees, neighbour trees, libsvm) trusts the indices in its arrays, so
a crafted file may still crash the process that predicts with it. Hence the contained child and the signatures.
"""

import _compat_pickle  # the standard library's own table of Python 2's names
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from lifecycle.errors import ModelRefusedError

_FILE = "allowed_globals.txt"


@dataclass(frozen=True, slots=True)
class AllowList:
    """Exact `module:Name` pairs; no prefixes and no patterns."""

    entries: frozenset[str]

    @classmethod
    def default(cls) -> "AllowList":
        text = resources.files("lifecycle.pickles").joinpath(_FILE).read_text("utf-8")
        return cls(frozenset(line for line in text.splitlines() if line and not line.startswith("#")))

    def with_extra(self, extra: Iterable[str]) -> "AllowList":
        """The list and what a person allowed for one model. Raises ModelRefusedError for another shape."""
        return AllowList(self.entries | {_checked(entry) for entry in extra})

    def permits(self, module: str, name: str) -> bool:
        return f"{module}:{name}" in self.entries


def canonical_global(protocol: int, module: str, name: str) -> tuple[str, str]:
    """The name that Python really imports: protocols 0 to 2 write Python 2's names (`__builtin__` is `builtins`)."""
    if protocol >= 3:
        return module, name
    renamed: tuple[str, str] | None = _compat_pickle.NAME_MAPPING.get((module, name))
    return renamed or (_compat_pickle.IMPORT_MAPPING.get(module, module), name)


def _checked(entry: str) -> str:
    module, _, name = entry.partition(":")
    dotted = (*module.split("."), *name.split("."))
    if not all(part.isidentifier() for part in dotted):
        raise ModelRefusedError(
            f"{entry!r} names no global.",
            fix="Write it as --allow module:Name, for example mylib.steps:Clip.",
        )
    if module == "__main__":
        raise ModelRefusedError(
            f"{entry!r} can't be allowed: __main__ is another program here.",
            fix="Put the class in a file and pass it with --shim file.py.",
        )
    return entry
