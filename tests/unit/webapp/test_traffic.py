"""Several versions answer side by side: each request one of them, and every place says which."""

from dataclasses import replace

import pytest

from lifecycle.policy import TrafficPolicy, VersionRef, assign, with_shadow, with_share
from tests import builders
from tests.serving import service_for, traffic_for
from webapp.app import create_app

CHAMPION = builders.classifier()
SECOND, THIRD = (
    replace(CHAMPION, model=replace(CHAMPION.model, version=f"v{number}", digest=str(number) * 64))
    for number in (2, 3)
)
REFS = [VersionRef(built.model.version, built.model.digest) for built in (CHAMPION, SECOND, THIRD)]
POLICY = with_shadow(with_share(TrafficPolicy(4, REFS[0]), REFS[1], 0.25), REFS[2])


@pytest.fixture
def kept():
    return []


@pytest.fixture
def client(kept):
    traffic = traffic_for(CHAMPION, SECOND, THIRD, policy=POLICY)
    service = service_for(
        CHAMPION, record_predictions=lambda found: not kept.extend(record for _, record in found)
    )
    service.traffic = lambda: traffic
    return create_app(service).test_client()


def ask(client, **more):
    headers = more.pop("headers", {})
    body = {"instances": list(CHAMPION.rows[:2]), **more}
    answer = client.post("/api/v1/predict", json=body, headers=headers)
    assert answer.status_code == 200
    return answer.get_json()["model"]["version"]


def test_a_unit_is_answered_by_its_version_each_time(client):
    for unit in map(str, range(40)):
        assert {ask(client, unit_id=unit) for _ in range(2)} == {assign(POLICY, unit).ref.version}


def test_without_a_unit_the_request_is_the_unit(client):
    ids = [f"request-{number}" for number in range(40)]

    versions = [ask(client, headers={"X-Request-ID": one}) for one in ids]

    assert versions == [assign(POLICY, one).ref.version for one in ids]
    assert set(versions) == {"v1", "v2"}


def test_the_record_carries_version_and_arm(client, kept):
    for unit in map(str, range(40)):
        ask(client, unit_id=unit)

    assert {(record.version, record.arm) for record in kept} == {("v1", "champion"), ("v2", "challenger")}
    assert [record.unit_id for record in kept] == list(map(str, range(40)))


def test_the_models_of_this_machine_tell_their_arms_and_shares(client):
    models = client.get("/api/v1/models").get_json()["models"]

    assert [(one["version"], one["state"], one["arm"], one["share"]) for one in models] == [
        ("v1", "serving", "champion", 0.75),
        ("v2", "serving", "challenger", 0.25),
        ("v3", "shadow", "shadow", 0),
    ]
    assert client.get("/api/v1/models/v2").get_json()["arm"] == "challenger"


def test_readiness_names_the_champion(client):
    assert client.get("/readyz").get_json()["model"]["version"] == "v1"
