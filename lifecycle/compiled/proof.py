"""A plan is used only where it was seen to answer like the estimator: golden rows, thousands of others, one by one."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled.fast_path import Equality, FastPath, Proof
from lifecycle.compiled.plan import Plan, last_step, make_plan, parts
from lifecycle.compiled.shapes import Array, UnplannableError, objects
from lifecycle.compiled.splits import rows_at_splits
from lifecycle.compiled.trial_rows import SEED, trial_rows
from lifecycle.frame import Columns, estimator_input
from lifecycle.raw_answer import RawAnswer, ask, ask_for_columns, dense
from lifecycle.signature import Signature

BOUND = 1e-12

_CHUNK = 512
_MOST_CALLS = 300  # of the estimator, to find the rows that it refuses
_MOST_REFUSED = 50  # of those are asked of the plan one by one

Planner = Callable[[Any, Signature], Plan]


class DisagreementError(Exception):
    """The plan answered otherwise than the estimator; `step` is where they part, as far as that can be told."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Thoroughness:
    """`rows` at least, `most` where thresholds need them, `single` of them also asked one by one; at most `splits`
    rows for the decisions deep in trees.
    """

    rows: int
    most: int
    single: int
    splits: int = 3000


AT_REGISTRATION = Thoroughness(4096, 20_000, 32, 30_000)
AT_LOAD = Thoroughness(2048, 2048, 8, 6000)


def fast_path_for(
    estimator: Any,
    signature: Signature,
    golden: Columns,
    effort: Thoroughness,
    planner: Planner = make_plan,
) -> FastPath:
    """A plan that was proven here and now, or none and what prevents it. Never raises."""
    try:
        plan = planner(estimator, signature)
    except UnplannableError as problem:
        return FastPath(step=problem.step, reason=problem.reason)
    try:
        proof = prove(plan, estimator, signature, golden, effort)
    except DisagreementError as problem:
        return FastPath(step=problem.step, reason=problem.reason)
    return FastPath(plan, proof)


