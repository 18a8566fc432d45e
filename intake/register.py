"""From a foreign model file to a version in the registry: inspect, contain, infer, prove, sign."""

import hashlib
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from intake.inspection import require_servable
from lifecycle.bundle import MANIFEST, manifest_from_bytes, sha256_of
from lifecycle.contain import EndedBySignalError, OutOfTimeError, run_contained
from lifecycle.errors import ModelRefusedError
from lifecycle.registry import Registry, VersionEntry
from lifecycle.runtime import current_runtime
from lifecycle.signing import SigningKey

BUILT = 0
REFUSED = 3
REFUSAL = "refusal.json"
BASE_SET = "base-set.parquet"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for. Paths are absolute; `outputs` names several outputs; `positive` is a label's text.

    `target`, `time` and `fold` are columns of the reference; `target` has one for each output.
    """

    model: str
    name: str
    sample: str | None = None
    allow: tuple[str, ...] = ()
    shim: str | None = None
    accept_version: bool = False
    outputs: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None
    reference: str | None = None
    target: tuple[str, ...] = ()
    time: str | None = None
    fold: str | None = None
    metric: str | None = None

    def digest(self) -> str:
        """Of the content of every file, every option and the runtime. Raises ModelRefusedError for a missing file."""
        contents = {part: _content(path) for part, path in self.files().items()}
        told = msgspec.json.encode({**asdict(self), **contents}, order="sorted")
        return hashlib.sha256(told + current_runtime().encode()).hexdigest()

    def files(self) -> dict[str, str]:
        given = {"model": self.model, "sample": self.sample, "shim": self.shim, "reference": self.reference}
        return {part: path for part, path in given.items() if path is not None}


def register(request: Request, registry: Registry, key: SigningKey, by: str) -> VersionEntry:
    """Build the bundle in a contained child, then sign and store it here: the child holds no key and no store.

    Raises ModelRefusedError with the reason and the fix; nothing is stored then. The same request again is
    answered with the version it made before.
    """
    digest = request.digest()
    known = registry.requested(digest)
    if known is not None:
        return known
    require_servable(request)
    _require_together(request)
    with tempfile.TemporaryDirectory(prefix="picklefleet-intake-") as scratch:
        folder = Path(scratch, "bundle")
        folder.mkdir()
        _build(request, folder, Path(scratch))
        manifest = manifest_from_bytes((folder / MANIFEST).read_bytes())
        if manifest.base_set is not None:
            registry.add_base_set(manifest.base_set, Path(scratch, BASE_SET))
        return registry.add(folder, manifest, key, by=by, request=digest)


def _build(request: Request, folder: Path, scratch: Path) -> None:
    asked = scratch / "request.json"
    asked.write_bytes(msgspec.json.encode(asdict(request)))
    code = _contained_build(asked, folder, scratch)
    if code == BUILT:
        return
    refusal = scratch / REFUSAL
    if code == REFUSED and refusal.exists():
        told = msgspec.json.decode(refusal.read_bytes())
        raise ModelRefusedError(told["message"], fix=told["fix"])
    raise ModelRefusedError(
        f"The process that loaded the model ended with code {code}.", fix="Its output is above."
    )


def _contained_build(asked: Path, folder: Path, scratch: Path) -> int:
    try:
        return run_contained("intake.build", [str(asked), str(folder)], scratch)
    except OutOfTimeError as problem:
        raise ModelRefusedError(
            f"{problem.message} It loaded the model and asked it its first rows.",
            fix="Load it by hand to see where it waits, or give a smaller --sample.",
        ) from problem
    except EndedBySignalError as problem:
        raise ModelRefusedError(
            f"{problem.message} It loaded the model.",
            fix="Its memory or CPU limit was reached, or a library crashed: load it by hand in this runtime.",
        ) from problem


def _require_together(request: Request) -> None:
    """Raises ModelRefusedError for options that mean nothing without one another."""
    if request.reference is not None and not request.target:
        raise ModelRefusedError(
            "The reference's column of true values is not named.", fix="Add --target COLUMN."
        )
    if request.reference is None and (request.target or request.time or request.fold or request.metric):
        raise ModelRefusedError(
            "--target, --time, --fold and --metric describe a reference.", fix="Add --reference FILE."
        )


def _content(path: str) -> str:
    try:
        return sha256_of(Path(path))
    except OSError as problem:
        raise ModelRefusedError(
            f"{path} can't be read: {problem.strerror}.", fix="Check the path."
        ) from problem
