"""What the fleet shall do: which release each colour runs, and how clients are shared. Values and pure changes.

One entry of the journal `control/releases/` is one FleetIntent, whole: nothing else says where clients go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import msgspec

from lifecycle.releases.release import COLOURS, Colour, Release, ReleaseError, other
from lifecycle.signing import DetachedSignature

FORMAT = 1
WHOLE = 100  # a colour that has all of a machine's clients

Step = Literal["steady", "starting", "smoke", "canary", "half", "warm", "back"]


@dataclass(frozen=True, slots=True)
class ColourIntent:
    """`weight` is the share of each machine's clients, 0 to 100. `machines`: how many, where colours have machines of
    their own; None leaves it to the scale. `admitted`: the machines of this colour that may take clients, None is all.
    """

    release: Release | None = None
    weight: int = 0
    machines: int | None = None
    admitted: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FleetIntent:
    """Entry `number`. `live` is the colour that is gone back to, `walk` names the walk that is under way.

    Raises ReleaseError for one that contradicts itself.
    """

    number: int
    live: Colour
    colours: Mapping[Colour, ColourIntent]
    step: Step = "steady"
    walk: str = ""
    made_at: str = ""
    by: str = ""
    reason: str = ""
    signature: DetachedSignature | None = field(default=None, compare=False)
    kind: Literal["releases"] = "releases"
    format: int = FORMAT

    def __post_init__(self) -> None:
        problem = next(_contradictions(self), None)
        if problem is not None:
            raise ReleaseError(problem)

    @property
    def idle(self) -> Colour:
        return other(self.live)

    def release(self, colour: Colour) -> Release | None:
        return self.colours[colour].release

    def weight(self, colour: Colour) -> int:
        return self.colours[colour].weight

    @property
    def walking(self) -> bool:
        return bool(self.walk)

    def signed_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(replace(self, signature=None)), order="sorted")

    def to_document(self) -> dict[str, object]:
        return asdict(self)


def first(release: Release, colour: Colour = "blue", *, machines: int | None = None) -> FleetIntent:
    """A fleet without any release yet: there is nobody to compare with, so it gets all clients at once."""
    return FleetIntent(
        0, colour, {colour: ColourIntent(release, WHOLE, machines), other(colour): ColourIntent()}
    )


def assigned(now: FleetIntent, release: Release, walk: str, *, machines: int | None = None) -> FleetIntent:
    """The idle colour shall run the release, and gets no client yet. Raises ReleaseError during another walk."""
    if now.walking:
        raise ReleaseError(
            f"The walk {now.walk} is under way, at the step {now.step}.",
            fix="Go on with it (picklefleet release deploy), or end it: picklefleet release rollback",
        )
    if now.release(now.live) == release:
        raise ReleaseError(f"{release.name} is what {now.live} runs already.")
    return _with(now, now.idle, ColourIntent(release, 0, machines, ()), step="starting", walk=walk)


def smoked(now: FleetIntent) -> FleetIntent:
    """Every machine shall ask the idle colour its golden rows."""
    return replace(now, step="smoke")


def shared(
    now: FleetIntent, weight: int, step: Step, *, admitted: tuple[str, ...] | None = None
) -> FleetIntent:
    """The idle colour gets `weight` of 100 of each machine's clients; where colours have machines of their own, those
    that are named.
    """
    if not 0 < weight < WHOLE:
        raise ReleaseError("A share lies between 0 and 100.")
    colours = dict(now.colours)
    colours[now.idle] = replace(colours[now.idle], weight=weight, admitted=admitted)
    colours[now.live] = replace(colours[now.live], weight=WHOLE - weight)
    return replace(now, colours=colours, step=step)


def promoted(now: FleetIntent) -> FleetIntent:
    """The idle colour gets all clients and is live; the other stays warm."""
    if now.release(now.idle) is None:
        raise ReleaseError(f"{now.idle} runs no release.", fix="Deploy one first: picklefleet release deploy")
    colours = dict(now.colours)
    colours[now.idle] = replace(colours[now.idle], weight=WHOLE, admitted=None)
    colours[now.live] = replace(colours[now.live], weight=0, admitted=())
    return replace(now, live=now.idle, colours=colours, step="warm", walk="")


def back(now: FleetIntent) -> FleetIntent:
    """Away from a release: during a walk the live colour has all clients again; after one the warm colour has them.

    Raises ReleaseError where nothing is there to go back to, and when that is what happened last: whoever asks twice in
    his alarm must not bring back what he got rid of.
    """
    if gone_back(now):
        raise ReleaseError(
            f"Clients went back to {now.live} already (entry {now.number}); {now.idle} has none.",
            fix=f"To give them to {now.idle} again: picklefleet release promote",
        )
    to = now.live if now.walking else now.idle
    if now.release(to) is None:
        raise ReleaseError(
            f"{to} runs no release: there is nothing to go back to.",
            fix="Deploy the older release: picklefleet release deploy",
        )
    colours = dict(now.colours)
    colours[to] = replace(colours[to], weight=WHOLE, admitted=None)
    colours[other(to)] = replace(colours[other(to)], weight=0, admitted=())
    return replace(now, live=to, colours=colours, step="back", walk="")


def gone_back(now: FleetIntent) -> bool:
    """Whether that was the last thing that happened."""
    return now.step == "back" and not now.walking


def retired(now: FleetIntent) -> FleetIntent:
    """The idle colour's processes end. Raises ReleaseError while a walk needs them."""
    if now.walking:
        raise ReleaseError(
            f"The walk {now.walk} needs {now.idle}.", fix="End it first: picklefleet release rollback"
        )
    machines = 0 if now.colours[now.idle].machines is not None else None
    return _with(now, now.idle, ColourIntent(None, 0, machines, ()), step="steady", walk="")


def _with(now: FleetIntent, colour: Colour, wanted: ColourIntent, *, step: Step, walk: str) -> FleetIntent:
    return replace(now, colours={**now.colours, colour: wanted}, step=step, walk=walk)


def _contradictions(intent: FleetIntent) -> Iterator[str]:
    if set(intent.colours) != set(COLOURS):
        yield "An intent names blue and green."
        return
    weights = [intent.weight(colour) for colour in COLOURS]
    if any(not 0 <= weight <= WHOLE for weight in weights) or sum(weights) != WHOLE:
        yield "The colours' weights must add up to 100: clients would be lost or counted twice."
    for colour in COLOURS:
        if intent.weight(colour) and intent.release(colour) is None:
            yield f"{colour} has clients and no release."
    if intent.walking and intent.release(intent.idle) is None:
        yield "A walk needs a release to walk to."
