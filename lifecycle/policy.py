"""TrafficPolicy: which version answers whom. Values and pure functions; the journal of them is `policy_journal`.

The unit's salted hash is one of a million slots; an arm owns some of them, the champion all others. A change of one
arm's share moves slots between that arm and the champion only: nobody else's answers change.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import msgspec

from lifecycle.errors import PicklefleetError
from lifecycle.signing import DetachedSignature, bytes_to_sign

FORMAT = 1
SLOTS = 1_000_000
MAX_VERSIONS = 8  # every one of them lies in the memory of every machine

ArmName = Literal["champion", "challenger", "shadow"]
Slots = tuple[tuple[int, int], ...]  # half-open ranges, ascending


class PolicyError(PicklefleetError):
    """A policy that makes no sense."""


@dataclass(frozen=True, slots=True)
class VersionRef:
    """A version by its name and, what counts, its digest."""

    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Arm:
    """A challenger that answers the units in its slots."""

    version: str
    digest: str
    slots: Slots = ()

    @property
    def ref(self) -> VersionRef:
        return VersionRef(self.version, self.digest)

    @property
    def share(self) -> float:
        """Of all units, 0 to 1."""
        return _size(self.slots) / SLOTS


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who answers a unit, and as what."""

    ref: VersionRef
    arm: ArmName


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """Entry `number` of the journal. `restores` is the entry whose content a rollback put in force again.

    Raises PolicyError for one that contradicts itself. `signature` is by the admission key over everything else.
    """

    number: int
    champion: VersionRef
    arms: tuple[Arm, ...] = ()
    shadows: tuple[VersionRef, ...] = ()
    salt: str = ""
    made_at: str = ""
    by: str = ""
    reason: str = ""
    restores: int | None = None
    signature: DetachedSignature | None = field(default=None, compare=False)
    kind: Literal["policy"] = "policy"
    format: int = FORMAT

    def __post_init__(self) -> None:
        problem = next(_contradictions(self), None)
        if problem is not None:
            raise PolicyError(problem)

    @property
    def champion_share(self) -> float:
        return (SLOTS - sum(_size(arm.slots) for arm in self.arms)) / SLOTS

    @property
    def versions(self) -> tuple[VersionRef, ...]:
        """Every version that a machine must hold: champion, arms, shadows."""
        return (self.champion, *(arm.ref for arm in self.arms), *self.shadows)

    def arm(self, version: str) -> Arm | None:
        return next((arm for arm in self.arms if arm.version == version), None)

    def signed_bytes(self) -> bytes:
        return bytes_to_sign(self)

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(self), order="sorted")


