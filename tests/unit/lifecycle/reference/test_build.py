from datetime import UTC, datetime

import numpy as np
import pytest

from lifecycle.profile.profile import Profile, count
from lifecycle.reference.build import MAX_PLOT_ROWS, Learned, Reference, build_profile
from lifecycle.signature import Feature, Signature

ROWS = 6_000
SIGNATURE = Signature(
    (
        Feature("temp", "number", "float64"),
        Feature("when", "datetime", "datetime64[ns]"),
        Feature("night", "boolean", "bool"),
        Feature("carrier", "category", "object", categories=("AA", "UA", "ZZ")),
        Feature("remark", "text", "object"),
        Feature("customer", "category", "object", privacy="hash"),
        Feature("age", "integer", "int64", privacy="bucket"),
        Feature("name", "text", "object", privacy="drop"),
        Feature("absent", "number", "float64"),
        Feature("broken", "number", "float64"),
    ),
    (),
)


@pytest.fixture(scope="module")
def reference():
    random = np.random.default_rng(0)
    columns = {
        "temp": random.normal(size=ROWS),
        "when": [datetime(2013, 1, 1 + row % 20, tzinfo=UTC) for row in range(ROWS)],
        "night": (random.random(ROWS) < 0.3).tolist(),
        "carrier": random.choice(["AA", "UA"], ROWS).tolist(),
        "remark": ["late" if row % 2 else None for row in range(ROWS)],
        "customer": [f"hash{row % 50}" for row in range(ROWS)],
        "age": random.integers(1, 9, ROWS).tolist(),
        "broken": ["calm"] * ROWS,
    }
    holdout = np.arange(ROWS) >= 5_000
    return Reference(columns, {"y0": ("number", np.arange(ROWS) * 1.0)}, ROWS, None, holdout)


@pytest.fixture(scope="module")
def profile(reference) -> Profile:
    return build_profile(SIGNATURE, reference)


def test_every_kind_of_feature_is_profiled_by_its_reading(profile):
    assert {name: column.reading for name, column in profile.features.items()} == {
        "temp": "number",
        "when": "moment",
        "night": "category",
        "carrier": "category",
        "remark": "length",
        "customer": "category",
        "age": "number",
    }


def test_what_can_not_be_profiled_costs_only_itself(profile):
    assert profile.unprofiled == {
        "name": "Its privacy is drop: the log does not keep it.",
        "absent": "The reference does not have this column.",
        "broken": "The reference's values can't be read as the signature says: ValueError.",
    }


def test_features_use_all_rows_and_scores_the_holdout_only(profile):
    assert profile.features["temp"].reference.rows == ROWS
    assert profile.scores["y0"].reference.rows == 1_000
    assert profile.scores["y0"].reference.moments.low == 5_000.0
    assert profile.fold == "holdout"


def test_without_a_fold_scores_use_all_rows_and_the_profile_says_so(reference):
    unknown = build_profile(SIGNATURE, Reference(reference.columns, reference.scores, ROWS))

    assert unknown.scores["y0"].reference.rows == ROWS
    assert unknown.fold == "unknown-fold"


def test_a_category_of_the_signature_that_the_reference_lacks_is_known(profile):
    counts = profile.features["carrier"].count(["AA", "ZZ", "QQ"])

    assert (counts.bins.tolist()[-1], counts.unseen) == (1, 1)


def test_plot_rows_hold_no_private_field_and_at_most_5000_rows(profile):
    assert profile.plot_rows.keys() == {"temp", "when", "night", "carrier"}
    assert {len(values) for values in profile.plot_rows.values()} == {MAX_PLOT_ROWS}


def test_plot_rows_are_whole_rows(profile, reference):
    first = (profile.plot_rows["temp"][0], profile.plot_rows["when"][0], profile.plot_rows["carrier"][0])
    row = reference.columns["temp"].tolist().index(first[0])

    assert first[1:] == (reference.columns["when"][row], reference.columns["carrier"][row])


def test_the_same_seed_builds_the_same_profile(profile, reference):
    assert build_profile(SIGNATURE, reference).plot_rows == profile.plot_rows
    assert build_profile(SIGNATURE, reference, seed=1).plot_rows != profile.plot_rows


def test_the_ten_most_important_features_are_important(reference):
    weights = {f"x{i:02}": float(i) for i in range(12)}
    profile = build_profile(SIGNATURE, reference, Learned(weights, {}, {}))

    assert profile.important == {f"x{i:02}" for i in range(2, 12)}


def test_without_importances_every_feature_is_important(profile):
    assert profile.important == set(SIGNATURE.names)


def test_a_profile_counts_the_reference_as_it_did_itself(profile, reference):
    again = count(profile, reference.columns, {}, ROWS).features["temp"]

    assert (again.bins == profile.features["temp"].reference.bins).all()
