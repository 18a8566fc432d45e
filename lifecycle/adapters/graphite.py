"""graphite-web over HTTP: series as numbers, graphs as pictures, dashboards kept."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifecycle.errors import PicklefleetError

TIMEOUT_S = 10.0

Numbers = dict[str, list[float]]


class GraphiteError(PicklefleetError):
    """Graphite does not answer, or answers nonsense."""

    exit_code = 75  # EX_TEMPFAIL


@dataclass(frozen=True, slots=True)
class Graphite:
    url: str
    timeout_s: float = TIMEOUT_S

    def numbers(self, target: str, seconds: int) -> Numbers:
        """Series name → what it had in the last `seconds`, oldest first, without the gaps. Raises GraphiteError."""
        query = {"target": target, "from": f"-{seconds}s", "format": "json", "noCache": "1"}
        try:
            found = json.loads(self._get("/render", query))
            return {
                one["target"]: [value for value, _ in one["datapoints"] if value is not None] for one in found
            }
        except (ValueError, KeyError, TypeError) as problem:
            raise GraphiteError(f"{self.url} answered no series.") from problem

    def picture(self, targets: Sequence[str], options: Mapping[str, str]) -> bytes:
        """A PNG."""
        return self._get("/render", {"target": list(targets), "format": "png", "noCache": "1", **options})

    def keep_dashboard(self, name: str, state: Mapping[str, Any]) -> None:
        """Made, or replaced."""
        body = urllib.parse.urlencode({"state": json.dumps(state)}).encode()
        answer = self._send(f"/dashboard/save/{urllib.parse.quote(name)}", body)
        if b'"success"' not in answer:
            raise GraphiteError(f"{self.url} did not keep the dashboard {name}.")

    def _get(self, path: str, query: Mapping[str, Any]) -> bytes:
        return self._send(f"{path}?{urllib.parse.urlencode(query, doseq=True)}")

    def _send(self, path: str, body: bytes | None = None) -> bytes:
        try:
            with urllib.request.urlopen(self.url + path, body, self.timeout_s) as answer:  # noqa: S310 - a checked URL
                content: bytes = answer.read()
                return content
        except (urllib.error.URLError, OSError) as problem:
            raise GraphiteError(
                f"Graphite at {self.url} does not answer ({type(problem).__name__}).",
                fix="See PICKLEFLEET_GRAPHITE_URL.",
            ) from problem
