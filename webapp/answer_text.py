"""The answer to most requests, written as text at once: the very bytes that orjson makes of `answer_rows`.

A dictionary for every row costs more than the prediction of it. Whatever is not the plain case - several outputs,
flags, keys of rows, scores of pairs - is left to `answer_rows`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import orjson

from lifecycle.model import OutputAnswer, Predictions
from lifecycle.signature import Label, Output, Signature, label_text
from webapp.answers import answer_rows

# the members of a row with a gap for each value, and the values of each gap
Parts = tuple[list[bytes], list[Sequence[bytes]]]


@dataclass(frozen=True, slots=True)
class AnswerText:
    """Of one model. `labels` are written already; `shares` are the names of the probabilities, with their colons."""

    signature: Signature
    labels: Mapping[Label, bytes]
    shares: tuple[bytes, ...]
    model: bytes

    @classmethod
    def of(cls, signature: Signature, name: str, version: str) -> "AnswerText":
        labels = signature.outputs[0].labels if len(signature.outputs) == 1 else ()
        names = [label_text(label) for label in labels]
        return cls(
            signature,
            {label: orjson.dumps(label) for label in labels},
            tuple(orjson.dumps(text).replace(b"%", b"%%") + b":%b" for text in names),
            orjson.dumps({"name": name, "version": version}),
        )

    def document(
        self, request_id: str, predictions: Predictions, base_id: str, row_keys: Sequence[str] | None = None
    ) -> bytes:
        rows = None if row_keys is not None else self._rows(predictions, base_id)
        if rows is None:
            rows = orjson.dumps(answer_rows(self.signature, predictions, base_id, row_keys))
        head = orjson.dumps(request_id)
        return b'{"request_id":%b,"model":%b,"predictions":%b}' % (head, self.model, rows)

    def texts(self, predictions: Predictions) -> list[bytes] | None:
        """Each row without its id, for several requests at once; None where it is not the plain case."""
        parts = self._plain(predictions)
        if parts is None:
            return None
        members, columns = parts
        text = b",".join(members)
        return [text % values for values in zip(*columns, strict=True)]

    def document_of(self, request_id: str, base_id: str, texts: Sequence[bytes]) -> bytes:
        """The same document from the texts of its rows."""
        base, head = base_id.encode(), orjson.dumps(request_id)
        rows = [b'{"prediction_id":"%b-%d",%b}' % (base, row, text) for row, text in enumerate(texts)]
        return b'{"request_id":%b,"model":%b,"predictions":[%b]}' % (head, self.model, b",".join(rows))

    def _rows(self, predictions: Predictions, base_id: str) -> bytes | None:
        """None where it is not the plain case."""
        parts = self._plain(predictions)
        if parts is None:
            return None
        count = len(predictions.flags)
        members, columns = parts
        row = b'{"prediction_id":"%b-%%d",%b}' % (base_id.encode(), b",".join(members))
        values = tuple(chain.from_iterable(zip(range(count), *columns, strict=True)))
        return b"[%b]" % (b",".join(repeat(row, count)) % values)

    def _plain(self, predictions: Predictions) -> Parts | None:
        if len(self.signature.outputs) != 1 or any(predictions.flags):
            return None
        return self._parts(self.signature.outputs[0], predictions.answers[0], len(predictions.flags))

    def _parts(self, output: Output, answer: OutputAnswer, count: int) -> Parts | None:
        if answer.scores is not None:
            return None
        if answer.labels is None:
            plain = output.task == "regression" and answer.values is not None
            return ([b'"value":%b'], [_numbers(answer.values)]) if plain else None
        try:
            members, columns = [b'"label":%b'], [[self.labels[label] for label in answer.labels]]
        except KeyError:
            return None
        if answer.probabilities is None:
            return members, list(columns)
        shares, width = _numbers(answer.probabilities), len(self.shares)
        if len(shares) != count * width:
            return None
        members.append(b'"probabilities":{%b}' % b",".join(self.shares))
        return members, [*columns, *(shares[place::width] for place in range(width))]


def _numbers(table: Any) -> list[bytes]:
    """Numbers, or rows of them, one after another as JSON writes them."""
    return orjson.dumps(table).translate(None, b"[]").split(b",")
