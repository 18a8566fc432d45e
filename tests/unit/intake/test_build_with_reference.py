"""The build of a bundle in this process, without its containment."""

import pickle
from dataclasses import replace

import duckdb
import msgspec
import numpy as np
import pandas as pd
import pytest

from intake.build import build
from intake.register import BASE_SET, Request, register
from lifecycle.bundle import PROFILE, sha256_of
from lifecycle.errors import ModelRefusedError
from lifecycle.profile.document import from_document
from tests import builders

ROWS = 6000


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """A model, and a labelled reference of 30 days whose last ten are the hold-out."""
    folder = tmp_path_factory.mktemp("handed")
    (folder / "model.pkl").write_bytes(pickle.dumps(builders.classifier().model.estimator))
    draw = np.random.default_rng(1)
    days = np.repeat(np.arange(30), ROWS // 30)
    table = pd.DataFrame(
        {
            "delay": draw.normal(10, 5, ROWS),
            "hour": draw.integers(5, 24, ROWS).astype(float),
            "carrier": draw.choice(builders.CARRIERS, ROWS),
            "at": [f"2013-01-{day + 1:02d}T12:00:00Z" for day in days],
            "fold": np.where(days >= 20, "holdout", "train"),
        }
    )
    right = np.where(table["delay"] + (table["carrier"] == "UA") * 9 > 12, "late", "on time")
    table["arrival"] = np.where(draw.random(ROWS) < 0.1, "late", right)
    table.to_csv(folder / "reference.csv", index=False)
    return folder


def request(handed, **more):
    given = {"reference": str(handed / "reference.csv"), "target": ("arrival",), "time": "at", "fold": "fold"}
    return Request(str(handed / "model.pkl"), "flights", **(given | more))


@pytest.fixture(scope="module")
def built(handed, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    (scratch / "bundle").mkdir()
    manifest = build(request(handed), scratch / "bundle")
    return scratch, manifest, from_document(msgspec.json.decode((scratch / "bundle" / PROFILE).read_bytes()))


def test_the_profile_is_a_file_of_the_manifest(built):
    _, manifest, profile = built

    assert PROFILE in {entry.path for entry in manifest.files}
    assert profile.features.keys() == {"delay", "hour", "carrier"}
    assert profile.features["delay"].reference.rows == ROWS
    assert profile.features["delay"].variation.days == 30


def test_scores_and_performance_come_from_the_holdout_alone(built):
    _, manifest, profile = built
    (score,) = profile.scores.values()
    (baselines,) = profile.baselines.values()
    (calibration,) = profile.calibrations.values()

    assert profile.fold == "holdout"
    assert (score.reference.rows, calibration.rows) == (2000, 2000)
    assert baselines[manifest.metric].days == 10
    assert manifest.metric == "roc_auc"


def test_what_the_model_decides_by_is_important(built):
    profile = built[2]

    assert profile.importances["delay"] > profile.importances["hour"] + 0.1


def test_the_base_set_lies_beside_the_bundle_in_the_columns_of_the_log(built):
    scratch, manifest, _ = built
    path = scratch / BASE_SET

    assert not (scratch / "bundle" / BASE_SET).exists()
    assert (manifest.base_set.sha256, manifest.base_set.rows) == (sha256_of(path), ROWS)
    first = duckdb.read_parquet(str(path)).df().iloc[0].to_dict()
    assert set(first) == {"in_delay", "in_hour", "in_carrier", "actual", "actual_number", "at_ms", "fold"}
    assert (first["at_ms"], first["fold"]) == (1357041600000, "train")


def test_without_a_fold_it_says_so(handed, tmp_path):
    (tmp_path / "bundle").mkdir()
    build(request(handed, fold=None), tmp_path / "bundle")

    profile = from_document(msgspec.json.decode((tmp_path / "bundle" / PROFILE).read_bytes()))

    assert profile.fold == "unknown-fold"


def test_a_metric_that_the_model_has_not_is_refused(handed, tmp_path):
    (tmp_path / "bundle").mkdir()

    with pytest.raises(ModelRefusedError, match="roc_auc"):
        build(request(handed, metric="mae"), tmp_path / "bundle")


def test_every_option_changes_the_request(handed):
    plain = request(handed)
    changed = [replace(plain, **{name: None}) for name in ("reference", "time", "fold")]

    assert len({one.digest() for one in [plain, *changed, replace(plain, metric="brier")]}) == 5


@pytest.mark.slow
def test_registration_keeps_the_base_set_in_the_registry(handed, registry, keys):
    entry = register(request(handed), registry, keys["registration"], "tester")

    base_set = registry.manifest(entry.digest).base_set
    assert registry.objects.list("datasets") == [f"datasets/{base_set.sha256}.parquet"]


def test_a_description_without_its_reference_is_refused(handed, registry, keys):
    for wrong in ({"reference": None}, {"target": ()}):
        with pytest.raises(ModelRefusedError, match="Add --"):
            register(request(handed, **wrong), registry, keys["registration"], "tester")
