"""Preprocessing: fitted transformers, nested as they are → steps of a plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lifecycle.compiled import numeric_steps as numeric
from lifecycle.compiled import value_steps as values
from lifecycle.compiled.shapes import (
    Array,
    Chain,
    Form,
    Shape,
    Step,
    UnplannableError,
    anonymous,
    objects,
)
from lifecycle.compiled.source import coerced, select

Want = Literal["numbers", "values", "any", "texts"]
Make = Callable[[Any, Shape], Step]


@dataclass(frozen=True, slots=True)
class Note:
    """How one step runs: `exact` as operations of its own, else as scikit-learn runs it, for this reason."""

    step: str
    exact: bool
    reason: str = ""


_STEPS: dict[str, tuple[Want, Make]] = {
    "StandardScaler": ("numbers", numeric.standard_scaler),
    "MinMaxScaler": ("numbers", numeric.min_max_scaler),
    "MaxAbsScaler": ("numbers", numeric.max_abs_scaler),
    "RobustScaler": ("numbers", numeric.robust_scaler),
    "Binarizer": ("numbers", numeric.binarizer),
    "MissingIndicator": ("numbers", numeric.missing_indicator),
    "FunctionTransformer": ("numbers", numeric.function_transformer),
    "OneHotEncoder": ("values", values.one_hot),
    "OrdinalEncoder": ("values", values.ordinal),
    "TargetEncoder": ("values", values.target),
}


class Preparation:
    """Makes the steps of one model, and notes how each of them runs."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def step(self, transformer: Any, before: Step | Shape, indices: Sequence[int] | None = None) -> Step:
        """The transformer's step behind `before`, a step or the request's own columns (of them, `indices`)."""
        name = type(transformer).__name__
        if _is_sklearn(transformer):
            if name == "Pipeline":
                return self._pipeline(transformer, before, indices)
            if name == "ColumnTransformer":
                return self._columns(transformer, before)
            if name == "FeatureUnion":
                return self._union(transformer, before, indices)
            if name == "FunctionTransformer" and _changes_nothing(transformer.func):
                return self._noted(name, taken(before, indices, "any"))
        return self._one(transformer, name, before, indices)

    def _pipeline(self, pipeline: Any, before: Step | Shape, indices: Sequence[int] | None) -> Step:
        steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
        if not steps:
            return taken(before, indices, "any")
        made = self.step(steps[0], before, indices)
        for step in steps[1:]:
            made = self.step(step, made)
        return made

    def _columns(self, transformer: Any, before: Step | Shape) -> Step:
        branches = [
            branch
            for name, fitted, columns in transformer.transformers_
            if (branch := self._branch(transformer, name, fitted, columns, before)) is not None
        ]
        return joined(branches, sparse=transformer.sparse_output_, weights=transformer.transformer_weights)

    def _branch(self, owner: Any, name: str, fitted: Any, columns: Any, before: Step | Shape) -> Step | None:
        indices = list(owner._transformer_to_input_indices[name])  # noqa: SLF001 - names, masks and callables resolved
        if not indices or (isinstance(fitted, str) and fitted == "drop"):
            return None
        if isinstance(columns, str | int) and not isinstance(columns, bool):
            return self._texts(fitted, before, indices)
        if isinstance(fitted, str):
            return self._noted("passthrough", taken(before, indices, "any"))
        return self.step(fitted, before, indices)

    def _texts(self, vectorizer: Any, before: Step | Shape, indices: Sequence[int]) -> Step:
        return self._one(vectorizer, type(vectorizer).__name__, taken(before, indices, "texts"), None)

    def _union(self, union: Any, before: Step | Shape, indices: Sequence[int] | None) -> Step:
        weights = union.transformer_weights
        parts = [
            taken(before, indices, "any") if part == "passthrough" else self.step(part, before, indices)
            for _, part in union.transformer_list
            if not (isinstance(part, str) and part == "drop") and part is not None
        ]
        return joined(parts, sparse=any(part.shape.form != "dense" for part in parts), weights=weights)

    def _one(self, transformer: Any, name: str, before: Step | Shape, indices: Any) -> Step:
        try:
            made = _exact(transformer, name, before, indices)
        except UnplannableError as problem:
            reason = problem.reason
        else:
            return self._noted(name, made)
        made = as_sklearn_runs_it(transformer, name, taken(before, indices, "any"))
        self.notes.append(Note(name, exact=False, reason=reason))
        return made

    def _noted(self, name: str, made: Step) -> Step:
        self.notes.append(Note(name, exact=True))
        return made


def taken(before: Step | Shape, indices: Sequence[int] | None, want: Want) -> Step:
    """The wanted columns as the wanted kind."""
    if isinstance(before, Shape):
        chosen = range(len(before.columns)) if indices is None else indices
        return select(before, chosen, want)
    if indices is not None:
        before = _picked(before, indices)
    return coerced(before, want)


def joined(parts: Sequence[Step], *, sparse: bool, weights: Any) -> Step:
    """The parts beside one another."""
    if weights:
        raise UnplannableError("ColumnTransformer", "its parts have weights.")
    if not parts:
        raise UnplannableError("ColumnTransformer", "nothing is left of the columns.")
    kinds = {part.shape.kind for part in parts}
    columns = tuple(column for part in parts for column in part.shape.columns)
    if kinds != {"numbers"}:
        turned = tuple(coerced(part, "values") for part in parts)
        return SideBySide(turned, _values_joined, Shape("values", columns))
    if any(part.shape.form == "sparse" for part in parts):
        form: Form = "sparse" if sparse else "dense"
        join = _sparse_joined if sparse else _dense_joined
        return SideBySide(tuple(parts), join, Shape("numbers", columns, form))
    if len(parts) == 1 and not sparse:
        return parts[0]
    return SideBySide(tuple(parts), np.hstack, Shape("numbers", columns, "as_sparse" if sparse else "dense"))


