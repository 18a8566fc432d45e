import pytest

from lifecycle import clock
from tests import builders
from tests.serving import KEY, client_for
from webapp.problems import ProblemError
from webapp.record_time import HEADER, record_time

PAST = 1_359_620_100_000


def predict(told, **changes):
    records = []
    built = builders.classifier()
    client = client_for(
        built, record_predictions=lambda found: not records.extend(record for _, record in found), **changes
    )
    answer = client.post("/api/v1/predict", json={"instances": [built.rows[0]]}, headers={HEADER: told})
    return answer, records


def test_a_replaying_service_takes_the_time_from_the_request():
    from lifecycle.prediction import verify

    answer, (record,) = predict("2013-01-31T08:15:00Z", replay=True)

    assert record.at_ms == PAST
    minted = verify(KEY, answer.get_json()["predictions"][0]["prediction_id"])
    assert minted.unix_ms == PAST, "ids begin with the record's own time"


def test_any_other_service_leaves_the_header_alone():
    before = clock.unix_ms()
    _, (record,) = predict("2013-01-31T08:15:00Z")

    assert record.at_ms >= before


def test_a_time_without_a_zone_is_utc_and_an_offset_counts():
    assert record_time("2013-01-31T08:15:00", replay=True) == PAST
    assert record_time("2013-01-31T03:15:00-05:00", replay=True) == PAST


@pytest.mark.parametrize("told", ["noon", "2013-02-30", "1969-12-31T23:59:59Z", "9999-12-31T00:00:00Z"])
def test_what_is_no_time_of_a_record_is_the_callers_fault(told):
    with pytest.raises(ProblemError):
        record_time(told, replay=True)
    answer, records = predict(told, replay=True)
    assert (answer.status_code, records) == (400, [])


def test_true_values_of_a_replay_come_at_its_time():
    kept = []
    built = builders.classifier()
    client = client_for(built, replay=True, record_feedback=lambda one: not kept.append(one))
    answered = client.post("/api/v1/predict", json={"instances": [built.rows[0]]}).get_json()
    item = {"prediction_id": answered["predictions"][0]["prediction_id"], "actual": "late"}

    client.post("/api/v1/feedback", json={"items": [item]}, headers={HEADER: "2013-01-31T08:15:00Z"})

    assert kept[0].received_ms == PAST
