"""What is remembered of one answered request, and of labels that came later; privacy is applied before any byte
is written. One request is one event of n rows, columns as lists.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec
import orjson

from lifecycle.model import Flag, OutputAnswer
from lifecycle.prediction_log.record_schema import RecordSchema, input_part, prediction_schema
from lifecycle.signature import Feature, Signature

Source = Literal["live", "shadow", "smoke", "golden", "import", "forced"]

_PERSON = b"record-field"


class PredictionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request: `columns` are feature name → n values as the model got them, `answers` one an output.

    `at_ms` is the Unix time that `base_id` was minted with. A Struct, because a frozen dataclass of this size
    takes ten times as long to make, and one is made for every request.
    """

    base_id: str
    request_id: str
    at_ms: int
    version: str
    columns: Mapping[str, Sequence[Any]]
    answers: Sequence[OutputAnswer]
    rows: int
    arm: str = "champion"
    owner: str = ""
    latency_us: int = 0
    source: Source = "live"
    unit_id: str | None = None
    row_keys: Sequence[str] | None = None
    flags: Sequence[Sequence[Flag]] | None = None
    idempotency: str | None = None


Recorded = tuple[Signature, PredictionRecord]  # and of what model


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """The true values of n predictions. `observed_ms`: when each became known, Unix ms, None where not told."""

    prediction_ids: Sequence[str]
    actuals: Sequence[Any]
    observed_ms: Sequence[int | None]
    received_ms: int
    owner: str = ""
    source: str = "api"


class PredictionEncoder:
    """Records of one signature → events. `secret` keys the hashes; `hash_units` is the policy on unit ids."""

    def __init__(self, signature: Signature, secret: bytes, *, hash_units: bool = False) -> None:
        self.schema: RecordSchema = prediction_schema(signature)
        self.digest = self.schema.digest
        self._secret = secret
        self._hash_units = hash_units
        features = [(input_part(index), feature) for index, feature in enumerate(signature.inputs)]
        kept = {part: feature.name for part, feature in features if feature.privacy == "keep"}
        self._kept_parts, self._kept_columns = tuple(kept), _getter(tuple(kept.values()))
        self._protected = [
            (part, feature.name, _protection(feature, secret))
            for part, feature in features
            if feature.privacy in {"hash", "bucket"}
        ]

    def encode(self, record: PredictionRecord) -> bytes:
        """One line of JSON. What is None is left out; NaN and infinity become null, as in the answer."""
        event: dict[str, Any] = {
            "id": record.base_id,
            "rows": record.rows,
            "request_id": record.request_id,
            "at_ms": record.at_ms,
            "version": record.version,
            "arm": record.arm,
            "owner": record.owner,
            "latency_us": record.latency_us,
            "source": record.source,
        }
        if record.unit_id is not None:
            event["unit_id"] = unit_key(record.unit_id, self._secret) if self._hash_units else record.unit_id
        self._add_rows(event, record)
        return orjson.dumps(event)

    def _add_rows(self, event: dict[str, Any], record: PredictionRecord) -> None:
        columns = record.columns
        event |= zip(self._kept_parts, self._kept_columns(columns), strict=True)
        for part, name, protect in self._protected:
            event[part] = [protect(value) for value in columns[name]]
        for index, answer in enumerate(record.answers):
            _add_answer(event, index, answer)
        if record.row_keys is not None:
            event["row_keys"] = record.row_keys
        if record.flags is not None and any(record.flags):
            event["flags"] = record.flags
        if record.idempotency is not None:
            event["idempotency"] = record.idempotency


def encode_feedback(feedback: Feedback) -> bytes:
    """Labels keep a text for comparing and, where they are numbers, a number for measuring."""
    return orjson.dumps(
        {
            "prediction_ids": feedback.prediction_ids,
            "actuals": [actual_text(actual) for actual in feedback.actuals],
            "numbers": [_number(actual) for actual in feedback.actuals],
            "observed_ms": feedback.observed_ms,
            "received_ms": feedback.received_ms,
            "owner": feedback.owner,
            "source": feedback.source,
        }
    )


def actual_text(actual: Any) -> str:
    """A true value as the log holds it: text as it is, everything else as JSON writes it."""
    return actual if isinstance(actual, str) else orjson.dumps(actual).decode()


def unit_key(unit_id: str, secret: bytes) -> str:
    """What stands in the log for a unit where the policy hashes them; deletion by subject looks for the same."""
    return _keyed_hash("unit_id", unit_id, secret)


def bucket(value: float | None) -> float | None:
    """A number to two significant digits: 1,234 → 1,200."""
    if value is None or not math.isfinite(value) or value == 0:
        return value
    rounded = float(f"{value:.1e}")
    return int(rounded) if isinstance(value, int) else rounded


def _getter(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Many look-ups in one call of C; itemgetter answers a tuple only where there are two or more."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda columns: tuple(columns[name] for name in names)


def _add_answer(event: dict[str, Any], index: int, answer: OutputAnswer) -> None:
    if answer.labels is not None:
        event[f"label{index}"] = answer.labels
    if answer.probabilities is not None:
        event[f"p{index}"] = answer.probabilities
    if answer.scores is not None:
        event[f"score{index}"] = answer.scores
    if answer.values is not None:
        event[f"value{index}"] = answer.values


def _protection(feature: Feature, secret: bytes) -> Callable[[Any], Any]:
    if feature.privacy == "bucket" and feature.kind in {"number", "integer"}:
        return bucket
    return lambda value: None if value is None else _keyed_hash(feature.name, value, secret)


def _keyed_hash(field: str, value: Any, secret: bytes) -> str:
    """The same value in two fields has two hashes: they can't be matched with one another."""
    material = orjson.dumps([field, value])
    return hashlib.blake2b(material, key=secret[:64], digest_size=16, person=_PERSON).hexdigest()


def _number(actual: Any) -> float | None:
    return float(actual) if isinstance(actual, int | float) and not isinstance(actual, bool) else None
