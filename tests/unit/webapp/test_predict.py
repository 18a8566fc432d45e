import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.prediction import verify
from tests import builders
from tests.builders import BuiltModel
from tests.serving import KEY, client_for

PREDICT = "/api/v1/predict"
BUILT = (
    builders.classifier,
    builders.regressor,
    builders.multiclass,
    builders.multi_output,
    builders.multi_output_classifier,
    builders.text,
    builders.decision_function_only,
    builders.all_kinds,
)


def predictions(built: BuiltModel, rows: Any, **more: Any) -> list[dict[str, Any]]:
    response = client_for(built).post(PREDICT, json={"instances": rows} | more)
    assert response.status_code == 200, response.get_data(as_text=True)
    found: list[dict[str, Any]] = response.get_json()["predictions"]
    return found


def numbers_in(answer: Any) -> list[float]:
    if isinstance(answer, dict):
        return [number for part in answer.values() for number in numbers_in(part)]
    return [answer] if isinstance(answer, float) else []


def labels_in(answer: dict[str, Any]) -> Any:
    return answer.get("label")


def test_the_answer_is_exactly_as_designed():
    built = builders.classifier()
    response = client_for(built).post(PREDICT, json={"instances": list(built.rows[:2])})

    document = response.get_json()
    assert list(document) == ["request_id", "model", "predictions"]
    assert document["model"] == {"name": "flights", "version": "v1"}
    assert [list(row) for row in document["predictions"]] == [["prediction_id", "label", "probabilities"]] * 2
    assert list(document["predictions"][0]["probabilities"]) == ["late", "on time"]
    assert response.content_type == "application/json"


def test_the_same_call_answers_what_the_estimator_answers_to_the_bit():
    built = builders.classifier()
    shares = built.model.estimator.predict_proba(pd.DataFrame(list(built.rows)).astype({"carrier": object}))

    answered = [list(row["probabilities"].values()) for row in predictions(built, list(built.rows))]

    assert answered == shares.tolist()


def test_a_plain_matrix_is_answered_to_the_bit_too():
    built = builders.multiclass()
    matrix = np.array([list(row.values()) for row in built.rows])

    answered = predictions(built, matrix.tolist())

    assert [row["label"] for row in answered] == built.model.estimator.predict(matrix).tolist()
    assert [list(row["probabilities"].values()) for row in answered] == built.model.estimator.predict_proba(
        matrix
    ).tolist()


@pytest.mark.parametrize("build", BUILT)
def test_many_rows_are_answered_as_each_alone(build):
    """Labels are equal, numbers within 1e-12: scikit-learn itself differs in the last bits between batch sizes."""
    built = build()
    together = predictions(built, list(built.rows))

    for row, answer in zip(built.rows, together, strict=True):
        (alone,) = predictions(built, [row])
        assert labels_in(alone) == labels_in(answer)
        for one, other in zip(numbers_in(alone), numbers_in(answer), strict=True):
            assert math.isclose(one, other, rel_tol=1e-12)


@pytest.mark.parametrize("build", BUILT)
def test_columns_are_answered_as_the_same_rows_are(build):
    built = build()
    columns = {name: [row[name] for row in built.rows] for name in built.model.signature.names}
    response = client_for(built).post(PREDICT, json={"columns": columns})
    assert response.status_code == 200, response.get_data(as_text=True)

    by_rows, by_columns = predictions(built, built.rows), response.get_json()["predictions"]
    for answer in (*by_rows, *by_columns):
        answer.pop("prediction_id")
    assert by_rows == by_columns


def test_prediction_ids_belong_to_this_fleet_and_count_the_rows():
    rows = predictions(builders.classifier(), list(builders.classifier().rows[:3]))

    minted = [verify(KEY, row["prediction_id"]) for row in rows]
    assert [found and (found.rows, found.row) for found in minted] == [(3, 0), (3, 1), (3, 2)]


def test_row_keys_are_echoed():
    rows = predictions(builders.regressor(), [{"hour": 1}, {"hour": 2}], row_keys=["a", "b"], unit_id="u")

    assert [row["key"] for row in rows] == ["a", "b"]


def test_the_method_narrows_the_answer():
    (row,) = predictions(builders.classifier(), [builders.classifier().rows[0]], method="predict")

    assert set(row) == {"prediction_id", "label"}


def test_labels_keep_their_json_type():
    assert predictions(builders.multiclass(), [[0, 0, 0]])[0]["label"] in (1, 2, 3)
    assert predictions(builders.decision_function_only(), [{"hour": 23}])[0]["label"] is True


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_null_and_flagged(number):
    built = builders.answering(lambda rows: np.full(rows, number))

    (row,) = predictions(built, [{"hour": 1}])

    assert row["value"] is None
    assert row["flags"] == ["not_finite"]


@given(value=st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=50, deadline=None)
def test_a_number_survives_the_way_to_the_client_to_the_bit(value):
    built = builders.answering(lambda rows: np.full(rows, value))

    assert predictions(built, [{"hour": 1}])[0]["value"] == value


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["UA", "delay", 10**60, 3.4e38, -1e308, "2013-01-31", "0001-01-01T00:00:00+23:59"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module", params=[builders.classifier, builders.all_kinds, builders.multiclass])
def fuzzed(request):
    built = request.param()
    return built, client_for(built)


@given(data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_json_value_makes_the_service_fail(fuzzed, data):
    """Whole bodies, rows, and single values at any place of an otherwise right row."""
    built, client = fuzzed
    value = data.draw(JSON_VALUES)
    name = data.draw(st.sampled_from(built.model.signature.names))
    bodies = [
        value,
        {"instances": value},
        {"instances": [value]},
        {"instances": [built.rows[0] | {name: value}]},
    ]

    for body in bodies:
        response = client.post(PREDICT, data=json.dumps(body), content_type="application/json")
        assert response.status_code in {200, 400, 422}, response.get_data(as_text=True)


@pytest.fixture(scope="module")
def flights():
    return client_for(builders.classifier())


@given(body=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_make_the_service_fail(flights, body):
    response = flights.post(PREDICT, data=body, content_type="application/json")

    assert response.status_code in {400, 422}
