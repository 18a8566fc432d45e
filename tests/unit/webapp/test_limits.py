"""What is told of limits is what the settings put in force."""

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from lifecycle.key_limit import KeyLimit
from lifecycle.settings import Settings
from tests import builders
from tests.serving import client_for
from webapp.service import Limits

LIMITS = "/api/v1/limits"
BEHIND = replace(Settings(), bind="unix:/run/blue/web.sock", workers=3, key_rate=90, key_machines=4)


def told(settings):
    return client_for(builders.classifier(), Limits.of(settings)).get(LIMITS).get_json()


def test_behind_an_edge_proxy_its_limits_are_told_with_the_share_of_this_machine():
    assert told(BEHIND)["edge"] == {
        "key": {
            "requests_per_s": 90,
            "burst": 4000,
            "machines": 4,
            "here": {"requests_per_s": 22.5, "burst": 1000},
        },
        "address": {"connections": 256, "requests_in_10_s": 20_000},
        "machine": {"at_work": 96, "waiting": 512, "connections": 2000},
    }


def test_what_nobody_holds_is_not_told():
    assert told(Settings())["edge"] is None
    assert told(replace(BEHIND, key_rate=0))["edge"]["key"] is None


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("max_body_bytes", 1000, "body_bytes"),
        ("max_rows", 7, "rows"),
        ("max_depth", 9, "depth"),
        ("request_deadline_s", 2.5, "deadline_s"),
    ],
)
def test_a_request_s_limits_are_those_of_the_settings(setting, value, name):
    assert told(replace(Settings(), **{setting: value}))["request"][name] == value


@pytest.mark.parametrize("settings", [Settings(), BEHIND, replace(BEHIND, key_rate=0)])
def test_the_answer_is_what_openapi_says(settings):
    client = client_for(builders.classifier(), Limits.of(settings))
    document = client.get("/api/v1/openapi.json").get_json()
    described = document["paths"][LIMITS]["get"]["responses"]["200"]["content"]["application/json"]
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    schema = {"$ref": f"urn:document{described['schema']['$ref']}"}
    validator = Draft202012Validator(schema, registry=Registry().with_resource("urn:document", resource))

    validator.validate(client.get(LIMITS).get_json())
    assert not validator.is_valid({"request": {}, "edge": None})


def test_the_page_shows_them():
    with_edge = client_for(builders.classifier(), Limits.of(BEHIND)).get("/docs").get_data(as_text=True)
    without = client_for(builders.classifier()).get("/docs").get_data(as_text=True)

    assert "22.5 requests a second, 1,000 at once after a silence" in with_edge
    assert "no limits: no edge proxy stands in front" in without


@pytest.mark.parametrize(
    ("limit", "burst", "interval_us", "refill_s"),
    [
        (KeyLimit(100, 50), 50, 10_000, 1),
        (KeyLimit(100, 50, 4), 12, 40_000, 1),
        (KeyLimit(1, 1, 1000), 1, 1_000_000_000, 1000),
        (KeyLimit(100_000, 2000), 2000, 10, 1),
    ],
)
def test_a_machine_grants_its_part(limit, burst, interval_us, refill_s):
    assert (limit.burst_here, limit.interval_us, limit.refill_s) == (burst, interval_us, refill_s)
