"""What may be told as the true value of a prediction: one of the labels, or a finite number (definitions, section 6)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from lifecycle.signature import Label, Output, label_text

SHOWN_LABELS = 20


class NotATrueValueError(ValueError):
    """`faults`: what is wrong, by the output's name; by "" where the value as a whole is."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class TrueValue:
    """What one output's true value may be; its labels by JSON type and value, and by text."""

    output: Output
    by_value: Mapping[tuple[str, Label], Label]
    by_text: Mapping[str, Label]

    @classmethod
    def of(cls, output: Output) -> "TrueValue":
        by_value = {(_json_type(label), label): label for label in output.labels}
        texts = {str(label): label for label in output.labels}
        return cls(output, by_value, texts | {label_text(label): label for label in output.labels})

    def check(self, value: Any) -> Label:
        """The value in one form: a label as the model has it, a number as a float. Raises ValueError."""
        if self.output.task == "transform":
            raise ValueError("What this model answers has no true value.")
        if self.output.task == "regression":
            return _finite(value)
        if not isinstance(value, str | int | float):
            raise ValueError(self._wanted())  # noqa: TRY004 - a client's value, not a caller's type
        if not self.by_value:
            return value
        try:
            return self.by_value[_json_type(value), value]
        except KeyError:
            raise ValueError(self._wanted()) from None

    def parse(self, text: str) -> Label:
        """The same from a text, as a CSV file has it; pandas writes the label 1 as 1.0 where some are missing."""
        if text in self.by_text:
            return self.by_text[text]
        if self.output.task == "classification" and not self.by_text:
            return text
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        return self.check(number)

    def _wanted(self) -> str:
        labels = self.output.labels
        if not labels:
            return "Must be text, a number, true or false."
        shown = ", ".join(orjson.dumps(label).decode() for label in labels[:SHOWN_LABELS])
        more = f" and {len(labels) - SHOWN_LABELS} more" if len(labels) > SHOWN_LABELS else ""
        return f"Must be one of the model's labels: {shown}{more}."


@dataclass(frozen=True, slots=True)
class TrueValues:
    """What the true value of all outputs together may be: an object by output name where there are several."""

    outputs: tuple[TrueValue, ...]

    @classmethod
    def of(cls, outputs: Sequence[Output]) -> "TrueValues":
        return cls(tuple(TrueValue.of(output) for output in outputs))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.output.name for one in self.outputs)

    def check(self, value: Any) -> Any:
        """The value in one form, its outputs in the model's order. Raises NotATrueValueError."""
        if len(self.outputs) == 1:
            return self._all({"": value}, {"": self.outputs[0].check})[""]
        if not isinstance(value, dict) or set(value) != set(self.names):
            raise NotATrueValueError({"": f"Must be an object with exactly: {', '.join(self.names)}."})
        return self._all(value, {one.output.name: one.check for one in self.outputs})

    def parse(self, texts: Mapping[str, str]) -> Any:
        """The same from the texts of a row, by output name. Raises NotATrueValueError."""
        found = self._all(texts, {one.output.name: one.parse for one in self.outputs})
        return found if len(self.outputs) > 1 else next(iter(found.values()))

    def _all(self, values: Mapping[str, Any], checks: Mapping[str, Any]) -> dict[str, Label]:
        found: dict[str, Label] = {}
        faults: dict[str, str] = {}
        for name, check in checks.items():
            try:
                found[name] = check(values[name])
            except ValueError as problem:
                faults[name] = str(problem)
        if faults:
            raise NotATrueValueError(faults)
        return found


_FINITE = "Must be a finite number."


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(_FINITE)  # noqa: TRY004 - a client's value, not a caller's type
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(_FINITE) from None
    if not math.isfinite(number):
        raise ValueError(_FINITE)
    return number + 0.0  # -0.0 and 0.0 are one value, and so one text in the log


def _json_type(value: Label) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"
