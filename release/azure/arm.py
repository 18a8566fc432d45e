"""Azure Resource Manager over plain HTTP, as its documentation has it: ETags, Retry-After, operations that take longer.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations. The management SDK takes seconds
to import and hundreds of megabytes; what a release needs of it stands here.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lifecycle import clock
from lifecycle.errors import PicklefleetError
from release.azure.waiting import Waits, retry_after_s

TIMEOUT_S = 30.0
PATIENCE_S = 120.0  # for an answer, retries and all: a walker has to look at the fleet meanwhile
MOST_BYTES = 16 << 20
_LATER = {408, 429, 500, 502, 503, 504}

Method = Literal["GET", "PUT", "PATCH"]


class ArmError(PicklefleetError):
    """Azure refused what was asked, or answered otherwise than documented."""


class NotThereError(ArmError):
    """Azure has no such resource."""


class ArmUnavailableError(ArmError):
    """Azure does not answer, or keeps asking to come back later."""

    exit_code = 75  # EX_TEMPFAIL


class ChangedMeanwhileError(ArmError):
    """Somebody else changed the resource between our look and our act: look again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`etag` is what an If-Match needs; empty where the resource has none. `operation`: where its end is told."""

    document: dict[str, Any]
    etag: str = ""
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """`token` gives the identity's token, a new one with `fresh`. `pause` waits so many seconds."""

    endpoint: str
    token: Callable[[bool], str]
    pause: Callable[[float], object]
    timeout_s: float = TIMEOUT_S
    patience_s: float = PATIENCE_S

    def get(self, path: str, version: str) -> Answer:
        """Raises ArmError."""
        return self._asked("GET", self._url(path, version))

    def listed(self, path: str, version: str, **query: str) -> Iterator[dict[str, Any]]:
        """Every element of every page. Raises ArmError."""
        url = self._url(path, version, **query)
        while url:
            page = self._asked("GET", url).document
            yield from page.get("value", ())
            url = page.get("nextLink") or ""

    def change(
        self, method: Method, path: str, version: str, document: dict[str, Any], *, etag: str = ""
    ) -> Answer:
        """Asked again after a lost answer: with an ETag the second one is refused, and whoever asked looks again.

        Raises ChangedMeanwhileError, and ArmError.
        """
        return self._asked(method, self._url(path, version), document, etag)

    def status(self, operation: str) -> str:
        """`InProgress` (or another word of Azure's for it) or `Succeeded`. Raises ArmError with the reason of a failure."""
        told = self._asked("GET", operation).document
        state = str(
            told.get("status", "Succeeded")
        )  # a Location answers the resource itself when all is done
        if state in {"Failed", "Canceled"}:
            reason = told.get("error") or {}
            raise ArmError(
                f"Azure could not do it: {reason.get('code', state)}: {reason.get('message', '')}".strip()
            )
        return state

    def finished(self, answer: Answer, patience_s: float) -> None:
        """Wait until what was asked is done. Raises ArmError."""
        waits = Waits(patience_s, self.pause)
        while answer.operation and self.status(answer.operation) != "Succeeded":
            if not waits.wait(None):
                raise ArmUnavailableError(
                    f"Azure is not done after {patience_s:g} s.", fix="Look again later."
                )

    def _asked(
        self, method: Method, url: str, document: dict[str, Any] | None = None, etag: str = ""
    ) -> Answer:
        if urllib.parse.urlsplit(url)[:2] != urllib.parse.urlsplit(self.endpoint)[:2]:
            raise ArmError(f"Azure points to another host than {self.endpoint}: the token is not sent there.")
        waits, fresh, told = Waits(self.patience_s, self.pause), False, ""
        while True:
            try:
                return self._once(method, url, document, etag, fresh=fresh)
            except urllib.error.HTTPError as refusal:
                told = _told(refusal)
                if refusal.code == 401 and not fresh:
                    fresh = True
                    continue
                asked_s = retry_after_s(refusal.headers.get("Retry-After", ""), clock.now())
                if refusal.code == 412:
                    raise ChangedMeanwhileError("It was changed meanwhile.", fix="Look again.") from refusal
                if refusal.code == 404:
                    raise NotThereError(f"Azure has no {_path(url)}.") from refusal
                if refusal.code not in _LATER and not (refusal.code == 409 and asked_s is not None):
                    raise ArmError(f"Azure refused {method} {_path(url)}: {told}") from refusal
            except OSError as problem:
                told, asked_s = str(problem), None
            if not waits.wait(asked_s):
                raise ArmUnavailableError(f"Azure does not answer {method} {_path(url)}: {told}")

    def _once(
        self, method: Method, url: str, document: dict[str, Any] | None, etag: str, *, fresh: bool
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._token(fresh)}", "Content-Type": "application/json"}
        if etag:
            headers["If-Match"] = etag
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - the endpoint's own host
        with _OPENER.open(request, timeout=self.timeout_s) as answer:
            found = _document(answer.read(MOST_BYTES), url)
            operation = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location") or ""
            return Answer(found, answer.headers.get("ETag") or str(found.get("etag", "")), operation)

    def _token(self, fresh: bool) -> str:
        try:
            return self.token(fresh)
        except PicklefleetError as problem:
            raise ArmUnavailableError(
                f"There is no token for Azure: {problem.message}", fix=problem.fix
            ) from problem

    def _url(self, path: str, version: str, **query: str) -> str:
        return f"{self.endpoint}{path}?{urllib.parse.urlencode({'api-version': version} | query)}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """ARM redirects nothing that is asked here, and a token must not follow where somebody points."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def _document(body: bytes, url: str) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError as problem:
        raise ArmError(f"Azure answered {_path(url)} with something that is no JSON.") from problem
    if not isinstance(found, dict):
        raise ArmError(f"Azure answered {_path(url)} otherwise than documented.")
    return found


def _told(refusal: urllib.error.HTTPError) -> str:
    try:
        error = json.loads(refusal.read(MOST_BYTES))["error"]
        return f"{refusal.code} {error['code']}: {error['message']}"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{refusal.code} {refusal.reason}"


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path
