"""An experiment as a person runs it: sized before it starts, read at any time, ended with its reason."""

import json

import pytest
from click.testing import CliRunner

from lifecycle.policy_journal import PolicyJournal
from picklefleet.__main__ import main
from tests.rollouts import state

START = ("start", "v2", "--effect", "5", "--baseline", "70")


@pytest.fixture
def journal(settings, registry, trust, keys, add, crown, monkeypatch):
    """v1 is champion and v2 approved. The commands find them by their environment."""
    for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))
    crown(add(b"first"))
    registry.admit(add(b"second"), keys["admission"], trust)
    return PolicyJournal(registry, trust)


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["experiment", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def states(journal):
    return [state(policy) for policy in journal.history()]


def test_it_says_how_many_units_it_needs_before_it_starts(journal):
    shown = run(*START, "--dry-run")

    assert "labelled units to see 5 points" in shown
    assert states(journal) == [("v1", None)]


def test_it_gives_the_challenger_its_share_by_one_entry(journal):
    run(*START, "--share", "20")

    assert states(journal) == [("v1", None), ("v1", 0.2)]


def test_one_experiment_at_a_time_and_no_rollout_beside_it(journal):
    run(*START)

    assert "Experiment 1 of v2 is running" in run(*START, exit_code=1)
    beside = CliRunner().invoke(main, ["rollout", "start", "v2"])
    assert beside.exit_code == 1
    assert "picklefleet experiment stop" in beside.output


def test_the_status_tells_where_it_stands(journal):
    run(*START)

    shown = json.loads(run("status", "--json"))
    assert shown["reading"]["result"] == "running"
    assert shown["reading"]["needed"] > 1000
    assert "Experiment 1: v2 at 50% beside v1" in run("status")


def test_a_check_is_kept_in_the_decision_log(journal):
    run(*START)
    run("check")

    (decision,) = json.loads(run("status", "--json"))["decisions"]
    assert (decision["what"], decision["evidence"]["result"]) == ("looked", "running")


def test_a_start_that_was_killed_before_the_policy_is_made_up_by_the_next_check(
    journal, settings, registry, trust, keys
):
    run(*START)
    policies = registry.control.list("policy")
    registry.control.delete(policies[-1])
    assert states(journal) == [("v1", None)]
    run("check")

    assert states(journal) == [("v1", None), ("v1", 0.5)]


@pytest.mark.parametrize(("arguments", "after"), [((), ("v1", None)), (("--promote",), ("v2", None))])
def test_stopping_ends_it_for_everybody(journal, arguments, after):
    run(*START)
    run("stop", "--reason", "seen enough", *arguments)

    assert states(journal)[-1] == after
    shown = run("status")
    assert "seen enough" in shown
    assert "running" not in shown
    assert "undecided: It ended before it had shown anything." in shown
    assert json.loads(run("status", "--json"))["reading"]["result"] == "undecided"
    assert "No experiment is running" in run("stop", exit_code=1)


def test_what_makes_no_sense_is_refused(journal):
    assert "effect" in run("start", "v2", "--effect", "0", "--baseline", "70", exit_code=2)
    assert states(journal) == [("v1", None)]
