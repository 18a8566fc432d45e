"""A machine's one directory: the cache (verified bundles and what to serve) and the spool.

The agent writes it, the web processes only read it: they start and serve with the store down.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from lifecycle.atomic_file import write_atomically
from lifecycle.bundle import MANIFEST, check_manifest, manifest_from_bytes
from lifecycle.errors import CorruptBundleError
from lifecycle.signature import Signature

FORMAT = 1
VERSION = "version.json"


@dataclass(frozen=True, slots=True)
class Serving:
    """What this machine shall serve: the champion's name, version and digest."""

    name: str
    version: str
    digest: str
    registered_at: str = ""
    format: int = FORMAT


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
        return self.root / "cache" / "bundles"

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
        return self.root / "disagreements"

    @property
    def segments(self) -> Path:
        """Segments of the log as they were read here: a bounded cache."""
        return self.root / "cache" / "segments"

    @property
    def retraining(self) -> Path:
        """Where retraining works; it may be lost at any time, and is begun again then."""
        return self.root / "retraining"

    @property
    def api_keys(self) -> Path:
        """The newest entry of the API keys' journal, as the agent brought it."""
        return self.root / "cache" / "api_keys.json"

    @property
    def measurements(self) -> Path:
        """What the web processes count, in a folder for each colour: a file of its own for each process."""
        return self.root / "measurements"

    def bundle(self, digest: str) -> Path:
        return self.bundles / digest

    def incoming(self, digest: str) -> Path:
        """Where a bundle is gathered before it is complete and verified; kept over an interruption."""
        return self.root / "cache" / "incoming" / digest

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
        try:
            data = self._serving_file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(data, type=Serving)
        except msgspec.MsgspecError as problem:
            raise CorruptBundleError(f"{self._serving_file} can't be read: {problem}.") from problem

    def serve(self, serving: Serving) -> None:
        write_atomically(self._serving_file, msgspec.json.encode(asdict(serving)))

    def _held(self, digest: str) -> HeldVersion:
        folder = self.bundle(digest)
        manifest = manifest_from_bytes(check_manifest((folder / MANIFEST).read_bytes(), digest))
        try:
            entry = msgspec.json.decode((folder / VERSION).read_bytes(), type=Serving)
        except (OSError, msgspec.MsgspecError) as problem:
            raise CorruptBundleError(f"{VERSION} of bundle {digest[:12]} can't be read.") from problem
        return HeldVersion(manifest.name, entry.version, digest, entry.registered_at, manifest.signature)

    @property
    def _serving_file(self) -> Path:
        return self.root / "cache" / "serving.json"
