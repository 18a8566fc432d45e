"""A machine may have traffic once each of its processes answers; after that, one that is forked later takes it nothing."""

import pytest

from lifecycle.web_processes import Presence, WebProcess
from tests import builders
from tests.serving import client_for
from webapp.readiness import Readiness

OURS = "parent"


@pytest.fixture
def enter(tmp_path):
    entered = []

    def run(pid, parent=OURS, **said):
        entered.append(Presence.enter(tmp_path, WebProcess(pid, parent)))
        entered[-1].say(**said)
        return entered[-1]

    yield run
    for one in entered:
        one.leave()


def test_nobody_is_sent_to_a_process_that_would_refuse(tmp_path, enter):
    enter(1, serving="first")
    late = enter(2)
    client = client_for(builders.classifier(), siblings_answer=Readiness(tmp_path, OURS))

    refused = client.get("/readyz")
    assert refused.status_code == 503
    assert "Another process" in refused.get_json()["detail"]

    late.say(serving="first")
    assert client.get("/readyz").status_code == 200


def test_a_process_that_is_forked_later_does_not_make_the_machine_unready(tmp_path, enter):
    enter(1, serving="first")
    ready = Readiness(tmp_path, OURS)
    assert ready()

    enter(2)
    assert ready()


def test_who_listens_elsewhere_is_not_waited_for(tmp_path, enter):
    enter(1, serving="first")
    enter(2, parent="another")

    assert Readiness(tmp_path, OURS)()


def test_who_died_while_it_loaded_is_not_waited_for(tmp_path, enter):
    enter(1, serving="first")
    enter(2)._lock.close()

    assert Readiness(tmp_path, OURS)()
