"""Retraining by its commands, and ten of the forty adversarial ones."""

import json
from datetime import timedelta

import pytest

from tests.prove import adversarial_retrains
from tests.retrain_world import AS_OF, DAYS, make_champion

CASES = 10


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = make_champion(tmp_path_factory.mktemp("world"))
    made.serve_days()
    return made


@pytest.fixture
def run(world, installation):
    variables = {f"PICKLEFLEET_{name}": str(value) for name, value in world.variables.items()}

    def command(*arguments, code=0):
        done = installation.run("retrain", *arguments, check=False, **variables)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return command


def test_a_pipeline_retrains_step_by_step_and_reads_the_card(run):
    """Ask, try, fit, compare, register: each a command; the exit code and the JSON tell what came of it."""
    as_of = (AS_OF + timedelta(days=1)).date().isoformat()
    asked = json.loads(run("request", "--reason", "the pipeline asks", "--as-of", as_of, "--json"))
    run("request", "--reason", "again", "--as-of", as_of, code=75)

    tried = json.loads(run("run", asked["id"], "--as-of", as_of, "--dry-run", "--json"))
    assert tried["made"]["data"]["left_out"]["mature_days"] == DAYS
    assert json.loads(run("run", "--as-of", as_of, "--until", "fit", "--json"))["made"]["rows"] > 0
    assert "open; done: gather, check, fit" in run("status")

    outcome = json.loads(run("run", "--json"))["outcome"]
    assert (outcome["result"], outcome["version"]) == ("blessed", "v2")
    card = json.loads(run("show", "v2", "--json"))
    assert card["lineage"]["reason"] == "the pipeline asks"
    assert card["blessed"]
    assert "**Blessed** beside v1" in run("show")
    assert "Nothing is asked for" in run("run")
    run("request", "--reason", "again", "--as-of", as_of, code=75)


@pytest.mark.timeout(1200)
def test_no_worse_model_is_blessed_whatever_the_data_and_the_kills(tmp_path):
    result = adversarial_retrains.adversarial_retrains(tmp_path, CASES, seed=7)

    assert adversarial_retrains.passed(result), json.dumps(result, indent=1)
