"""Who calls, and whether they may: decided from the machine's own key file, without the store and without a framework."""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lifecycle import clock
from lifecycle.api_keys import SCOPES, Caller, KeySet, Refusal, Scope
from lifecycle.errors import PicklefleetError
from lifecycle.key_journal import entry_from_bytes
from lifecycle.logs import get_logger
from lifecycle.settings import Settings
from webapp import problems
from webapp.problems import ProblemError

LOOK_EVERY_S = 1.0
RETRY_AFTER_S = 5

_SMOKE_SCHEME = "Smoke "
_REALM = 'Bearer realm="picklefleet"'
_SEND = "Send an API key: Authorization: Bearer <key>, or X-Api-Key: <key>."
# What a client is told; an id, a secret and a key's state are not told apart, the log has them.
_DETAILS = {
    Refusal.MISSING: _SEND,
    Refusal.MALFORMED: f"This is no API key: it was cut, mistyped or sent in another way. {_SEND}",
}
_NOT_VALID = "This API key is not valid here: it is unknown, has expired or was revoked."

_NO_KEY = "another credential"

NOBODY = Caller("", "", frozenset())
# The machine's own agent, which asks golden rows of a new release: recorded nowhere. No owner's name has a space.
SMOKE = Caller("smoke test", "", frozenset({"predict"}))
ANYBODY = Caller("", "", frozenset(SCOPES))

log = get_logger(__name__)


class KeyFile:
    """The key set in the machine's cache: read again when the file changed, looked at once a second at most."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._seen: tuple[int, int, int] | None = None
        self._held: KeySet | None = None

    def __call__(self) -> KeySet | None:
        """None while there is no file that can be read: nobody is let in then."""
        if self._monotonic() >= self._next_look:
            with self._lock:
                if self._monotonic() >= self._next_look:
                    self._look()
                    self._next_look = self._monotonic() + LOOK_EVERY_S
        return self._held

    def _look(self) -> None:
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if seen != self._seen:
                self._held = entry_from_bytes(self._path.read_bytes()).key_set
                self._seen = seen
        except (OSError, PicklefleetError) as problem:
            self._held = self._seen = None
            log.error("api_keys_unreadable", kind=type(problem).__name__)


@dataclass(frozen=True, slots=True)
class Gate:
    """`keys` None: keys are off, and whoever reaches the service may do everything."""

    keys: Callable[[], KeySet | None] | None = None
    smoke_token: Path | None = None

    @property
    def closed(self) -> bool:
        """Whether a key is needed at all."""
        return self.keys is not None

    @property
    def can_tell(self) -> bool:
        """Whether callers can be told apart now; a machine that can't is not ready."""
        return self.keys is None or self.keys() is not None

    def admit(self, authorization: str | None, x_api_key: str | None, scope: Scope) -> Caller:
        """Raises ProblemError 401, 403, or 503 where this machine can't tell who has a key."""
        if self._is_smoke(authorization) and scope in SMOKE.scopes:
            return SMOKE
        if self.keys is None:
            return ANYBODY
        held = self.keys()
        if held is None:
            raise keys_unavailable()
        found = held.authenticate(_offered(authorization, x_api_key), clock.now())
        if isinstance(found, Refusal):
            raise _unauthenticated(found)
        if scope not in found.scopes:
            log.warning("scope_missing", key_id=found.key_id, scope=scope)
            raise _forbidden(scope)
        return found

    def _is_smoke(self, authorization: str | None) -> bool:
        """Whoever can read the machine's own folder may ask its processes: the agent can."""
        if self.smoke_token is None or authorization is None or not authorization.startswith(_SMOKE_SCHEME):
            return False
        try:
            token = self.smoke_token.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return False
        return bool(token) and hmac.compare_digest(authorization.removeprefix(_SMOKE_SCHEME), token)


def gate_for(settings: Settings, path: Path, smoke_token: Path | None = None) -> Gate:
    """Closed as soon as others than this machine can reach the service; says so in the log where it is open."""
    if settings.keys_required:
        return Gate(KeyFile(path), smoke_token)
    log.warning("api_keys_off", reason="The service can be reached from this machine alone.")
    return Gate(None, smoke_token)


def keys_unavailable() -> ProblemError:
    return ProblemError(
        problems.KEYS_UNAVAILABLE,
        "This machine can't check API keys at the moment.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def _offered(authorization: str | None, x_api_key: str | None) -> str | None:
    """The key's text, or a text that is no key: another scheme, or two headers that differ."""
    if not authorization:
        return x_api_key
    scheme, _, text = authorization.partition(" ")
    text = text.strip(" ")
    if scheme.lower() != "bearer" or x_api_key not in {None, text}:
        return _NO_KEY
    return text or scheme


def _unauthenticated(refusal: Refusal) -> ProblemError:
    log.warning("credential_refused", refusal=refusal.value)
    challenge = _REALM if refusal is Refusal.MISSING else f'{_REALM}, error="invalid_token"'
    return ProblemError(
        problems.UNAUTHENTICATED,
        _DETAILS.get(refusal, _NOT_VALID),
        headers={"WWW-Authenticate": challenge},
    )


def _forbidden(scope: Scope) -> ProblemError:
    return ProblemError(
        problems.FORBIDDEN,
        f"This API key may not do that: it needs the scope {scope!r}.",
        headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'},
    )
