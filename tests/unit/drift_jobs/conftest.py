"""A registered version with a profile, and a prediction log of as many days as a test wants."""

import msgspec
import numpy as np
import pytest

from drift_jobs.night import Place
from drift_jobs.reports import Reports
from lifecycle.adapters.object_store import open_store
from lifecycle.bundle import MANIFEST, PROFILE, Manifest, file_entry
from lifecycle.performance import calibration
from lifecycle.performance.answers import answered_of, truth_of
from lifecycle.performance.baseline import baselines
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.profile.document import to_document
from lifecycle.profile.scores import score_columns
from lifecycle.reference.build import Learned, Reference, build_profile
from lifecycle.retraining import RetrainQueue
from tests.nights import A_DAY, OUTPUT, SIGNATURE, Log, World


@pytest.fixture(scope="session")
def profile():
    """Twenty days of the world as it was."""
    rows = World(rows=20 * A_DAY)
    columns, answer, true = rows.draw(0)
    days = [str(row // A_DAY) for row in range(rows.rows)]
    answered, truth = answered_of(OUTPUT, answer), truth_of(OUTPUT, true)
    fitted = calibration.fit(answered.shares, truth, positive=0)
    learned = Learned(
        {"delay": 0.3, "origin": 0.1}, {"y": fitted}, {"y": baselines(answered, truth, days, fitted)}
    )
    scores = score_columns(SIGNATURE.outputs, (answer,))
    reference = Reference(columns, scores, rows.rows, days, np.ones(rows.rows, dtype=bool))
    return build_profile(SIGNATURE, reference, learned)


@pytest.fixture
def promoted(registry, keys, crown, profile, tmp_path):
    """v1, champion, with its profile."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(b"model")
    (folder / PROFILE).write_bytes(msgspec.json.encode(to_document(profile)))
    files = tuple(file_entry(folder / name) for name in ("model.pkl", PROFILE))
    manifest = Manifest("flights", files, SIGNATURE, "sklearn-1.9", {}, metric="roc_auc")
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    entry = registry.add(folder, manifest, keys["registration"], by="tester")
    crown(entry)
    return entry


@pytest.fixture
def served(settings, tmp_path):
    return Log(settings, tmp_path / "spool")


@pytest.fixture
def place(settings, registry, trust, promoted, tmp_path):
    store = open_store(settings)
    records = store.area("records")
    log = PredictionLog(records, SegmentCache(records, tmp_path / "cache"), memory="256MB", threads=1)
    return Place(registry, trust, log, Reports(store.area("reports")), RetrainQueue(registry.control))
