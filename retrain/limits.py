"""What a retraining may use, and how far it may change things: all of it from the settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lifecycle.settings import Settings

WINDOW_DAYS = 90
MIN_ROWS = 5000  # base rows fill up to this many training rows
MIN_COMPARED = 500
COMPARED_SHARE = 0.2
MIN_LOG_ROWS = 100  # of the log among the training rows: else nothing new would be learned
MIN_SLICE = 200
NEWEST_MARGIN = 0.005
TRUSTED_MARGIN = 0.05
SLICE_MARGIN = 0.05
CONCEPT_MARGIN = 0.10


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares are from 0 to 1. `floor` is of the primary metric; None is none."""

    wall_s: float = 3600.0
    memory_bytes: int = 8 << 30
    key_share: float = 0.5
    label_change: float = 0.25
    answer_change: float = 0.25
    floor: float | None = None
    approval: Literal["person", "auto"] = "person"
    recipe: Path | None = None
    dask: str = ""
    replay: bool = False
    code_commit: str = ""

    @classmethod
    def of(cls, settings: Settings, recipe: Path | None = None) -> "Limits":
        """`recipe` stands above the settings'."""
        set_recipe = Path(settings.retrain_recipe).absolute() if settings.retrain_recipe else None
        return cls(
            settings.retrain_time_limit_s,
            settings.retrain_memory_bytes,
            settings.retrain_key_share / 100,
            settings.retrain_label_change / 100,
            settings.retrain_answer_change / 100,
            settings.retrain_floor,
            "auto" if settings.retrain_approval == "auto" else "person",
            recipe or set_recipe,
            settings.dask,
            settings.replay == "1",
            settings.code_commit,
        )
