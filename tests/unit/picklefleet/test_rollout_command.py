"""What a person sees of a rollout: checks before it starts, its state, and the ways out."""

import json

import pytest
from click.testing import CliRunner

from lifecycle.errors import StoreUnavailableError
from lifecycle.model_card import ModelCard, keep_card
from lifecycle.policy import TrafficPolicy, VersionRef, promoted
from lifecycle.policy_journal import PolicyJournal
from lifecycle.rollout_request import RolloutRequest, ask_for_rollout
from picklefleet.__main__ import main
from release.rollout.plan import DEFAULT
from release.rollout.record import rollouts_in
from tests.rollouts import Traffic, World, state


@pytest.fixture
def world(settings, registry, trust, keys, add, monkeypatch):
    """v1 is champion; v2 is approved, v3 is not. The commands find them by their environment."""
    for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))
    first, second, _ = (add(content) for content in (b"first", b"second", b"third"))
    for entry in (first, second):
        registry.admit(entry, keys["admission"], trust)
    journal = PolicyJournal(registry, trust)
    champion = TrafficPolicy(0, VersionRef(first.version, first.digest))
    journal.change(keys["admission"], lambda _: champion, by="tester", reason="first")
    return World(rollouts_in(registry.control, trust), journal, keys["admission"], Traffic(), DEFAULT)


@pytest.fixture
def begun(world):
    """At the shadow."""
    rollout = world.start()
    world.walker().step(rollout)
    return rollout


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["rollout", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_a_dry_run_shows_the_plan_and_changes_nothing(world):
    shown = run("start", "v2", "--dry-run")

    assert "v2 would take over from v1" in shown
    assert "shadow   at least 500 requests" in shown
    assert "no traffic was measured yet" in shown
    assert len(world.states()) == 1
    assert world.rollouts.newest() is None


def test_a_dry_run_tells_a_program_too(world):
    shown = json.loads(run("start", "v2", "--dry-run", "--json"))

    assert [step["share"] for step in shown["rollout"]["plan"]["steps"]] == [0.0, 0.01, 0.05, 0.25, 0.5]


def test_a_plan_of_one_s_own_is_read(world, tmp_path):
    plan = tmp_path / "canary.yaml"
    plan.write_text("steps: [{share: 20%}]")
    assert "20 %" in run("start", "v2", "--dry-run", "--plan", str(plan))

    plan.write_text("steps: [{share: 200%}]")
    assert "between 0 and 100 %" in run("start", "v2", "--dry-run", "--plan", str(plan), exit_code=2)


@pytest.mark.parametrize(
    ("version", "told", "exit_code"),
    [
        ("v1", "is champion already", 1),
        ("v3", "picklefleet approve v3", 4),
        ("v9", "There is no version 'v9'", 1),
    ],
)
def test_what_can_not_start_is_said_with_the_way_out(world, version, told, exit_code):
    assert told in run("start", version, exit_code=exit_code)
    assert len(world.states()) == 1


def test_one_rollout_at_a_time(world, begun):
    assert "Rollout 1 of v2 is under way" in run("start", "v2", exit_code=1)


def test_a_champion_of_late_takes_over_without_any_step(world):
    second = VersionRef("v2", world.journal.registry.version("v2").digest)
    world.journal.change(world.key, lambda policy: promoted(policy, second), by="tester", reason="second")

    assert "was champion lately" in run("start", "v1", "--reason", "it was better")
    newest = world.journal.newest()
    assert (state(newest), newest.reason) == (("v1", None), "it was better")


def test_the_status_shows_the_steps_and_what_it_waits_for(world, begun):
    shown = run("status")

    assert "Rollout 1: v2 takes over from v1" in shown
    assert "shadow   ▶ for 0 min, 0 of 500 requests" in shown
    assert "Next: This step lasts at least 5 minutes" in shown


def test_the_status_as_json_has_the_evidence(world, begun):
    shown = json.loads(run("status", "--json"))

    assert shown["now"]["step"] == "shadow"
    assert shown["now"]["evidence"]["outcome"] == "inconclusive"
    assert [one["signal"] for one in shown["now"]["evidence"]["signals"]] == [
        "errors",
        "score",
        "disagreement",
    ]
    assert shown["events"][0]["what"] == "entered"


def test_a_pause_is_shown_with_its_reason(world, begun):
    run("pause", "--reason", "lunch")

    assert "lunch" in run("status")


def test_an_abort_puts_the_champion_back_at_once(world, begun):
    assert "v1 answers everybody" in run("abort", "--reason", "enough")

    assert world.states()[-1] == ("v1", None)
    assert "Ended: aborted. enough" in run("status")
    assert "No rollout is under way" in run("abort", exit_code=1)


def test_without_any_rollout_the_status_says_how_to_start_one(world):
    assert "picklefleet rollout start" in run("status", exit_code=1)


def test_watching_starts_nothing_that_nobody_asked_for(world):
    run("watch", "--once")

    assert len(world.states()) == 1


@pytest.fixture
def asked(world, registry, keys):
    """Retraining blessed v3, which nobody approved, and asked for its rollout."""
    third, champion = registry.version("v3"), registry.version("v1")
    card = ModelCard(
        third.digest, third.version, champion.digest, champion.version, blessed=True, reasons=(), score_distance=0.05,
        disagreement=0.01, lineage={}, data={}, comparison={}, made_at="2026-01-05T02:00:00Z",
    )  # fmt: skip
    keep_card(registry, card, "", keys["registration"])
    ask_for_rollout(registry.control, RolloutRequest("v3", third.digest, "v1", "drift", "retrain", "now"))
    return third


@pytest.mark.parametrize(("approval", "walked"), [("auto", ["v3"]), ("person", [])])
def test_watching_walks_what_retraining_asked_for_only_where_the_settings_allow_it(
    world, registry, asked, monkeypatch, approval, walked
):
    class Walker:
        def __init__(self, parts, narrator):
            pass

        def walk(self, rollout, claim, wait):
            begun.append(rollout.challenger.version)

    begun = []
    monkeypatch.setattr("picklefleet.rollout_command.walker_of", Walker)
    monkeypatch.setenv("PICKLEFLEET_RETRAIN_APPROVAL", approval)

    run("watch", "--once")

    assert begun == walked
    assert registry.is_admitted(asked.digest) is bool(walked)
    assert [rollout.challenger.version for rollout in world.rollouts.history()] == walked


def test_watching_outlives_a_store_that_is_away_for_a_while(begun, monkeypatch):
    class Walker:
        def __init__(self, parts, narrator):
            pass

        def walk(self, rollout, claim, wait):
            walked.append(rollout.number)
            if len(walked) == 1:
                raise StoreUnavailableError("The store does not answer.")
            stops[0].set()

    walked, stops = [], []
    monkeypatch.setattr("picklefleet.rollout_command.walker_of", Walker)
    monkeypatch.setattr("picklefleet.rollout_command.stop_on_signal", stops.append)
    monkeypatch.setattr("picklefleet.rollout_command.WATCHES_EVERY_S", 0.01)

    assert "The store does not answer." in run("watch")
    assert walked == [1, 1]
