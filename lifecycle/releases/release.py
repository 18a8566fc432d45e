"""A release: one image, code and settings, as an immutable document that is assigned to a colour."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import msgspec

from lifecycle.errors import PicklefleetError

Colour = Literal["blue", "green"]
COLOURS: tuple[Colour, ...] = get_args(Colour)


class ReleaseError(PicklefleetError):
    """A release, or a change of one, that makes no sense."""


@dataclass(frozen=True, slots=True)
class Formats:
    """Versions of a stored document that a release reads, and the one that it writes."""

    reads: tuple[int, ...]
    writes: int


# This code's own: whoever changes how a document is stored changes it here.
FORMATS: dict[str, Formats] = {
    name: Formats((1,), 1)
    for name in ("bundle", "policy", "records", "releases", "machines", "measurements", "reports")
}


@dataclass(frozen=True, slots=True)
class Release:
    """`name` is what people call it. `image` is what hosts run (an image id, or a name with its digest),
    `image_digest` the registry's digest of the same, `machine_image` the baked machine's version on Azure.

    `runtime` is the model libraries' (`sklearn-1.9`): a bundle of another one can't be loaded.
    """

    name: str
    image: str
    runtime: str
    image_digest: str = ""
    machine_image: str = ""
    settings_digest: str = ""
    formats: dict[str, Formats] | None = None
    format: int = 1

    def __post_init__(self) -> None:
        if not self.name or not self.image or not self.runtime:
            raise ReleaseError("A release needs a name, an image and a runtime.")

    @property
    def id(self) -> str:
        """The same content has the same id, whoever wrote it down."""
        content = msgspec.json.encode(asdict(self), order="sorted")
        return f"{self.name}-{hashlib.sha256(content).hexdigest()[:12]}"


def other(colour: Colour) -> Colour:
    return "green" if colour == "blue" else "blue"