def prove(plan: Plan, estimator: Any, signature: Signature, golden: Columns, effort: Thoroughness) -> Proof:
    """Raises DisagreementError at the first rows that are answered otherwise."""
    comparison = _Comparison(plan, estimator, signature)
    comparison.compare(golden)
    comparison.compare_splits(golden, effort.splits)
    for row in range(min(effort.single // 2, _count(golden))):
        comparison.compare(_taken(golden, [row]))
    rows = trial_rows(signature, golden, plan.critical(), effort.rows, effort.most)
    count = _count(rows)
    for start in range(0, count, _CHUNK):
        comparison.compare(_taken(rows, range(start, min(count, start + _CHUNK))))
    for row in range(0, count, max(1, 2 * count // effort.single)):
        comparison.compare(_taken(rows, [row]))
    if comparison.compared < count // 4:
        raise DisagreementError(
            type(estimator).__name__, "the estimator refuses most of the rows that were tried."
        )
    return comparison.proof


class _Comparison:
    """What was compared so far, and how closely the answers agreed."""

    def __init__(self, plan: Plan, estimator: Any, signature: Signature) -> None:
        self._plan, self._estimator, self._signature = plan, estimator, signature
        self._calls = 0
        self._equality: Equality = "bits"
        self.compared = self._refused = 0

    @property
    def proof(self) -> Proof:
        return Proof(self._equality, self.compared, self._refused)

    def compare(self, rows: Columns) -> None:
        """Where the estimator refuses the rows, their halves are compared, down to the one row that it refuses."""
        self._calls += 1
        try:
            expected = ask_for_columns(self._estimator, self._signature, rows, self._plan.wanted)
        except Exception:  # noqa: BLE001 - whatever the estimator does not answer, the plan must not either
            self._halve(rows)
            return
        got = self._asked(rows)
        verdict = agreement(expected, got, self._signature)
        if not verdict.within_bound:
            step = culprit(self._plan, self._estimator, self._signature, rows)
            raise DisagreementError(step, f"its answers differ from scikit-learn's ({verdict.what}).")
        if not verdict.to_the_bit:
            self._equality = "1e-12"
        self.compared += _count(rows)

    def compare_splits(self, golden: Columns, most: int) -> None:
        """The last step alone, on rows that come to each decision of each tree, however deep it lies."""
        plan, last = self._plan, last_step(self._estimator)
        if not plan.final.splits or last is None:
            return
        name = type(last).__name__
        try:
            base = np.asarray(plan.prepare(golden), dtype=np.float64)
            rows = rows_at_splits(plan.final.splits, base, most, np.random.default_rng(SEED))
            alone = ask_last(last, rows, self._signature, plan.wanted)
        except Exception as problem:
            raise DisagreementError(name, f"it can't be asked alone ({type(problem).__name__}).") from problem
        verdict = agreement(alone, plan.final(rows, plan.wanted), self._signature)
        if not verdict.within_bound:
            raise DisagreementError(name, f"its answers differ from scikit-learn's ({verdict.what}).")
        self.compared += len(rows)

    def _asked(self, rows: Columns) -> RawAnswer:
        try:
            return self._plan(rows)
        except Exception as problem:
            step = culprit(self._plan, self._estimator, self._signature, rows)
            raise DisagreementError(
                step, f"it fails where scikit-learn answers ({type(problem).__name__})."
            ) from problem

    def _halve(self, rows: Columns) -> None:
        count = _count(rows)
        if count > 1 and self._calls < _MOST_CALLS:
            self.compare(_taken(rows, range(count // 2)))
            self.compare(_taken(rows, range(count // 2, count)))
        elif count == 1:
            self._refuse(rows)

    def _refuse(self, rows: Columns) -> None:
        self._refused += 1
        if self._refused > _MOST_REFUSED:
            return
        try:
            self._plan(rows)
        except Exception:  # noqa: BLE001 - any refusal is one
            return
        raise DisagreementError(
            type(self._estimator).__name__, "the plan answers a row that scikit-learn refuses."
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    within_bound: bool
    to_the_bit: bool
    what: str = ""


def agreement(expected: RawAnswer, got: RawAnswer, signature: Signature) -> Agreement:
    """Labels must be the same; numbers to the bit, or within the bound of the largest in their row."""
    exact = True
    for what, left, right in _compared_parts(expected, got, signature):
        if what == "labels" and np.array_equal(left, right):
            continue
        if what == "labels" or left.shape != right.shape or not close(left, right):
            return Agreement(within_bound=False, to_the_bit=False, what=what)
        exact = exact and np.array_equal(left, right, equal_nan=True)
    return Agreement(within_bound=True, to_the_bit=exact)


def ask_last(last: Any, rows: Array, signature: Signature, wanted: frozenset[str]) -> RawAnswer:
    """What the last step itself answers for prepared rows; histogram boosting would encode them once more."""
    if getattr(last, "_preprocessor", None) is not None:
        last = copy(last)
        last._preprocessor = None  # noqa: SLF001 - as in a model without categories
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return ask(last, rows, signature.outputs[0].task, wanted)


def culprit(plan: Plan, estimator: Any, signature: Signature, rows: Columns) -> str:
    """The first transformer after which plan and estimator hold something else, or the last step."""
    transformers, last = parts(estimator)
    try:
        block = estimator_input(signature, rows)
        for transformer, (name, step) in zip(transformers, plan.stages, strict=False):
            block = transformer.transform(block)
            if not _same_block(block, step(rows), step):
                return name
    except Exception:  # noqa: BLE001 - it is only about a better word than the last step's name
        return type(last).__name__
    return type(last).__name__


def _same_block(expected: Any, got: Any, step: Any) -> bool:
    if step.shape.kind == "values":
        return np.asarray(expected, dtype=object).shape == objects(got, step.shape.columns).shape
    left, right = dense(expected), dense(got)
    return left.shape == right.shape and close(left, right)


def _compared_parts(
    expected: RawAnswer, got: RawAnswer, signature: Signature
) -> Iterator[tuple[str, Array, Array]]:
    labels = signature.outputs[0].task == "classification"
    if labels:
        yield "labels", expected.predicted, got.predicted
    else:
        yield "values", _floats(expected.predicted), _floats(got.predicted)
    if expected.probabilities is not None:
        pairs = zip(_tables(expected.probabilities), _tables(got.probabilities), strict=True)
        yield from (("probabilities", left, right) for left, right in pairs)
    if expected.scores is not None:
        scores = np.nan if got.scores is None else got.scores
        yield "scores", _floats(expected.scores), _floats(scores)


def _tables(answered: Any) -> list[Array]:
    return [_floats(part) for part in (answered if isinstance(answered, list) else [answered])]


def _floats(numbers: Any) -> Array:
    return np.asarray(numbers, dtype=np.float64)


def close(left: Array, right: Array) -> bool:
    if np.array_equal(left, right, equal_nan=True):
        return True
    rows = left.reshape(len(left), -1), right.reshape(len(right), -1)
    with np.errstate(all="ignore"):
        largest = np.nanmax(np.abs(rows[0]), axis=1, keepdims=True, initial=0)
        near = np.abs(rows[0] - rows[1]) <= BOUND * largest
    return bool((near | (rows[0] == rows[1]) | (np.isnan(rows[0]) & np.isnan(rows[1]))).all())


def _count(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _taken(columns: Columns, rows: Sequence[int]) -> Mapping[str, list[Any]]:
    return {name: [values[row] for row in rows] for name, values in columns.items()}
