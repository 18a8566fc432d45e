"""Feedback is judged item by item from the item alone, and acknowledged only when it is recorded."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from lifecycle import clock
from lifecycle.api_keys import KeySet, make_key
from lifecycle.prediction import FleetKey, mint, row_id
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.recorder import Recorder
from lifecycle.prediction_log.records import Feedback
from lifecycle.prediction_log.spool_files import read_events, spool_files
from tests import builders
from tests.builders import BuiltModel
from tests.serving import KEY, LIMITS, client_for
from webapp.authentication import Gate

FEEDBACK = "/api/v1/feedback"
LARGE = replace(LIMITS, max_body_bytes=16 << 20)
LABELS = 'Must be one of the model\'s labels: "late", "on time".'
NOT_YOURS = "This is no prediction id that this service gave to you."
NO_MOMENT = 'Must be an RFC 3339 date and time such as "2013-01-31T08:15:00Z".'


class Log:
    """Keeps what was recorded; has no room where told so."""

    def __init__(self, *, room: bool = True) -> None:
        self.kept: list[Feedback] = []
        self.room = room

    def __call__(self, feedback: Feedback) -> bool:
        if self.room:
            self.kept.append(feedback)
        return self.room


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def give(log):
    def post(*items: Any, built: BuiltModel | None = None, **more: Any):
        client = client_for(built or builders.classifier(), record_feedback=log, **more)
        return client.post(FEEDBACK, json={"items": list(items)})

    return post


def new_id(row: int = 0, rows: int = 3, owner: str = "", key: FleetKey = KEY) -> str:
    return row_id(mint(key, rows, owner), row)


def item(prediction_id: str | None = None, actual: Any = "late", **more: Any) -> dict[str, Any]:
    return {"prediction_id": prediction_id or new_id(), "actual": actual, **more}


def refusal(pointer: str, detail: str) -> dict[str, Any]:
    return {"status": "refused", "errors": [{"pointer": pointer, "detail": detail}]}


def test_what_is_accepted_is_recorded_and_acknowledged(give, log):
    first, second = new_id(0), new_id(2)
    before = clock.unix_ms()

    response = give(item(first), item(second, "on time", observed_at="2013-01-31T08:15:00.250+01:00"))

    document = response.get_json()
    assert response.status_code == 200
    assert document == {
        "request_id": response.headers["X-Request-Id"],
        "accepted": 2,
        "refused": 0,
        "results": [{"status": "accepted"}, {"status": "accepted"}],
    }
    (kept,) = log.kept
    assert (kept.prediction_ids, kept.actuals) == ([first, second], ["late", "on time"])
    assert kept.observed_ms == [None, 1359616500250]
    assert before <= kept.received_ms <= clock.unix_ms()
    assert (kept.owner, kept.source) == ("", "api")


def test_one_bad_item_refuses_itself_alone(give, log):
    good = new_id()

    document = give(item(actual="early"), item(good), item("nonsense")).get_json()

    assert (document["accepted"], document["refused"]) == (1, 2)
    assert document["results"] == [
        refusal("/items/0/actual", LABELS),
        {"status": "accepted"},
        refusal("/items/2/prediction_id", NOT_YOURS),
    ]
    assert log.kept[0].prediction_ids == [good]


def test_where_nothing_is_accepted_nothing_is_recorded(give, log):
    document = give(item("nonsense", "early", observed_at="yesterday")).get_json()

    assert (document["accepted"], document["refused"]) == (0, 1)
    assert document["results"][0]["errors"] == [
        {"pointer": "/items/0/prediction_id", "detail": NOT_YOURS},
        {"pointer": "/items/0/actual", "detail": LABELS},
        {"pointer": "/items/0/observed_at", "detail": NO_MOMENT},
    ]
    assert log.kept == []


def mistyped() -> str:
    found = new_id()
    return found[:10] + ("0" if found[10] != "0" else "1") + found[11:]


@pytest.mark.parametrize(
    "prediction_id",
    [
        mistyped(),
        new_id(owner="somebody else"),
        new_id(key=FleetKey(b"x" * 32)),
        new_id(row=3, rows=3),
        new_id().partition("-")[0],
        new_id().lower(),
        "",
        "x" * 10_000,
        "Ä" * 32 + "-0",
    ],
    ids=["mistyped", "foreign", "forged", "row beyond", "no row", "lower case", "empty", "long", "not ASCII"],
)
def test_an_id_that_was_not_given_to_this_caller_is_refused(give, log, prediction_id):
    document = give({"prediction_id": prediction_id, "actual": "late"}).get_json()

    assert document["results"] == [refusal("/items/0/prediction_id", NOT_YOURS)]
    assert log.kept == []


def test_an_owner_tells_of_its_own_predictions_only(log):
    shop, other = (
        make_key(owner, ["feedback"], clock.now(), lifetime=timedelta(1)) for owner in ("shop", "other")
    )
    gate = Gate(lambda: KeySet.of([shop.key, other.key]))
    client = client_for(builders.classifier(), record_feedback=log, gate=gate)
    body = {"items": [item(new_id(owner="shop"))]}

    assert client.post(FEEDBACK, json=body, headers={"X-Api-Key": other.text}).get_json()["accepted"] == 0
    assert log.kept == []
    assert client.post(FEEDBACK, json=body, headers={"X-Api-Key": shop.text}).get_json()["accepted"] == 1
    assert log.kept[0].owner == "shop"


def test_labels_keep_their_json_type_and_numbers_one_form(give, log):
    accepted = give(
        item(actual=1), item(actual=1.0), item(actual="1"), built=builders.multiclass()
    ).get_json()
    give(item(actual=3), item(actual=-0.0), built=builders.regressor())

    assert [one["status"] for one in accepted["results"]] == ["accepted", "accepted", "refused"]
    assert [repr(value) for value in log.kept[0].actuals] == ["1", "1"]
    assert [repr(value) for value in log.kept[1].actuals] == ["3.0", "0.0"]


def test_several_outputs_are_told_by_name_and_faulted_by_name(give, log):
    document = give(
        item(actual={"saved": 2, "arrival": 1}),
        item(actual={"arrival": "x", "saved": 1}),
        item(actual=1),
        built=builders.multi_output(),
    ).get_json()

    assert log.kept[0].actuals == [{"arrival": 1.0, "saved": 2.0}]
    assert document["results"][1:] == [
        refusal("/items/1/actual/arrival", "Must be a finite number."),
        refusal("/items/2/actual", "Must be an object with exactly: arrival, saved."),
    ]


@pytest.mark.parametrize("moment", ["2013", "31.1.2013", "2013-01-31T08:15:00", "2013-02-30T08:15:00Z", ""])
def test_a_moment_must_be_one_and_the_same_everywhere(give, moment):
    assert give(item(observed_at=moment)).get_json()["results"] == [
        refusal("/items/0/observed_at", NO_MOMENT)
    ]


def test_an_unknown_moment_may_be_null_or_left_out(give, log):
    give(item(observed_at=None), item())

    assert log.kept[0].observed_ms == [None, None]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        ({}, "/items"),
        ({"items": None}, "/items"),
        ({"items": {}}, "/items"),
        ({"items": []}, "/items"),
        ({"items": ["x"]}, "/items/0"),
        ({"items": [{}]}, "/items/0/prediction_id"),
        ({"items": [{"prediction_id": "x"}]}, "/items/0/actual"),
        ({"items": [{"prediction_id": 1, "actual": 1}]}, "/items/0/prediction_id"),
        ({"items": [{"prediction_id": "x", "actual": 1, "observed_at": 5}]}, "/items/0/observed_at"),
        ({"items": [{"prediction_id": "x", "actual": 1, "actuals": 1}]}, "/items/0/actuals"),
        ({"items": [{"prediction_id": "x", "actual": 1}], "source": "x"}, "/source"),
    ],
)
def test_a_body_of_another_shape_is_refused_as_a_whole(log, body, pointer):
    response = client_for(builders.classifier(), record_feedback=log).post(FEEDBACK, json=body)

    assert response.status_code == 422
    assert response.get_json()["type"] == "/problems/invalid-request"
    assert response.get_json()["errors"][0]["pointer"] == pointer
    assert log.kept == []


def test_a_misspelt_member_is_answered_with_the_right_one(log):
    body = {"items": [{"prediction_id": "x", "actual": 1, "observed": "2013-01-31"}]}
    response = client_for(builders.classifier(), record_feedback=log).post(FEEDBACK, json=body)

    assert response.get_json()["errors"][0]["suggestion"] == "Did you mean 'observed_at'?"


def test_ten_thousand_items_are_taken_and_one_more_is_not(log):
    client = client_for(builders.classifier(), LARGE, record_feedback=log)
    base = mint(KEY, 10_000)
    items = [{"prediction_id": row_id(base, row), "actual": "late"} for row in range(10_000)]

    assert client.post(FEEDBACK, json={"items": items}).get_json()["accepted"] == 10_000
    response = client.post(FEEDBACK, json={"items": [*items, items[0]]})

    assert response.status_code == 422
    assert response.get_json()["errors"] == [{"pointer": "/items", "detail": "Must have 1 to 10,000 items."}]
    assert len(log.kept) == 1


def test_what_can_not_be_recorded_is_not_acknowledged(log):
    log.room = False
    response = client_for(builders.classifier(), record_feedback=log).post(FEEDBACK, json={"items": [item()]})

    assert response.status_code == 503
    assert response.get_json()["type"] == "/problems/not-recorded"
    assert response.headers["Retry-After"] == "30"


def test_no_value_that_was_sent_is_repeated(give):
    secret = "patient-zero"
    response = give(
        item(secret, secret, observed_at=secret), item(actual={secret: secret}), item(actual=[secret])
    )

    assert secret not in response.get_data(as_text=True)


def test_without_a_model_feedback_waits():
    assert client_for(None).post(FEEDBACK, json={"items": [item()]}).status_code == 503


def test_feedback_on_a_prediction_just_answered_lies_in_the_spool_before_the_answer(tmp_path):
    """The real parts: the id from an answer, the event from the file that the agent would ship."""
    recorder = Recorder(tmp_path, SpoolLimits(), b"s" * 32)
    client = client_for(builders.classifier(), record_feedback=recorder.feedback)
    rows = list(builders.classifier().rows[:2])
    predictions = client.post("/api/v1/predict", json={"instances": rows}).get_json()["predictions"]
    items = [{"prediction_id": one["prediction_id"], "actual": "late"} for one in predictions]

    assert client.post(FEEDBACK, json={"items": items}).get_json()["accepted"] == 2

    (spool,) = spool_files(tmp_path)
    _, event = list(read_events(spool.path))
    assert orjson.loads(event)["prediction_ids"] == [one["prediction_id"] for one in predictions]
    assert orjson.loads(event)["actuals"] == ["late", "late"]
    recorder.close()
