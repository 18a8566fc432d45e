"""Everything that a model file tells about itself without being executed."""

import io
from dataclasses import dataclass
from typing import Any, Literal

from intake.estimators import Estimator, find_estimators
from intake.notes import Notes, UnreadablePickleError
from intake.opcodes import read_pickle
from intake.symbols import Global, Made, RawArray, array_values, class_of
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.containers import Unwrapped

MAX_NEXT_PICKLES = 1000
_ARRAY_FUNCTIONS = ("_reconstruct", "_frombuffer", "scalar")


@dataclass(frozen=True, slots=True)
class GlobalUse:
    """A global that the file names: on the allow-list or not, called while loading or only held."""

    module: str
    name: str
    allowed: bool
    called: bool

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class PickleReport:
    """`container` is the wrapping ("none" for none), `size` the file's bytes, `unpacked_size` those in the wrapping.

    `pickles` counts them all: behind one another, and inside joblib's arrays. `trailing` is bytes that belong to
    none. `root` says what the object is, in words; `is_data` that it is a table
    without an estimator in it. `problem` ends the sentence "the file …" if it can't be read on.
    """

    format: Literal["pickle", "joblib"]
    container: str
    protocol: int
    size: int
    unpacked_size: int
    pickles: int
    trailing: int
    root: str
    is_data: bool
    globals: tuple[GlobalUse, ...]
    estimators: tuple[Estimator, ...]
    sklearn_versions: tuple[str, ...]
    numpy_major: int | None
    feature_names: tuple[str, ...]
    faults: tuple[str, ...]
    problem: str | None = None


def read_report(unwrapped: Unwrapped, size: int, allowed: AllowList) -> PickleReport:
    """Read every pickle in the bytes. Never raises for what is in them: `problem` and `faults` tell."""
    stream, notes = io.BytesIO(unwrapped.data), Notes()
    root, problem = None, None
    try:
        root = read_pickle(stream, notes)
    except UnreadablePickleError as unreadable:
        problem = str(unreadable)
    trailing = 0 if problem else _read_on(stream, notes)
    estimators = find_estimators(root)
    return PickleReport(
        format="joblib" if notes.joblib else "pickle",
        container=unwrapped.container,
        protocol=notes.protocol,
        size=size,
        unpacked_size=len(unwrapped.data),
        pickles=notes.pickles,
        trailing=trailing + unwrapped.trailing,
        root=_describe(root) if problem is None else "unreadable",
        is_data=not estimators and _is_table(root),
        globals=tuple(_use(found, notes, allowed) for found in sorted(notes.globals, key=str)),
        estimators=estimators,
        sklearn_versions=_versions(estimators),
        numpy_major=_numpy_major(notes),
        feature_names=_feature_names(estimators),
        faults=tuple(notes.faults),
        problem=problem,
    )


def _read_on(stream: io.BytesIO, notes: Notes) -> int:
    """Read the pickles behind the first; returns the bytes that are none. Loaders stop early, attackers know it."""
    size = len(stream.getbuffer())
    for _ in range(MAX_NEXT_PICKLES):
        start = stream.tell()
        if start >= size:
            return 0
        try:
            read_pickle(stream, notes)
        except UnreadablePickleError:
            return size - start
    notes.faults[f"It holds more than {MAX_NEXT_PICKLES} pickles behind one another."] = None
    return size - stream.tell()


def _use(found: Global, notes: Notes, allowed: AllowList) -> GlobalUse:
    permitted = allowed.permits(found.module, found.name)
    return GlobalUse(found.module, found.name, permitted, found in notes.called)


def _versions(estimators: tuple[Estimator, ...]) -> tuple[str, ...]:
    return tuple(sorted({part.version for one in estimators for part in one.walk() if part.version}))


def _numpy_major(notes: Notes) -> int | None:
    modules = [found.module for found in notes.globals]
    if any(module.startswith("numpy._core") for module in modules):
        return 2
    return 1 if any(module.startswith("numpy.core") for module in modules) else None


def _feature_names(estimators: tuple[Estimator, ...]) -> tuple[str, ...]:
    named = (part.feature_names for one in estimators for part in one.walk() if part.feature_names)
    return next(named, ())


def _is_table(root: Any) -> bool:
    kind = class_of(root)
    return (
        kind is not None
        and kind.module.split(".")[0] in ("pandas", "polars")
        and bool(root.attributes or root.state)
    )


def _describe(root: Any) -> str:
    kind = class_of(root)
    if isinstance(root, RawArray) or (
        kind and kind.name in _ARRAY_FUNCTIONS and kind.module.startswith("numpy")
    ):
        return _describe_array(root)
    if isinstance(root, Global):
        return f"the global {root} itself"
    if kind is not None:
        return f"{'an' if kind.name[0] in 'AEIOU' else 'a'} {kind.name}" if kind.name else "an object"
    if isinstance(root, dict):
        return f"a dictionary with {_keys(root)}"
    if isinstance(root, list | tuple):
        return f"a {type(root).__name__} of {len(root)}"
    return {str: "a text", bytes: "bytes", bool: "a truth value", int: "a number", float: "a number"}.get(
        type(root), "nothing" if root is None else "an object"
    )


def _describe_array(root: Any) -> str:
    if isinstance(root, Made) and isinstance(root.callee, Global) and root.callee.name == "scalar":
        return "a number"
    values = array_values(root)
    return "an array" if values is None else f"an array of {len(values)} elements"


def _keys(root: dict[Any, Any]) -> str:
    shown = [repr(key)[:30] for key in list(root)[:5]]
    return ", ".join(shown) + (" …" if len(root) > 5 else "") if shown else "nothing in it"
