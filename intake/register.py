"""From a foreign model file to a version in the registry: inspect, contain, infer, prove, sign."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from intake.contain import run_contained
from intake.inspection import require_servable
from lifecycle.bundle import MANIFEST, manifest_from_bytes
from lifecycle.errors import ModelRefusedError
from lifecycle.registry import Registry, VersionEntry
from lifecycle.signing import SigningKey

BUILT = 0
REFUSED = 3
REFUSAL = "refusal.json"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for. Paths are absolute; `outputs` names several outputs; `positive` is JSON text."""

    model: str
    name: str
    sample: str | None = None
    allow: tuple[str, ...] = ()
    shim: str | None = None
    accept_version: bool = False
    outputs: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None


def register(request: Request, registry: Registry, key: SigningKey, by: str) -> VersionEntry:
    """Build the bundle in a contained child, then sign and store it here: the child holds no key and no store.

    Raises ModelRefusedError with the reason and the fix; nothing is stored then.
    """
    require_servable(request)
    with tempfile.TemporaryDirectory(prefix="picklefleet-intake-") as scratch:
        folder = Path(scratch, "bundle")
        folder.mkdir()
        _build(request, folder, Path(scratch))
        manifest = manifest_from_bytes((folder / MANIFEST).read_bytes())
        return registry.add(folder, manifest, key, by)


def _build(request: Request, folder: Path, scratch: Path) -> None:
    asked = scratch / "request.json"
    asked.write_bytes(msgspec.json.encode(asdict(request)))
    code = run_contained("intake.build", [str(asked), str(folder)], scratch)
    if code == BUILT:
        return
    refusal = scratch / REFUSAL
    if code == REFUSED and refusal.exists():
        told = msgspec.json.decode(refusal.read_bytes())
        raise ModelRefusedError(told["message"], fix=told["fix"])
    raise ModelRefusedError(
        f"The process that loaded the model ended with code {code}.", fix="Its output is above."
    )
