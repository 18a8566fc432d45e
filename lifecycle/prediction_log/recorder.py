"""Record what was answered, or count why that could not be done. Never raises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lifecycle.prediction_log.drop_counts import Reason
from lifecycle.prediction_log.process_spool import Event, SpoolLimits
from lifecycle.prediction_log.record_schema import FEEDBACK, RecordSchema
from lifecycle.prediction_log.records import (
    Feedback,
    PredictionEncoder,
    PredictionRecord,
    Recorded,
    encode_feedback,
)
from lifecycle.prediction_log.spool import SpoolWriter
from lifecycle.signature import Signature


@dataclass(slots=True)
class Recorder:
    """Made once, before the fork or after it. One file is open for each different set of columns in use.

    `secret` keys the hashes of private fields; it must be the same on every machine, or equal values differ.
    `dropped` is told the reason and the rows of each event that is left out.
    """

    directory: Path
    limits: SpoolLimits
    secret: bytes = field(repr=False)
    hash_units: bool = False
    dropped: Callable[[Reason, int], None] = lambda _reason, _rows: None
    _encoders: dict[str, PredictionEncoder] = field(default_factory=dict)
    _writers: dict[str, SpoolWriter] = field(default_factory=dict)

    def prediction(self, signature: Signature, record: PredictionRecord) -> bool:
        """False when the record was left out; the reason is counted and shipped."""
        return self.predictions([(signature, record)])

    def predictions(self, records: Sequence[Recorded]) -> bool:
        """Those of several requests: one write for each set of columns. False when any of them was left out."""
        events: dict[str, list[Event]] = {}
        complete = True
        for signature, record in records:
            encoder = self._encoder(signature, record.version)
            writer = self._writers.get(encoder.digest) or self._open(encoder.digest, encoder.schema)
            try:
                event = encoder.encode(record)
            except Exception:  # noqa: BLE001 - the answer leaves, whatever the values were
                writer.count_out("not_encodable", record.rows)
                complete = False
            else:
                events.setdefault(encoder.digest, []).append((event, record.rows))
        written = [self._writers[digest].append_all(found) for digest, found in events.items()]
        return complete and all(written)

    def feedback(self, feedback: Feedback) -> bool:
        """False when it could not be taken: the caller must not acknowledge it."""
        writer = self._writers.get(FEEDBACK.kind) or self._open(FEEDBACK.kind, FEEDBACK)
        try:
            event = encode_feedback(feedback)
        except Exception:  # noqa: BLE001 - told to the caller by the answer
            writer.count_out("not_encodable", len(feedback.prediction_ids))
            return False
        return writer.append(event, len(feedback.prediction_ids))

    def close(self) -> None:
        """Seal everything, at the end of a process."""
        for writer in self._writers.values():
            writer.close()

    def _encoder(self, signature: Signature, version: str) -> PredictionEncoder:
        encoder = self._encoders.get(version)
        if encoder is None:
            made = PredictionEncoder(signature, self.secret, hash_units=self.hash_units)
            encoder = self._encoders.setdefault(version, made)
        return encoder

    def _open(self, name: str, schema: RecordSchema) -> SpoolWriter:
        made = SpoolWriter(self.directory, schema.kind, schema.to_bytes(), self.limits, told=self.dropped)
        return self._writers.setdefault(name, made)
