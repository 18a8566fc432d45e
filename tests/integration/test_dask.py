"""Two processes of a real Dask cluster, each with its own settings and its own folder."""

import os
from dataclasses import replace

import numpy as np
import pytest
from distributed import LocalCluster
from sklearn.metrics import get_scorer

from drift_jobs.judging import judge_version
from drift_jobs.reading import Watched
from lifecycle import settings
from lifecycle.adapters.dask import joblib_on, opened_workers
from lifecycle.adapters.object_store import open_store
from lifecycle.errors import PicklefleetError
from lifecycle.prediction_log.compaction import Compactor, compact_hours
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import hours_of
from lifecycle.profile.scores import score_columns
from lifecycle.reference.build import Reference, build_profile
from retrain.recipes import Search, fitted, load_recipe
from tests.log_builders import THREE_HOURS, Machine
from tests.nights import A_DAY, NIGHT, SIGNATURE, Log, World
from tests.record_builders import HOUR, NOON, record


def counted(hour):
    import os
    import time

    time.sleep(0.2)  # so that the other worker gets some too

    rows = hour.query(["in_origin", "in_delay"], "SELECT in_origin, count(*) FROM predictions GROUP BY ALL")
    return {"processes": {os.getpid()}, "folders": {path.parent for path in hour.paths}, "rows": dict(rows)}


def added(one, other):
    rows = one["rows"]
    return {
        "processes": one["processes"] | other["processes"],
        "folders": one["folders"] | other["folders"],
        "rows": {key: rows.get(key, 0) + other["rows"].get(key, 0) for key in rows | other["rows"]},
    }


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    for start in (0, 60):
        made.predict(
            *(
                record(f"ID{n}", at_ms=NOON + n % 30 * HOUR // 10, rows=n % 3 + 1)
                for n in range(start, start + 60)
            )
        )
    return made


@pytest.fixture
def cluster(tmp_path):
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
        local_directory=str(tmp_path / "workers"),
        env={"PICKLEFLEET_STORE": f"file://{tmp_path / 'store'}"},
    ) as started:
        yield started


def settings_for(address):
    return settings.load({"PICKLEFLEET_DASK": address})


@pytest.mark.slow
def test_two_processes_of_a_cluster_count_what_one_process_counts(machine, cluster, tmp_path):
    here = machine.log.map_hours(THREE_HOURS, counted, added)
    with opened_workers(settings_for(cluster.scheduler_address)) as workers:
        spread = machine.log.map_hours(THREE_HOURS, counted, added, executor=workers)
        compact_hours(Compactor(machine.area, machine.cache), hours_of(THREE_HOURS))
        compacted = machine.log.map_hours(THREE_HOURS, counted, added, executor=workers)

    assert sum(here["rows"].values()) == 240
    assert here["rows"] == spread["rows"] == compacted["rows"]
    assert not here["processes"] & spread["processes"]
    assert len(spread["processes"] | compacted["processes"]) == 2
    assert len(spread["folders"] | compacted["folders"]) == 2
    assert all(folder.is_relative_to(tmp_path / "workers") for folder in spread["folders"])


@pytest.mark.slow
def test_a_night_counted_by_a_cluster_is_the_night_counted_here(cluster, tmp_path):
    chosen = settings.load({"PICKLEFLEET_STORE": f"file://{tmp_path / 'store'}"})
    served, world = Log(chosen, tmp_path / "spool"), World(rows=3000)
    columns, answer, _ = world.draw(0)
    scores = score_columns(SIGNATURE.outputs, (answer,))
    profile = build_profile(SIGNATURE, Reference(columns, scores, world.rows))
    served.serve_days(World(shift=0.5), NIGHT, 3)
    records = open_store(chosen).area("records")
    log = PredictionLog(records, SegmentCache(records, tmp_path / "cache"))
    watched = Watched("v1", "d", SIGNATURE, profile, "roc_auc")

    here = judge_version(log, watched, NIGHT).to_document()
    with opened_workers(settings_for(cluster.scheduler_address)) as workers:
        spread = judge_version(replace(log, workers=workers), watched, NIGHT).to_document()

    assert here["rows"] == A_DAY
    assert here["severity"] != "ok"
    assert spread == here


def test_without_a_cluster_the_work_is_done_here(machine):
    with opened_workers(settings_for("")) as workers:
        assert workers is None
        assert machine.log.map_hours(THREE_HOURS, counted, added, executor=workers)


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr("lifecycle.adapters.dask.CONNECT_S", 0.5)
    with (
        pytest.raises(PicklefleetError, match="PICKLEFLEET_DASK"),
        opened_workers(settings_for("tcp://127.0.0.1:9")),
    ):
        pass


def test_a_recipe_is_searched_on_the_cluster(cluster, tmp_path):
    """Its code travels by value: no worker has the team's file."""
    (tmp_path / "recipe.py").write_text(SEARCHING)
    random = np.random.default_rng(0)
    rows, truth = random.normal(size=(200, 2)), random.integers(0, 2, 200)
    folder = tmp_path / "seen"
    folder.mkdir()

    estimator, params = fitted(
        load_recipe(tmp_path / "recipe.py"),
        rows,
        truth,
        0,
        Search(get_scorer("accuracy"), lambda: joblib_on(cluster.scheduler_address)),
    )

    assert params["folder"] == str(folder)
    assert estimator.predict(rows).shape == (200,)
    trials = {int(path.name) for path in folder.iterdir()} - {os.getpid()}
    assert len(trials) == 2


SEARCHING = """
import os
import time
from pathlib import Path

from sklearn.linear_model import LogisticRegression

search_space = {"C": [0.1, 1.0, 10.0, 100.0], "folder": [str(Path(__file__).parent / "seen")]}

def fit(X, y, seed, C=1.0, folder=""):
    Path(folder, str(os.getpid())).touch()
    time.sleep(0.3)
    return LogisticRegression(C=C, random_state=seed).fit(X, y)
"""