@dataclass(frozen=True, slots=True)
class SideBySide:
    parts: tuple[Step, ...]
    join: Callable[[Any], Any]
    shape: Shape

    def __call__(self, block: Any) -> Any:
        return self.join([part(block) for part in self.parts])


@dataclass(frozen=True, slots=True, eq=False)
class AsScikitLearnRunsIt:
    """The transformer itself, on arrays."""

    before: Step
    transformer: Any
    shape: Shape

    def __call__(self, block: Any) -> Any:
        answered = self.transformer.transform(as_given(self.before(block), self.before.shape))
        return answered if hasattr(answered, "toarray") else np.asarray(answered)


def as_sklearn_runs_it(transformer: Any, name: str, before: Step) -> Step:
    """Raises UnplannableError where it can't be called with arrays."""
    try:
        answered = transformer.transform(as_given(_probe(before.shape), before.shape))
    except Exception as problem:
        raise UnplannableError(name, f"it takes no plain array ({type(problem).__name__}).") from problem
    form: Form = "sparse" if hasattr(answered, "toarray") else "dense"
    if form == "dense" and np.asarray(answered).dtype.kind not in "fiub":
        raise UnplannableError(name, "it gives more than numbers.")
    return AsScikitLearnRunsIt(before, transformer, Shape("numbers", anonymous(answered.shape[1]), form))


def as_given(block: Any, shape: Shape) -> Any:
    """What scikit-learn's own code is given for it."""
    if shape.kind == "values":
        return objects(block, shape.columns)
    if shape.form == "as_sparse":
        from scipy.sparse import csr_matrix  # noqa: PLC0415 - slow to import, and few models need it

        return csr_matrix(block)
    return block


def _exact(transformer: Any, name: str, before: Step | Shape, indices: Any) -> Step:
    if not _is_sklearn(transformer):
        raise UnplannableError(name, "it is no part of scikit-learn.")
    if name == "SimpleImputer":
        source = taken(before, indices, "any")
        made = values.value_imputer if source.shape.kind == "values" else numeric.simple_imputer
        return _behind(source, made(transformer, _dense(source, name)))
    if hasattr(transformer, "get_support"):
        source = taken(before, indices, "numbers")
        if source.shape.form == "sparse":
            raise UnplannableError(name, "it works on a sparse matrix.")
        return _behind(source, numeric.selector(transformer, source.shape))
    if name not in _STEPS:
        raise UnplannableError(name, "no exact form of it is known here.")
    want, make = _STEPS[name]
    source = taken(before, indices, want)
    return _behind(source, make(transformer, _dense(source, name)))


def _behind(source: Step, step: Step) -> Step:
    *earlier, last = source.steps if isinstance(source, Chain) else (source,)
    if (
        isinstance(step, values.OneHot | values.LookUp)
        and isinstance(last, values.FillValues)
        and not last.told
    ):
        return Chain((*earlier, step.behind(last)), step.shape)  # one pass over the values instead of two
    return Chain((*earlier, last, step), step.shape)


def _dense(source: Step, name: str) -> Shape:
    if source.shape.form != "dense":
        raise UnplannableError(name, "it works on a sparse matrix.")
    return source.shape


def _picked(before: Step, indices: Sequence[int]) -> Step:
    columns = tuple(before.shape.columns[index] for index in indices)
    shape = before.shape.with_columns(columns)
    if before.shape.kind == "values":
        return _behind(before, PickValues(tuple(indices), shape))
    if before.shape.form == "sparse":
        raise UnplannableError("ColumnTransformer", "it chooses columns of a sparse matrix.")
    return _behind(before, numeric.Pick(np.asarray(indices), shape))


@dataclass(frozen=True, slots=True)
class PickValues:
    columns: tuple[int, ...]
    shape: Shape

    def __call__(self, block: Any) -> Any:
        return [block[index] for index in self.columns]


def _probe(shape: Shape) -> Any:
    """One row to see what comes out: the kind and number of columns, not their values, matter."""
    if shape.kind == "texts":
        return ["a text"]
    if shape.kind == "values":
        return [[None]] * len(shape.columns)
    return np.ones((1, len(shape.columns)))


def _values_joined(parts: Sequence[Any]) -> list[Any]:
    return [column for part in parts for column in part]


def _sparse_joined(parts: Sequence[Any]) -> Any:
    from scipy.sparse import hstack  # noqa: PLC0415 - slow to import, and few models need it

    return hstack(parts).tocsr()


def _dense_joined(parts: Sequence[Any]) -> npt.NDArray[Any]:
    joined_parts: Array = np.hstack([part.toarray() if hasattr(part, "toarray") else part for part in parts])
    return joined_parts


def _changes_nothing(function: Any) -> bool:
    """No function at all, or the check of its input that histogram boosting puts there."""
    return function is None or getattr(getattr(function, "func", None), "__name__", "") == "check_array"


def _is_sklearn(transformer: Any) -> bool:
    return type(transformer).__module__.partition(".")[0] == "sklearn"
