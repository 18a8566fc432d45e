"""The first contained child: the champion's answers to labelled rows, before anything is fitted."""

from pathlib import Path

from retrain.asked import Asked
from retrain.champion import load_champion, read_profile
from retrain.concept import Realised, realised_beside_estimate, require_same_concept
from retrain.work_rows import read_work

NEWEST, ALL = "the newest slice", "all labelled rows of the log"


def check(asked: Asked) -> dict[str, Realised | None]:
    """Raises TrainingStoppedError when labels and estimate contradict each other."""
    folder = Path(asked.champion)
    champion, _ = load_champion(folder, asked.champion_digest)
    profile = read_profile(folder)
    work = read_work(Path(asked.rows), champion.signature)
    measured = {
        where: realised_beside_estimate(champion, profile, rows, asked.metric)
        for where, rows in ((NEWEST, work.compare), (ALL, work.of_log))
    }
    require_same_concept(asked.metric, measured)
    return measured
