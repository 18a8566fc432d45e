from datetime import date, timedelta

import pytest

from drift_jobs.night import Place, ensure_references, judge_night
from drift_jobs.reports import Reports
from lifecycle.adapters.object_store import open_store
from lifecycle.bundle import MANIFEST, Manifest, file_entry
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.retraining import RetrainQueue
from tests.nights import A_DAY, NIGHT, SIGNATURE, World

SEVEN = [NIGHT - timedelta(days=back) for back in range(7, 0, -1)]


@pytest.fixture
def place(settings, registry, trust, keys, crown, tmp_path):
    """v1, champion, came without a reference."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(b"model")
    manifest = Manifest(
        "flights", (file_entry(folder / "model.pkl"),), SIGNATURE, "sklearn-1.9", {}, metric="roc_auc"
    )
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    crown(registry.add(folder, manifest, keys["registration"], by="tester"))
    store = open_store(settings)
    records = store.area("records")
    log = PredictionLog(records, SegmentCache(records, tmp_path / "cache"), memory="256MB", threads=1)
    return Place(registry, trust, log, Reports(store.area("reports")), RetrainQueue(registry.control))


def judged(place, night=NIGHT):
    report = judge_night(place, night)
    return report["versions"][0]


def test_until_there_are_seven_nights_a_night_is_no_data_and_says_how_many_there_are(place, served):
    for night in SEVEN[:6]:
        served.serve(World(), night)
    served.serve(World(rows=150), SEVEN[6])  # too few to count
    served.serve(World(), NIGHT)  # the night itself is not among them

    version = judged(place)

    assert version["severity"] == "no-data"
    assert "(6 so far)" in version["drift"]["notes"][0]


def test_after_seven_nights_the_next_is_judged_against_them(place, served):
    for night in SEVEN:
        served.serve(World(), night)
    served.serve(World(shift=1.5), NIGHT)
    served.serve(World(), NIGHT + timedelta(days=1))

    shifted, usual = judged(place), judged(place, NIGHT + timedelta(days=1))

    assert shifted["severity"] == "severe"
    assert usual["severity"] == "ok"
    assert shifted["estimated"] is None, "nothing is known of labels"
    assert f"from {SEVEN[0]} on" in " ".join(shifted["drift"]["notes"])
    assert sum(shifted["bins"]["delay"]["reference"]) == 7 * A_DAY


def test_once_kept_it_stays_whatever_happens_to_the_log(place, served):
    for night in SEVEN:
        served.serve(World(), night)
    ensure_references(place, NIGHT)
    kept = place.reports.reference(place.registry.version("v1").digest)
    for night in SEVEN:
        served.serve(World(shift=3), night)  # comes late
    served.serve(World(), SEVEN[0] - timedelta(days=1))

    ensure_references(place, NIGHT)
    served.serve(World(), NIGHT)

    assert judged(place)["severity"] == "ok"
    assert place.reports.reference(place.registry.version("v1").digest) == kept


def test_looking_at_a_night_keeps_nothing(place, served):
    for night in SEVEN:
        served.serve(World(), night)

    judged(place)
    ensure_references(place, SEVEN[3])

    assert place.reports.store.list() == []


def test_rows_without_stated_shares_are_left_out(place, served):
    for night in SEVEN:
        served.serve(World(), night)
    without = World(rows=100)
    columns, answer, _ = without.draw(1)
    served.serve(without, SEVEN[0], answers=[type(answer)(labels=answer.labels)], columns=columns)
    served.serve(World(), NIGHT)

    version = judged(place)

    assert sum(version["bins"]["y:late"]["reference"]) == 7 * A_DAY
    assert version["severity"] == "ok"


def test_a_kept_reference_is_no_report(place, served):
    for night in SEVEN:
        served.serve(World(), night)
    ensure_references(place, NIGHT)

    assert place.reports.nights() == []
    assert place.reports.find(date(2013, 8, 1)) is None
