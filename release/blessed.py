"""A challenger that its own retraining found worse is approved by nobody in passing."""

from lifecycle.errors import PicklefleetError
from lifecycle.model_card import ModelCard


class NotBlessedError(PicklefleetError):
    """The version's card says why it should not serve."""


def require_blessed(card: ModelCard | None, version: str) -> None:
    """`card` is None for what no retraining made. Raises NotBlessedError."""
    if card is None or card.blessed:
        return
    raise NotBlessedError(
        f"Retraining did not bless {version}: {' '.join(card.reasons)}",
        fix=f"Read its card: picklefleet retrain show {version}. To approve it all the same: "
        f"picklefleet approve {version} --anyway",
    )