def slot_of(salt: str, unit: str) -> int:
    """The unit's place among all slots: uniform, and always the same for the same salt."""
    digest = hashlib.blake2b(f"{salt}\0{unit}".encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") * SLOTS >> 64


def assign(policy: TrafficPolicy, unit: str) -> Assigned:
    """Who answers this unit. A request without a unit id is a unit by its request id."""
    if policy.arms:
        slot = slot_of(policy.salt, unit)
        for arm in policy.arms:
            if any(start <= slot < end for start, end in arm.slots):
                return Assigned(arm.ref, "challenger")
    return Assigned(policy.champion, "champion")


def with_share(policy: TrafficPolicy, challenger: VersionRef, share: float) -> TrafficPolicy:
    """The challenger answers that share of all units; 0 ends its arm. Its shadow, if any, ends.

    The first arm draws a new salt, so that it is not always the same units who try what is new.
    """
    if share != 0 and not 1 / SLOTS <= share <= 1:
        raise PolicyError(f"A share is 0 (none), or {1 / SLOTS:.6f} to 1 (all); {share} is neither.")
    count = round(share * SLOTS)
    others = tuple(arm for arm in policy.arms if arm.digest != challenger.digest)
    held = next((arm.slots for arm in policy.arms if arm.digest == challenger.digest), ())
    slots = _resized(held, count, _free(others, held))
    arm = Arm(challenger.version, challenger.digest, slots)
    arms = _in_place(policy.arms, arm) if count else others
    shadows = tuple(shadow for shadow in policy.shadows if shadow.digest != challenger.digest)
    salt = policy.salt if policy.arms else f"{policy.number + 1}-{challenger.digest[:12]}"
    return replace(_draft(policy), arms=arms, shadows=shadows, salt=salt if arms else "")


def with_shadow(policy: TrafficPolicy, challenger: VersionRef) -> TrafficPolicy:
    """The challenger is asked what the champion is asked, and its answers go to the log only."""
    if challenger in policy.shadows:
        return _draft(policy)
    return replace(_draft(policy), shadows=(*policy.shadows, challenger))


def without(policy: TrafficPolicy, digest: str) -> TrafficPolicy:
    """That version's arm and shadow end; the champion answers their units."""
    arms = tuple(arm for arm in policy.arms if arm.digest != digest)
    shadows = tuple(shadow for shadow in policy.shadows if shadow.digest != digest)
    return replace(_draft(policy), arms=arms, shadows=shadows, salt=policy.salt if arms else "")


def promoted(policy: TrafficPolicy | None, champion: VersionRef) -> TrafficPolicy:
    """That version answers everybody: all arms and shadows were comparisons with the old champion, and end.

    None: before the first policy.
    """
    return TrafficPolicy(0 if policy is None else policy.number, champion)


def rolled_back(policy: TrafficPolicy, to: TrafficPolicy) -> TrafficPolicy:
    """The content of an earlier entry is in force again; but whoever goes back from a champion has no use for the share
    that it had as a challenger just before.
    """
    left = policy.champion.digest if policy.champion.digest != to.champion.digest else None
    arms = tuple(arm for arm in to.arms if arm.digest != left)
    shadows = tuple(shadow for shadow in to.shadows if shadow.digest != left)
    return replace(_draft(to), number=policy.number, restores=to.number, arms=arms, shadows=shadows)


def entry_before(policy: TrafficPolicy) -> int:
    """The number that one step back leads to; a second rollback goes on from where the first one led."""
    return (policy.number if policy.restores is None else policy.restores) - 1


def _draft(policy: TrafficPolicy) -> TrafficPolicy:
    """The same content, not yet written by anybody."""
    return replace(policy, made_at="", by="", reason="", restores=None, signature=None)


def _in_place(arms: tuple[Arm, ...], changed: Arm) -> tuple[Arm, ...]:
    if all(arm.digest != changed.digest for arm in arms):
        return (*arms, changed)
    return tuple(changed if arm.digest == changed.digest else arm for arm in arms)


def _resized(held: Slots, count: int, free: Slots) -> Slots:
    """More: all that is held and the lowest free ones. Fewer: the lowest of those held."""
    missing = count - _size(held)
    if missing <= 0:
        return _lowest(held, count)
    if _size(free) < missing:
        raise PolicyError(
            f"Other arms have {1 - (_size(held) + _size(free)) / SLOTS:.4%} of the units; the share must fit beside."
        )
    return _joined(held + _lowest(free, missing))


def _lowest(slots: Slots, count: int) -> Slots:
    taken: list[tuple[int, int]] = []
    for start, end in slots:
        size = min(end - start, count)
        if size:
            taken.append((start, start + size))
        count -= size
    return tuple(taken)


def _joined(slots: Slots) -> Slots:
    """Ascending, neighbours as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(slots):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _free(arms: tuple[Arm, ...], held: Slots) -> Slots:
    """What the champion answers."""
    taken = sorted([*held, *(one for arm in arms for one in arm.slots)])
    starts = [0, *(end for _, end in taken)]
    ends = [*(start for start, _ in taken), SLOTS]
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start < end)


def _size(slots: Slots) -> int:
    return sum(end - start for start, end in slots)


def _contradictions(policy: TrafficPolicy) -> Iterator[str]:
    digests = [ref.digest for ref in policy.versions]
    if len(set(digests)) != len(digests):
        yield "A version can be in a policy once: as champion, as an arm, or as a shadow."
    if len(digests) > MAX_VERSIONS:
        yield f"A policy names at most {MAX_VERSIONS} versions."
    bounds = [bound for one in sorted(one for arm in policy.arms for one in arm.slots) for bound in one]
    ranges = [one for arm in policy.arms for one in arm.slots]
    if any(start >= end for start, end in ranges) or bounds != sorted(bounds):
        yield "The arms' slots overlap."
    if bounds and not 0 <= bounds[0] <= bounds[-1] <= SLOTS:
        yield f"Slots are numbers from 0 to {SLOTS}."
    if any(not arm.slots for arm in policy.arms):
        yield "An arm without a share is no arm."
    if policy.arms and not policy.salt:
        yield "Arms need a salt."
