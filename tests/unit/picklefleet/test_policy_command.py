"""Who answers whom, by hand: each change one entry, shown before it is made, and one step back."""

import json

import pytest
from click.testing import CliRunner

from lifecycle.policy_journal import PolicyJournal
from picklefleet.__main__ import main


@pytest.fixture
def run(settings, monkeypatch):
    for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))

    def invoke(*arguments, exit_code=0):
        result = CliRunner().invoke(main, list(arguments))
        assert result.exit_code == exit_code, result.output
        return result.output

    return invoke


@pytest.fixture
def versions(add, crown, registry, keys, trust):
    """v1 is champion, v2 and v3 are approved, v4 is not."""
    crown(add(b"one"))
    for content in (b"two", b"three"):
        registry.admit(add(content), keys["admission"], trust)
    add(b"four")


@pytest.fixture
def newest(registry, trust):
    return PolicyJournal(registry, trust).newest


def test_without_a_policy_the_way_to_one_is_told(run, settings, keys):
    assert "picklefleet promote v1" in run("policy", "show", exit_code=1)
    assert "no earlier policy" in run("rollback", exit_code=1)


def test_a_share_is_one_entry_and_is_shown(run, versions, newest):
    out = run("policy", "set", "v2", "--share", "0.05", "--reason", "try it")

    assert (newest().number, newest().arms[0].share, newest().reason) == (2, 0.05, "try it")
    assert "95.0000%  champion" in out
    assert "5.0000%  challenger" in out
    assert run("policy", "show") == out


def test_a_dry_run_checks_and_shows_but_writes_nothing(run, versions, newest):
    told = json.loads(run("policy", "set", "v2", "--share", "0.05", "--dry-run", "--json"))

    assert (told["arms"][0]["version"], told["arms"][0]["share"], told["champion_share"]) == (
        "v2",
        0.05,
        0.95,
    )
    assert "has not been approved" in run("policy", "set", "v4", "--shadow", "--dry-run", exit_code=4)
    assert newest().number == 1


def test_a_shadow_and_its_end(run, versions, newest):
    run("policy", "set", "v2", "--shadow")
    assert [shadow.version for shadow in newest().shadows] == ["v2"]

    run("policy", "set", "v2", "--end")
    assert (newest().number, newest().shadows) == (3, ())


@pytest.mark.parametrize("given", [[], ["--share", "0.1", "--shadow"], ["--shadow", "--end"]])
def test_one_thing_at_a_time(run, versions, given):
    assert "one of" in run("policy", "set", "v2", *given, exit_code=2)


def test_rollback_goes_one_entry_back_and_then_one_more(run, versions, newest):
    run("policy", "set", "v2", "--share", "0.05")
    run("promote", "v2")

    assert json.loads(run("rollback", "--dry-run", "--json"))["champion"]["version"] == "v1"
    assert newest().number == 3
    once = run("rollback", "--reason", "worse")
    assert "as 2 was" in once
    assert "picklefleet promote v2" in once
    assert "already" not in once
    assert (newest().champion.version, newest().arms) == ("v1", ())

    assert "would lead one entry further back" in run("rollback", "--dry-run")
    assert "Policy 4 was a rollback already" in run("rollback")
    assert (newest().number, newest().restores, newest().arms) == (5, 1, ())


def test_the_histories_tell_every_policy_and_every_champion(run, versions):
    run("policy", "set", "v2", "--share", "0.05")
    run("promote", "v2", "--reason", "better")

    assert "v1 95%, v2 5%" in run("policy", "history")
    assert [entry["number"] for entry in json.loads(run("policy", "history", "--json"))] == [1, 2, 3]
    champions = json.loads(run("history", "--json"))
    assert [(row["version"], row["reason"]) for row in champions] == [("v1", ""), ("v2", "better")]
    assert "better" in run("history")


def test_where_no_shadow_was_asked_the_way_to_one_is_told(run, versions):
    assert "picklefleet policy set v2 --shadow" in run("policy", "compare", "v2")
