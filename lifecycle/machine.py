"""A machine's one directory: the cache (verified bundles and what to serve) and the spool.

The agent writes the cache, the web processes only read it: they start and serve with the store down. What they write
themselves lies below the spool: nothing else is theirs.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from lifecycle.atomic_file import write_atomically
from lifecycle.bundle import MANIFEST, check_manifest, manifest_from_bytes
from lifecycle.errors import CorruptBundleError
from lifecycle.policy import PolicyError, TrafficPolicy, VersionRef
from lifecycle.signature import Signature

FORMAT = 2
VERSION = "version.json"


@dataclass(frozen=True, slots=True)
class Brought:
    """What a machine knows of a bundle in its cache beyond the manifest."""

    name: str
    version: str
    digest: str
    registered_at: str = ""
    format: int = 1


@dataclass(frozen=True, slots=True)
class Serving:
    """What this machine shall serve. Format 1 knew a champion only: it is read, and its readers find the champion here
    where they look for it.
    """

    name: str
    version: str
    digest: str
    policy: TrafficPolicy | None = None
    format: int = FORMAT

    @classmethod
    def of(cls, name: str, policy: TrafficPolicy) -> "Serving":
        return cls(name, policy.champion.version, policy.champion.digest, policy)

    @property
    def traffic(self) -> TrafficPolicy:
        return self.policy or TrafficPolicy(0, VersionRef(self.version, self.digest))

    @property
    def id(self) -> str:
        """Names exactly this: numbers alone don't, for stores that know no policy."""
        return hashlib.blake2b(self.traffic.to_bytes(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version whose bundle lies in the cache, served or not."""

    name: str
    version: str
    digest: str
    registered_at: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class MachineDirectory:
    root: Path

    @property
    def bundles(self) -> Path:
        return self._cache / "bundles"

    @property
    def web(self) -> Path:
        """Where each web process says that it lives and what it has prepared (lifecycle.web_processes)."""
        return self.spool / "web"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def scratch(self) -> Path:
        """Where the agent makes segments; it may be lost at any time."""
        return self.root / "scratch"

    @property
    def disagreements(self) -> Path:
        """Rows that a plan answered otherwise than its estimator, one file a request."""
        return self.spool / "disagreements"

    @property
    def segments(self) -> Path:
        """Segments of the log as they were read here: a bounded cache."""
        return self._cache / "segments"

    @property
    def retraining(self) -> Path:
        """Where retraining works; it may be lost at any time, and is begun again then."""
        return self.root / "retraining"

    @property
    def api_keys(self) -> Path:
        """The newest entry of the API keys' journal, as the agent brought it."""
        return self._cache / "api_keys.json"

    @property
    def smoke_token(self) -> Path:
        """What the agent of this machine shows when it asks this machine's own processes their golden rows."""
        return self.root / "cache" / "smoke.token"

    @property
    def releases(self) -> Path:
        """What the release journal says of this machine: the whole entry, and a file for each colour to be run."""
        return self.root / "releases"

    @property
    def measurements(self) -> Path:
        """What the web processes count, in a folder for each colour: a file of its own for each process."""
        return self.spool / "measurements"

    def bundle(self, digest: str) -> Path:
        return self.bundles / digest

    def incoming(self, digest: str) -> Path:
        """Where a bundle is gathered before it is complete and verified; kept over an interruption."""
        return self._cache / "incoming" / digest

    def holds(self, digest: str) -> bool:
        return (self.bundle(digest) / MANIFEST).is_file()

    def digests(self) -> list[str]:
        """The digests of all bundles brought here so far."""
        if not self.bundles.is_dir():
            return []
        return sorted(folder.name for folder in self.bundles.iterdir() if self.holds(folder.name))

    def held_versions(self) -> tuple[HeldVersion, ...]:
        """Every version in the cache, in the order of their registration. Raises CorruptBundleError."""
        held = [self._held(digest) for digest in self.digests()]
        return tuple(sorted(held, key=lambda version: version.registered_at))

    def serving(self) -> Serving | None:
        """What to serve, or None while the agent has brought nothing. Raises CorruptBundleError."""
        return _read(self._cache / "serving.json")

    def serve(self, serving: Serving) -> None:
        write_atomically(self._cache / "serving.json", msgspec.json.encode(asdict(serving)))

    def wanted(self) -> Serving | None:
        """What the web processes shall prepare beside what they serve, if anything. Raises CorruptBundleError."""
        return _read(self._cache / "wanted.json")

    def want(self, serving: Serving | None) -> None:
        if serving is None:
            (self._cache / "wanted.json").unlink(missing_ok=True)
        else:
            write_atomically(self._cache / "wanted.json", msgspec.json.encode(asdict(serving)))

    def _held(self, digest: str) -> HeldVersion:
        folder = self.bundle(digest)
        manifest = manifest_from_bytes(check_manifest((folder / MANIFEST).read_bytes(), digest))
        try:
            entry = msgspec.json.decode((folder / VERSION).read_bytes(), type=Brought)
        except (OSError, msgspec.MsgspecError) as problem:
            raise CorruptBundleError(f"{VERSION} of bundle {digest[:12]} can't be read.") from problem
        return HeldVersion(manifest.name, entry.version, digest, entry.registered_at, manifest.signature)

    @property
    def _cache(self) -> Path:
        return self.root / "cache"


def _read(path: Path) -> Serving | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=Serving)
    except (msgspec.MsgspecError, PolicyError) as problem:
        raise CorruptBundleError(f"{path} can't be read: {problem}.") from problem
