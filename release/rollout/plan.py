"""The steps of a rollout and what each asks for: read from a file, checked whole, told in one message."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import yaml

from lifecycle.errors import PicklefleetError
from lifecycle.gate.evidence import Signal

_EXAMPLE = "steps:\n  - shadow: true\n  - {share: 5%, min_requests: 500, min_minutes: 5}\n  - share: 50%"


class PlanError(PicklefleetError):
    """A plan that can't be walked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Step:
    """`share` of the units, 0 to 1; 0 is the shadow. After `max_minutes` a step that is inconclusive says so."""

    share: float
    min_requests: int = 500
    min_minutes: int = 5
    max_minutes: int = 24 * 60

    @property
    def title(self) -> str:
        return f"{100 * self.share:g} %" if self.share else "shadow"

    @property
    def ratio(self) -> float:
        """Requests of the challenger for each of the champion's."""
        return self.share / (1 - self.share) if self.share else 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The last step is followed by the promotion. `signals` are judged while both answer, not in the shadow.

    `tolerance`: where labels are judged and are numbers, an answer this near to the true one is right.
    """

    steps: tuple[Step, ...]
    signals: tuple[Signal, ...] = ("errors", "latency", "score")
    max_silence_minutes: int = 5
    tolerance: float | None = None

    def signals_at(self, step: Step) -> tuple[Signal, ...]:
        """A shadow answers when nobody waits: its times are no service's."""
        if step.share:
            return self.signals
        return (*(signal for signal in self.signals if signal in {"errors", "score"}), "disagreement")


DEFAULT = Plan(tuple(Step(share) for share in (0.0, 0.01, 0.05, 0.25, 0.50)))


class _StepInFile(msgspec.Struct, forbid_unknown_fields=True):
    shadow: bool = False
    share: str | float | None = None
    min_requests: int = 500
    min_minutes: int = 5
    max_minutes: int = 24 * 60


class _PlanInFile(msgspec.Struct, forbid_unknown_fields=True):
    steps: list[_StepInFile]
    signals: tuple[Signal, ...] = ("errors", "latency", "score")
    max_silence_minutes: int = 5
    tolerance: float | None = None


def read_plan(text: str, name: str) -> Plan:
    """YAML, of which JSON is a part. Raises PlanError with everything that is wrong."""
    try:
        found: Any = yaml.safe_load(text)
        given = msgspec.convert(found, _PlanInFile)
    except yaml.YAMLError as problem:
        raise PlanError(f"{name} is no YAML: {' '.join(str(problem).split())}.") from problem
    except msgspec.ValidationError as problem:
        raise PlanError(
            f"{name} is no plan: {problem}.", fix=f"A plan looks like this:\n{_EXAMPLE}"
        ) from problem
    problems = list(_problems(given))
    if problems:
        raise PlanError(f"{name} can't be walked:" + "".join(f"\n  - {problem}" for problem in problems))
    return Plan(tuple(map(_step, given.steps)), given.signals, given.max_silence_minutes, given.tolerance)


def _problems(given: _PlanInFile) -> Iterator[str]:
    if not given.steps:
        yield "It has no step."
    for number, step in enumerate(given.steps, start=1):
        for problem in _step_problems(step):
            yield f"Step {number}: {problem}"
    if any(step.shadow for step in given.steps[1:]):
        yield "Only the first step can be a shadow."
    shares = [_share(step) or 0.0 for step in given.steps]
    if any(first >= second for first, second in pairwise(shares)):
        yield "The shares must grow from step to step."
    if not given.signals or "disagreement" in given.signals:
        yield "signals are at least one of errors, latency, score, labels; disagreement belongs to the shadow."
    if given.max_silence_minutes < 2:
        yield "max_silence_minutes must be at least 2: measurements of a minute arrive in the next."


def _step_problems(step: _StepInFile) -> Iterator[str]:
    share = _share(step)
    if step.shadow == (step.share is not None):
        yield "it is either `shadow: true` or has a `share`."
    elif not step.shadow and (share is None or not 0 < share < 1):
        yield "share must lie between 0 and 100 %, such as 5% or 0.05; after the last step comes the promotion."
    if step.min_requests < 1 or step.min_minutes < 0:
        yield "min_requests must be at least 1, min_minutes at least 0."
    if step.max_minutes <= step.min_minutes:
        yield "max_minutes must be larger than min_minutes."


def _share(step: _StepInFile) -> float | None:
    if not isinstance(step.share, str):
        return step.share
    number = step.share.strip().removesuffix("%").strip()
    try:
        return float(number) / 100 if number != step.share.strip() else float(number)
    except ValueError:
        return None


def _step(given: _StepInFile) -> Step:
    return Step(_share(given) or 0.0, given.min_requests, given.min_minutes, given.max_minutes)
