import msgspec
import pandas as pd
import pytest

from lifecycle.profile import document as profile_document
from lifecycle.signature import Feature, Signature
from retrain.champion import bring_base_set, current_champion
from retrain.labelled_rows import LabelledRows
from retrain.maturity import DAY_MS
from retrain.stopped import TrainingStoppedError
from retrain.validation import check_columns, check_rows, unlike_the_labelled
from tests.retrain_world import World, table

DAYS, A_DAY = 12, 100


@pytest.fixture(scope="module")
def champion(registered, tmp_path_factory):
    place = World(registered).place()
    found = current_champion(place.registry, place.trust)
    data = place.registry.objects.get(f"bundles/{found.digest}/profile.json")
    base = bring_base_set(place.registry, found, tmp_path_factory.mktemp("base"))
    return found.manifest.signature, profile_document.from_document(msgspec.json.decode(data)), base


def rows(shift=0.5, **changed):
    frame, truth = table(DAYS * A_DAY, 5, shift=shift)
    columns = {
        name: [None if pd.isna(value) else value for value in frame[name].tolist()] for name in frame
    } | changed
    times = [row // A_DAY * DAY_MS for row in range(DAYS * A_DAY)]
    return LabelledRows(columns, (truth.tolist(),), times, [""] * len(times), [""] * len(times))


def test_drift_is_no_reason_to_stop(champion):
    signature, profile, base = champion

    assert "none is broken" in check_columns(signature, profile, base, rows(shift=2.0))[0]


@pytest.mark.parametrize(
    ("column", "change", "told"),
    [
        ("delay", lambda values: [None] * len(values), "delay is missing in 100%"),
        ("delay", lambda values: [v if row % 3 else None for row, v in enumerate(values)], ""),
        ("seats", lambda values: [100] * len(values), "seats is 100 in every row"),
        (
            "origin",
            lambda values: [v.lower() for v in values],
            "origin has values that the reference never had",
        ),
        ("seats", lambda values: [v * 1000 for v in values], "seats lies far outside"),
        ("seats", lambda values: [v * 1.609344 for v in values], "changed its unit"),
        ("delay", lambda values: [None] * A_DAY + values[A_DAY:], "missing all day on 1 of 12 days"),
    ],
)
def test_what_looks_broken_stops_training(champion, column, change, told):
    signature, profile, base = champion
    broken = rows(shift=0.0, **{column: change(rows(shift=0.0).columns[column])})

    if not told:
        check_columns(signature, profile, base, broken)
        return
    with pytest.raises(TrainingStoppedError, match=told):
        check_columns(signature, profile, base, broken)


def test_a_few_rows_that_do_not_fit_are_left_out_and_many_stop_training():
    signature = Signature((Feature("x", "number", "float64", nullable=False),), ())
    few = LabelledRows({"x": [None] + [1.0] * 199}, ([0] * 200,), [0] * 200, [""] * 200, [""] * 200)
    many = LabelledRows({"x": [None] * 3 + [1.0] * 197}, ([0] * 200,), [0] * 200, [""] * 200, [""] * 200)

    assert (
        len(
            check_rows(
                signature,
                few,
            )
        )
        == 199
    )
    with pytest.raises(TrainingStoppedError, match=r"x \(3 rows\)"):
        check_rows(signature, many)


def test_it_is_told_where_rows_without_labels_are_unlike_the_others(champion):
    _, profile, _ = champion
    some = rows(shift=0.0).columns
    others = rows(shift=2.0).columns

    found = unlike_the_labelled(profile, some, others)

    assert found[0].feature == "delay"
    assert found[0].psi > 1 > max(one.psi for one in found[1:])
    assert unlike_the_labelled(profile, some, {name: [] for name in some}) == ()
