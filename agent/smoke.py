"""Golden rows, asked of a colour through this machine's own edge proxy before any client is sent to it."""

import http.client
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agent.unix_http import UnixServer
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import PicklefleetError
from lifecycle.golden import GoldenRows, differences
from lifecycle.machine import MachineDirectory
from lifecycle.model import OutputAnswer
from lifecycle.releases.release import Colour
from lifecycle.signature import Output, Signature, label_text

MOST_ROWS = 50
ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class Smoke:
    """`golden` reads the champion's signature and golden rows from the cache; `edge` is the proxy's folder."""

    machine: MachineDirectory
    edge: Path
    golden: Callable[[], tuple[Signature, GoldenRows]]

    def prepare(self) -> None:
        """A fresh token at each start of the agent: who can read the machine's folder may ask."""
        write_atomically(self.machine.smoke_token, secrets.token_hex(32).encode(), mode=0o640)

    def ask(self, colour: Colour) -> str:
        """What is wrong, in a sentence; nothing when every answer is what it was at registration."""
        try:
            signature, golden = self.golden()
            rows = min(golden.rows, MOST_ROWS)
            status, body = self._post(colour, _request(golden, rows))
            if status != http.client.OK:
                return f"Golden rows were answered with status {status}."
            return _compare(signature, golden, msgspec.json.decode(body, type=dict[str, Any]), rows)
        except PicklefleetError as problem:
            return f"The golden rows can't be asked: {problem}"
        except (OSError, http.client.HTTPException) as problem:
            return f"Golden rows were not answered: {type(problem).__name__}."
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as problem:
            return f"The answer to golden rows has another shape than it should: {type(problem).__name__}."

    def _post(self, colour: Colour, body: bytes) -> tuple[int, bytes]:
        token = self.machine.smoke_token.read_text(encoding="ascii")
        headers = {"Content-Type": "application/json", "Authorization": f"Smoke {token}"}
        return UnixServer(self.edge / f"smoke-{colour}.sock", ANSWER_S).post("/api/v1/predict", body, headers)


def _request(golden: GoldenRows, rows: int) -> bytes:
    instances = [{name: values[row] for name, values in golden.columns.items()} for row in range(rows)]
    return msgspec.json.encode({"instances": instances})


def _compare(signature: Signature, golden: GoldenRows, document: dict[str, Any], rows: int) -> str:
    answers = document["predictions"]
    if len(answers) != rows:
        return f"{rows} golden rows got {len(answers)} answers."
    for index, output in enumerate(signature.outputs):
        expected = _first(golden.answers[index], rows)
        name = output.name if len(signature.outputs) > 1 else None
        parts = differences(expected, _answered(output, [_of(answer, name) for answer in answers]))
        if parts:
            return f"Output {output.name!r}: {', '.join(parts)} differ from the golden rows."
    return ""


def _first(answer: OutputAnswer, rows: int) -> OutputAnswer:
    return OutputAnswer(
        labels=answer.labels and answer.labels[:rows],
        probabilities=answer.probabilities and answer.probabilities[:rows],
        scores=answer.scores and answer.scores[:rows],
        values=answer.values and answer.values[:rows],
    )


def _of(answer: dict[str, Any], name: str | None) -> dict[str, Any]:
    """One output's part of an answer: several outputs stand by their names."""
    if name is None:
        return answer
    return {
        part: values[name] for part, values in answer.items() if isinstance(values, dict) and name in values
    }


def _answered(output: Output, answers: list[dict[str, Any]]) -> OutputAnswer:
    names = [label_text(label) for label in output.labels]

    def part(key: str) -> list[Any] | None:
        if any(key not in answer for answer in answers):
            return None
        return [_in_order(answer[key], names) for answer in answers]

    return OutputAnswer(part("label"), part("probabilities"), part("score"), part("value"))


def _in_order(value: Any, names: list[str]) -> Any:
    return [value[name] for name in names] if isinstance(value, dict) else value
