"""Golden rows: rows with the answers that the model must give before it may serve."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

from lifecycle.errors import CorruptBundleError, ModelFailureError
from lifecycle.model import Model, OutputAnswer
from lifecycle.verdict import Outcome, Verdict

FORMAT = 1
TOLERANCE = 1e-9  # relative; another processor's BLAS differs in the last bits (standards, section 7)

Origin = Literal["maker", "registration"]


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """`columns` hold `rows` values each (None is missing), `answers` are by output in the signature's order.

    `origin` "maker": the answers came with the model from whoever trained it; else intake computed them.
    """

    columns: Mapping[str, list[Any]]
    rows: int
    answers: tuple[OutputAnswer, ...]
    origin: Origin = "registration"
    format: int = FORMAT

    def to_document(self) -> dict[str, Any]:
        return asdict(self) | {"answers": [msgspec.structs.asdict(answer) for answer in self.answers]}


def from_document(document: Mapping[str, Any]) -> GoldenRows:
    """Read stored golden rows. Raises CorruptBundleError for any other shape."""
    try:
        return msgspec.convert(document, GoldenRows)
    except msgspec.ValidationError as problem:
        raise CorruptBundleError(f"The golden rows can't be read: {problem}.") from problem


def replay(model: Model, golden: GoldenRows) -> Verdict:
    """Ask the model its golden rows again: passed, failed with what differs, or error when it can't answer."""
    try:
        answered = model.predict(golden.columns, golden.rows).answers
    except ModelFailureError as problem:
        return Verdict(Outcome.ERROR, (str(problem),))
    reasons = tuple(
        f"Output {output.name!r}: {part} differ from the golden rows."
        for output, expected, got in zip(model.signature.outputs, golden.answers, answered, strict=True)
        for part in differences(expected, got)
    )
    return Verdict(Outcome.FAILED if reasons else Outcome.PASSED, reasons)


def differences(expected: OutputAnswer, got: OutputAnswer) -> list[str]:
    """The parts that the golden rows know and that were answered otherwise."""
    differing = []
    if expected.labels is not None and expected.labels != got.labels:
        differing.append("labels")
    for part in ("probabilities", "scores", "values"):
        known = getattr(expected, part)
        if known is not None and not _close(known, getattr(got, part)):
            differing.append(part)
    return differing


def _close(expected: Any, got: Any) -> bool:
    if isinstance(expected, list):
        return isinstance(got, list) and len(expected) == len(got) and all(map(_close, expected, got))
    if expected is None or got is None or math.isnan(expected) or math.isnan(got):
        return _missing(expected) and _missing(got)
    return math.isclose(expected, got, rel_tol=TOLERANCE, abs_tol=1e-12)


def _missing(number: float | None) -> bool:
    return number is None or math.isnan(number)
