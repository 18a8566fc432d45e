"""The card of a retrained model: where it comes from, what it was compared with, and whether it was blessed.

It lies beside the bundle in the registry, not inside it: a card names times and people, a digest must not.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec

from lifecycle.errors import AlreadyExistsError, CorruptBundleError, NotFoundError, UntrustedBundleError
from lifecycle.registry import Registry
from lifecycle.signing import DetachedSignature, SigningKey, TrustSet, bytes_to_sign

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ModelCard:
    """`digest` was compared with `champion_digest`. Signed by the registration key over everything else.

    `score_distance` is D between the two models' scores and `disagreement` the share of rows with another label,
    both on the newest slice: the gate takes its limits from them. `reasons` say why it was not blessed.
    `lineage`, `data` and `comparison` are documents for people.
    """

    digest: str
    version: str
    champion_digest: str
    champion_version: str
    blessed: bool
    reasons: tuple[str, ...]
    score_distance: float | None
    disagreement: float | None
    lineage: dict[str, Any]
    data: dict[str, Any]
    comparison: dict[str, Any]
    made_at: str
    signature: DetachedSignature | None = None
    format: int = FORMAT

    def signed_bytes(self) -> bytes:
        return bytes_to_sign(self)


def keep_card(registry: Registry, card: ModelCard, text: str, key: SigningKey) -> ModelCard:
    """Sign it and keep it, with the same as a text for people. The card that was kept first stands."""
    signed = replace(card, signature=key.sign(card.signed_bytes()))
    for name, data in (("md", text.encode()), ("json", msgspec.json.encode(asdict(signed)))):
        try:
            registry.objects.create(_key(card.digest, name), data)
        except AlreadyExistsError:
            continue
    return _read(registry.objects.get(_key(card.digest, "json")))


def find_card(registry: Registry, digest: str, trust: TrustSet) -> ModelCard | None:
    """None for a version that no retraining made. Raises UntrustedBundleError for one that nobody trusted signed."""
    try:
        card = _read(registry.objects.get(_key(digest, "json")))
    except NotFoundError:
        return None
    if card.digest != digest:
        raise UntrustedBundleError(f"The card of {digest[:12]} is not its own.")
    trust.verify("registration", card.signed_bytes(), card.signature)
    return card


def card_text(registry: Registry, digest: str) -> str | None:
    """The card as a page of Markdown."""
    try:
        return registry.objects.get(_key(digest, "md")).decode()
    except NotFoundError:
        return None


def _read(data: bytes) -> ModelCard:
    try:
        return msgspec.json.decode(data, type=ModelCard)
    except msgspec.MsgspecError as problem:
        raise CorruptBundleError(f"A model card can't be read: {problem}.") from problem


def _key(digest: str, name: str) -> str:
    return f"bundles/{digest}/card.{name}"
