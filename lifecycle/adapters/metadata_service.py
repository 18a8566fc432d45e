"""Azure's Instance Metadata Service, as its documentation has it: this machine's name, and what is about to be done to it.

https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events. It answers on a link-local address that only
the agent may reach, never through a proxy.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lifecycle.errors import PicklefleetError

EVENTS = "/metadata/scheduledevents?api-version=2020-07-01"
IDENTITY_TOKEN = "/metadata/identity/oauth2/token?api-version=2018-02-01"  # noqa: S105 - a path
NAME = "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
TIMEOUT_S = 10.0  # the first question after a boot may take minutes: it is asked again


class MetadataUnavailableError(PicklefleetError):
    """The metadata service does not answer, or not as documented."""

    exit_code = 75  # EX_TEMPFAIL


@dataclass(frozen=True, slots=True)
class ScheduledEvent:
    """`machines` are all that it concerns: every machine of a group is told of every event. `started`: it is too late
    to say that it may begin. `not_before` is None where it may begin at once.
    """

    id: str
    kind: str
    machines: tuple[str, ...]
    started: bool
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class MetadataService:
    url: str
    timeout_s: float = TIMEOUT_S

    def name(self) -> str:
        return self._ask(NAME).decode("ascii")

    def events(self) -> tuple[ScheduledEvent, ...]:
        """Raises MetadataUnavailableError."""
        body = self._ask(EVENTS)
        try:
            return tuple(_event(one) for one in json.loads(body)["Events"])
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise MetadataUnavailableError(
                f"The metadata service answers scheduled events otherwise than documented: {problem!r}."
            ) from problem

    def token(self, resource: str, client_id: str) -> tuple[str, float]:
        """Of the identity that has this client id, for that resource; and when it ends, in seconds of Unix time.

        Raises MetadataUnavailableError.
        """
        query = urllib.parse.urlencode({"resource": resource, "client_id": client_id})
        body = self._ask(f"{IDENTITY_TOKEN}&{query}")
        try:
            found = json.loads(body)
            return str(found["access_token"]), float(found["expires_on"])
        except (ValueError, KeyError, TypeError) as problem:
            raise MetadataUnavailableError("The metadata service gives no token as documented.") from problem

    def start(self, event_id: str) -> None:
        """Say that it may begin now, for all that it concerns. Raises MetadataUnavailableError."""
        self._ask(EVENTS, json.dumps({"StartRequests": [{"EventId": event_id}]}).encode())

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, body, {"Metadata": "true"})  # noqa: S310 - a checked URL
        try:
            with _OPENER.open(request, timeout=self.timeout_s) as answer:
                data: bytes = answer.read()
                return data
        except OSError as problem:
            raise MetadataUnavailableError(
                f"The metadata service does not answer at {self.url} ({problem})."
            ) from problem


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _event(document: dict[str, Any]) -> ScheduledEvent:
    moment = document.get("NotBefore")
    return ScheduledEvent(
        document["EventId"],
        document["EventType"],
        tuple(document["Resources"]),
        document["EventStatus"] == "Started",
        parsedate_to_datetime(moment) if moment else None,
    )
