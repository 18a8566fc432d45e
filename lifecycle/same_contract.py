"""Versions that answer side by side must take the same requests and answer in the same shape."""

from lifecycle.policy import PolicyError, VersionRef
from lifecycle.signature import Feature, Output, Signature

SHOWN = 5


def require_same_contract(champion: VersionRef, its: Signature, ref: VersionRef, other: Signature) -> None:
    """Raises PolicyError: one request must be right for every version that may answer it."""
    differences = contract_differences(its, other)
    if differences:
        raise PolicyError(
            f"{ref.version} has another contract than the champion {champion.version}: "
            f"{' '.join(differences[:SHOWN])}",
            fix="Callers must be told first. When they send what it takes: picklefleet promote --new-contract",
        )


def contract_differences(one: Signature, other: Signature) -> tuple[str, ...]:
    """Why a request that is right for `one` may be wrong for `other`, or its answer of another shape; empty if not.

    What the caller never sees may differ: dtypes, the layout, known categories where unknown ones are accepted.
    """
    ours, theirs = ({feature.name: feature for feature in side.inputs} for side in (one, other))
    reasons = [f"it does not take {name!r}." for name in ours if name not in theirs]
    reasons += [f"it wants {name!r}." for name in theirs if name not in ours]
    common = [name for name in ours if name in theirs]
    reasons += [
        f"it takes {name!r} otherwise." for name in common if _taken(ours[name]) != _taken(theirs[name])
    ]
    if one.named != other.named:
        reasons.append("it names its columns otherwise.")
    if list(map(_answered, one.outputs)) != list(map(_answered, other.outputs)):
        reasons.append("it answers other outputs, labels or methods.")
    return tuple(reasons)


def _taken(feature: Feature) -> tuple[object, ...]:
    closed = frozenset(feature.categories) if feature.unknown == "refuse" else None
    return feature.kind, feature.nullable, feature.unknown, closed


def _answered(output: Output) -> tuple[object, ...]:
    return output.name, output.task, frozenset(map(repr, output.labels)), output.methods
