"""At most one model is fitted in seven days: what is learned each night from itself runs in circles."""

from collections.abc import Iterable
from datetime import datetime

from lifecycle.drift.decision import COOLDOWN
from retrain.stopped import TrainingWaitsError


def require_cool(moment: datetime, fits: Iterable[datetime]) -> None:
    """Raises TrainingWaitsError while another fit is less than seven days from `moment`."""
    near = [fit for fit in fits if abs(moment - fit) < COOLDOWN]
    if near:
        until = max(near) + COOLDOWN
        raise TrainingWaitsError(
            f"A model was fitted on {max(near):%Y-%m-%d %H:%M}; the cooldown ends on {until:%Y-%m-%d %H:%M} UTC.",
            fix="The request stays open until then.",
        )
