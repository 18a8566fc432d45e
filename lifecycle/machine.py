"""A machine's one directory: the cache (verified bundles and what to serve) and the spool.

The agent writes it, the web processes only read it: they start and serve with the store down.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from lifecycle.atomic_file import write_atomically
from lifecycle.bundle import MANIFEST
from lifecycle.errors import CorruptBundleError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Serving:
    """What this machine shall serve: the champion's name, version and digest."""

    name: str
    version: str
    digest: str
    registered_at: str = ""
    format: int = FORMAT


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
    def api_keys(self) -> Path:
        """The newest entry of the API keys' journal, as the agent brought it."""
        return self.root / "cache" / "api_keys.json"

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

    @property
    def _serving_file(self) -> Path:
        return self.root / "cache" / "serving.json"
