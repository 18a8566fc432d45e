import base64
import json
import zlib

import numpy as np
import pytest

from lifecycle.errors import CorruptBundleError
from lifecycle.performance.baseline import Baseline
from lifecycle.performance.calibration import fit
from lifecycle.profile.document import (
    counts_from_document,
    counts_to_document,
    from_document,
    to_document,
)
from lifecycle.profile.profile import count
from lifecycle.reference.build import Learned, Reference, build_profile
from lifecycle.signature import Feature, Output, Signature

ROWS = 4_000


@pytest.fixture(scope="module")
def profile():
    random = np.random.default_rng(0)
    signature = Signature(
        (Feature("x", "number", "float64"), Feature("c", "category", "object", privacy="hash")),
        (Output("y0", "classification", ("no", "yes")),),
    )
    shares = random.random(ROWS)
    calibration = fit(
        np.column_stack([1 - shares, shares]),
        np.eye(2)[(random.random(ROWS) < shares).astype(int)],
        positive=1,
    )
    reference = Reference(
        {"x": random.normal(size=ROWS), "c": random.choice(["a", "b"], ROWS).tolist()},
        {"y0:yes": ("number", shares)},
        ROWS,
        np.repeat(np.arange(20), 200),
        np.arange(ROWS) >= ROWS // 2,
    )
    learned = Learned(
        {"x": 0.1, "c": 0.0}, {"y0": calibration}, {"y0": {"roc_auc": Baseline(float("nan"), None, 0)}}
    )
    return build_profile(signature, reference, learned)


def test_a_profile_is_the_same_after_the_journey_through_json(profile):
    document = json.loads(json.dumps(to_document(profile), allow_nan=False))

    assert json.dumps(document) == json.dumps(to_document(from_document(document)))


def test_a_profile_that_travelled_counts_alike(profile):
    travelled = from_document(json.loads(json.dumps(to_document(profile))))
    columns = {"x": [0.1, None, 9.0], "c": ["a", "zz", None]}
    scores = {"y0:yes": [0.1, 0.2, 0.3]}

    assert counts_to_document(count(profile, columns, scores, 3)) == counts_to_document(
        count(travelled, columns, scores, 3)
    )


def test_counts_are_the_same_after_the_journey_through_json(profile):
    counts = count(profile, {"x": [1e308, -1e308], "c": ["a", "b"]}, {}, 2)
    document = json.loads(json.dumps(counts_to_document(counts), allow_nan=False))

    assert document == counts_to_document(counts_from_document(document))


def test_a_feature_stays_within_14_kib_whatever_its_numbers(profile):
    feature = json.dumps(to_document(profile)["features"]["x"])

    assert len(feature) <= 14 * 1024


def test_unknown_fields_are_ignored(profile):
    assert from_document({**to_document(profile), "later": 1}).fold == "holdout"


def test_another_format_is_refused_with_the_way_out():
    with pytest.raises(CorruptBundleError, match="reads format 1") as refused:
        from_document({"format": 99})

    assert "Register the model again" in refused.value.fix


@pytest.mark.parametrize(
    "packed",
    ["no base 64!", "", "eJwLAAAA", "eJztwTEBAAAAwqD1T20IX6AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
)
def test_a_packed_array_that_is_none_is_refused(profile, packed):
    document = to_document(profile)
    document["features"]["x"]["bins"]["edges"] = packed

    with pytest.raises(CorruptBundleError):
        from_document(document)


def test_a_small_text_that_inflates_to_a_huge_array_is_refused(profile):
    document = to_document(profile)
    bomb = base64.b64encode(zlib.compress(bytes(8 * 10_000_000), 9)).decode()
    document["features"]["x"]["reference"]["bins"] = bomb

    with pytest.raises(CorruptBundleError, match="wrong length"):
        from_document(document)


def test_a_missing_part_is_refused(profile):
    document = to_document(profile)
    del document["scores"]

    with pytest.raises(CorruptBundleError):
        from_document(document)
