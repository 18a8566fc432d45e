"""What the predict path hands over to be recorded, and that a failure there fails no answer."""

import orjson
import pytest

from lifecycle.prediction import verify
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.recorder import Recorder
from lifecycle.prediction_log.spool_files import read_events, spool_files
from tests import builders
from tests.serving import KEY, client_for

BUILT = builders.classifier()
ROWS = list(BUILT.rows[:2])


@pytest.fixture
def recorded():
    return []


@pytest.fixture
def client(recorded):
    return client_for(
        BUILT, record_predictions=lambda found: not recorded.extend(record for _, record in found)
    )


def post(client, **more):
    return client.post("/api/v1/predict", json={"instances": ROWS} | more)


def test_one_record_a_request_with_what_was_asked_and_answered(client, recorded):
    response = post(client, unit_id="tail-1", row_keys=["a", "b"])

    (record,) = recorded
    answer = response.get_json()
    assert [row["prediction_id"] for row in answer["predictions"]] == [
        f"{record.base_id}-{n}" for n in range(2)
    ]
    assert (record.rows, record.version, record.request_id) == (2, "v1", answer["request_id"])
    assert (record.unit_id, record.row_keys) == ("tail-1", ("a", "b"))
    assert [row["label"] for row in answer["predictions"]] == record.answers[0].labels
    assert {name: values[1] for name, values in record.columns.items()} == ROWS[1]
    assert record.latency_us > 0
    assert record.idempotency is None


def test_the_record_s_time_is_the_id_s(client, recorded):
    post(client)

    (record,) = recorded
    assert verify(KEY, f"{record.base_id}-0").unix_ms == record.at_ms


def test_a_refused_request_is_not_recorded(client, recorded):
    assert client.post("/api/v1/predict", json={"instances": []}).status_code == 422
    assert recorded == []


def test_the_same_idempotency_key_and_body_are_one_request(client, recorded):
    for key in ("one", "one", "other"):
        client.post("/api/v1/predict", json={"instances": ROWS}, headers={"Idempotency-Key": key})
    client.post("/api/v1/predict", json={"instances": ROWS[:1]}, headers={"Idempotency-Key": "one"})

    first, again, other_key, other_body = [record.idempotency for record in recorded]
    assert first == again
    assert len({first, other_key, other_body}) == 3


def test_the_answer_leaves_where_nothing_can_be_recorded(tmp_path):
    (tmp_path / "file").write_text("where the spool's folder should be")
    told = []
    recorder = Recorder(
        tmp_path / "file" / "spool", SpoolLimits(), b"s" * 32, dropped=lambda *drop: told.append(drop)
    )

    assert post(client_for(BUILT, record_predictions=recorder.predictions)).status_code == 200
    assert told == [("io_error", 2)]


@pytest.mark.parametrize(
    "build",
    [
        builders.classifier,
        builders.regressor,
        builders.multiclass,
        builders.multi_output,
        builders.multi_output_classifier,
        builders.text,
        builders.decision_function_only,
        builders.all_kinds,
    ],
)
def test_every_kind_of_model_is_recorded_before_its_answer(tmp_path, build):
    built = build()
    recorder = Recorder(tmp_path, SpoolLimits(), b"s" * 32)
    client = client_for(built, record_predictions=recorder.predictions)

    answer = client.post("/api/v1/predict", json={"instances": list(built.rows[:2])}).get_json()

    (spool,) = spool_files(tmp_path)
    _, event = list(read_events(spool.path))
    assert answer["predictions"][0]["prediction_id"] == orjson.loads(event)["id"] + "-0"
    recorder.close()
