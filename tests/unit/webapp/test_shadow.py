"""A shadow is asked after the answer, costs nobody anything, and is compared row by row."""

import threading
from dataclasses import replace

import msgspec
import pytest

from lifecycle.measurements.measuring import Measuring
from lifecycle.policy import TrafficPolicy, VersionRef, with_shadow, with_share
from tests import builders
from tests.fakes import RecordingMetrics
from tests.serving import KEY, service_for, traffic_for
from webapp.app import create_app
from webapp.shadow import MAX_REQUESTS, MAX_ROWS, Copy, Shadows, disagree
from webapp.traffic import Served

CHAMPION = builders.classifier()
ROWS = list(CHAMPION.rows)


def other_version(estimator=None):
    model = replace(CHAMPION.model, version="v2", digest="2" * 64)
    return replace(CHAMPION, model=replace(model, estimator=estimator or model.estimator))


class TurnedRound:
    """Answers the other label, with the probabilities exchanged."""

    def predict(self, frame):
        return [
            CHAMPION.model.signature.outputs[0].labels[int(p[0] < p[1])] for p in self.predict_proba(frame)
        ]

    def predict_proba(self, frame):
        return CHAMPION.model.estimator.predict_proba(frame)[:, ::-1]


class Raises:
    def predict(self, frame):
        raise ValueError("no")


@pytest.fixture
def kept():
    return []


@pytest.fixture
def metrics():
    return RecordingMetrics()


@pytest.fixture
def measuring(tmp_path):
    return Measuring(tmp_path)


@pytest.fixture
def shadows(kept, metrics, measuring):
    return Shadows(KEY, lambda _signature, record: kept.append(record) or True, metrics, measuring)


def copy_of(shadow, rows=ROWS, request_id="r"):
    built = CHAMPION
    request = traffic_for(built).champion.contract.read({"instances": rows})
    predictions = built.model.predict(request.columns, request.rows)
    champion = traffic_for(built).champion
    served = Served(shadow.model, champion.contract, champion.text, {})
    return Copy(request, predictions, request_id, "shop", 1_700_000_000_000, (served,))


def cell(measuring):
    ((found,),) = [list(minute.values()) for minute in measuring._minutes.values()]
    return found


def test_its_answers_are_recorded_as_a_shadow_s_with_the_request_they_belong_to(shadows, kept):
    shadows.ask(copy_of(other_version()))

    (record,) = kept
    assert (record.version, record.arm, record.source) == ("v2", "shadow", "shadow")
    assert (record.request_id, record.owner, record.at_ms) == ("r", "shop", 1_700_000_000_000)
    assert (record.rows, len(record.answers[0])) == (len(ROWS), len(ROWS))
    assert (record.row_keys, record.idempotency) == (None, None)


def test_one_row_of_a_request_is_compared(shadows, measuring):
    shadows.ask(copy_of(other_version()))
    shadows.ask(copy_of(other_version()))

    found = cell(measuring)
    assert (found.version, found.arm, found.source, found.ok) == ("v2", "shadow", "shadow", 2)
    assert (found.compared, found.disagreed) == (2, 0)


def test_another_label_is_a_disagreement(shadows, measuring):
    shadows.ask(copy_of(other_version(TurnedRound())))

    assert (cell(measuring).compared, cell(measuring).disagreed) == (1, 1)


def test_a_shadow_that_fails_is_counted_and_nothing_else_happens(shadows, measuring, kept):
    shadows.ask(copy_of(other_version(Raises())))

    found = cell(measuring)
    assert (found.failed, found.ok, found.compared) == (1, 0, 0)
    assert kept == []


def test_where_there_are_no_labels_there_is_nothing_to_disagree_about():
    answers = builders.regressor().golden.answers

    assert disagree(answers, answers, 0) is None


def test_what_does_not_fit_into_the_queue_is_left_out_and_counted(shadows, metrics):
    copy = copy_of(other_version())
    taken = [shadows.offer(copy) for _ in range(MAX_REQUESTS + 3)]

    assert taken.count(False) == 3
    assert metrics.counts == {"shadow_dropped": 3 * len(ROWS)}


def test_the_rows_that_wait_are_bounded_too(shadows, metrics):
    copy = copy_of(other_version())
    big = replace(copy, request=msgspec.structs.replace(copy.request, rows=MAX_ROWS))

    assert shadows.offer(big)
    assert not shadows.offer(copy)


def test_the_queue_is_worked_off_in_the_background(shadows, kept):
    shadows.start(lambda: 0)
    shadows.offer(copy_of(other_version(), request_id="a"))
    shadows.offer(copy_of(other_version(), request_id="b"))
    deadline = threading.Event()
    for _ in range(500):
        if len(kept) == 2:
            break
        deadline.wait(0.01)

    assert [record.request_id for record in kept] == ["a", "b"]


def test_while_others_are_asking_it_waits_a_moment_and_not_for_ever(shadows, kept):
    shadows.offer(copy_of(other_version()))

    shadows.ask(shadows._next(lambda: 1))

    assert len(kept) == 1


def offered_by(policy, *others):
    offered = []
    traffic = traffic_for(CHAMPION, *others, policy=policy)
    service = service_for(CHAMPION, offer_to_shadows=offered.append)
    service.traffic = lambda: traffic
    client = create_app(service).test_client()
    versions = set()
    for unit in range(20):
        answer = client.post("/api/v1/predict", json={"instances": ROWS[:1], "unit_id": str(unit)})
        versions.add(answer.get_json()["model"]["version"])
    return offered, versions


ALONE = TrafficPolicy(1, VersionRef("v1", CHAMPION.model.digest))
SECOND = VersionRef("v2", "2" * 64)


def test_only_what_the_champion_answered_is_offered():
    """It is compared with the champion, so what a challenger answered tells nothing."""
    third = replace(other_version(), model=replace(other_version().model, version="v3", digest="3" * 64))
    policy = with_share(with_shadow(ALONE, VersionRef("v3", "3" * 64)), SECOND, 0.5)
    offered, versions = offered_by(policy, other_version(), third)

    assert versions == {"v1", "v2"}
    assert 0 < len(offered) < 20
    assert {served.model.version for copy in offered for served in copy.shadows} == {"v3"}


def test_without_a_shadow_nothing_is_offered():
    assert offered_by(ALONE) == ([], {"v1"})


def test_every_request_that_the_champion_answers_is_offered():
    offered, versions = offered_by(with_shadow(ALONE, SECOND), other_version())

    assert (len(offered), versions) == (20, {"v1"})
