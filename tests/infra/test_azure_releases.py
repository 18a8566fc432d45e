"""A release on Azure at CI's count of kills; `make prove NAME=azure-releases` kills its walker at its every act."""

import json

import pytest

from tests.fake_arm import fake_arm
from tests.prove import azure_releases
from tests.prove.azure_state import state_behind_a_lock

KILLS = 5
SEED = 20130101


@pytest.fixture
def place(tmp_path):
    environ = azure_releases.ready_environ(tmp_path / "provider")
    made = azure_releases.Place(tmp_path / "place", environ)
    with fake_arm(made.world) as server, state_behind_a_lock(tmp_path / "state", server) as state:
        made.ready(server, state)
        yield made


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        (
            "idle_timeout_in_minutes = 4 ",
            "idle_timeout_in_minutes = 9 ",
            "It would change the rule's idle_timeout",
        ),
        ("[var.pool_ids[var.pool]]", "[var.pool_ids.blue, var.pool_ids.green]", "It would point the rule at"),
        (
            'name                           = "service"',
            'name                           = "other"',
            "destroyed",
        ),
    ],
)
def test_a_plan_that_does_anything_else_is_refused_and_nobody_is_moved(place, good, bad, told):
    main = place.folder / "traffic" / "main.tf"
    assert good in main.read_text()
    main.write_text(main.read_text().replace(good, bad))
    place.walk("--looks", 5)

    assert told in (place.folder / "log.txt").read_text()
    assert place.world.pool == "blue"
    assert "canary" not in [entry.step for entry in place.journal.history()]
    assert not place.world.outages


@pytest.mark.timeout(1200)
def test_a_release_whose_walker_is_killed_ends_with_one_live_colour(tmp_path):
    result = azure_releases.azure_releases(tmp_path, KILLS, SEED)

    assert azure_releases.passed(result), json.dumps(result, indent=1)
