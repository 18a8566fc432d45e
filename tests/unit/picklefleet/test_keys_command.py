"""Keys as an operator makes, sees, rotates and revokes them; and the way of a change to the web process."""

import json

import pytest
from click.testing import CliRunner

from agent.keys_sync import sync_keys
from lifecycle.key_journal import KeyJournal
from lifecycle.machine import MachineDirectory
from lifecycle.signing import create_signing_key
from picklefleet.__main__ import main
from release.keys import revoke as revoke_trust
from tests import builders
from tests.serving import client_for
from webapp.authentication import Gate, KeyFile


@pytest.fixture
def run(settings, keys, monkeypatch):
    """The real command on a store of its own; its output, and its JSON where that was asked for."""
    for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))

    def invoke(*arguments, exit_code=0):
        result = CliRunner().invoke(main, ["keys", *arguments])
        assert result.exit_code == exit_code, result.output
        return json.loads(result.output) if "--json" in arguments and not exit_code else result.output

    return invoke


@pytest.fixture
def create(run):
    def make(owner="shop", *more):
        return run("create", "--owner", owner, "--scope", "predict", *more, "--json")

    return make


def test_a_key_is_shown_once_and_never_again(run, settings):
    shown = run("create", "--owner", "shop", "--scope", "predict", "--scope", "feedback")
    text = next(line.strip() for line in shown.splitlines() if line.startswith("  pf_"))

    assert "shown this once" in shown
    assert "of shop (default) for predict, feedback, until" in shown
    secret = text.split("_")[2]
    kept = [path for path in settings.keys_dir.parent.rglob("*") if path.is_file()]
    assert kept
    assert not any(secret.encode() in path.read_bytes() for path in kept)
    assert secret not in run("list") + json.dumps(run("list", "--json"))


def test_without_keys_the_list_tells_how_to_make_one(run):
    assert "keys create --owner NAME" in run("list")
    assert run("list", "--json") == []


def test_the_list_tells_whose_for_what_and_whether_it_lives(run, create):
    create("shop")
    ended = create("app", "--label", "batch", "--expires", "never")
    run("revoke", ended["key_id"])

    rows = run("list", "--json")

    assert [(row["owner"], row["label"], row["scopes"], row["state"]) for row in rows] == [
        ("shop", "default", ["predict"], "live"),
        ("app", "batch", ["predict"], "revoked"),
    ]
    assert all("digest" not in row for row in rows)
    lines = run("list").splitlines()
    assert "live" in lines[0]
    assert "until" in lines[0]
    assert "revoked" in lines[1]
    assert lines[1].endswith("for ever")


def test_a_third_live_key_is_refused_with_the_way_out(run, create):
    first, _ = create(), create()

    message = run("create", "--owner", "shop", "--scope", "read", exit_code=1)

    assert f"picklefleet keys revoke {first['key_id']}" in message


def test_rotation_keeps_owner_label_and_scopes_and_lets_the_old_key_work_on(run, create):
    old = create("shop", "--label", "batch", "--expires", "never")

    new = run("rotate", old["key_id"], "--overlap", "12h", "--json")

    assert new["key"] != old["key"]
    assert (new["owner"], new["label"], new["scopes"]) == ("shop", "batch", ["predict"])
    rows = {row["key_id"]: row for row in run("list", "--json")}
    assert [row["state"] for row in rows.values()] == ["live", "live"]
    assert rows[old["key_id"]]["expires_at"] is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "--owner", "shop"],
        ["create", "--scope", "predict"],
        ["create", "--owner", "shop", "--scope", "everything"],
        ["create", "--owner", "shop", "--scope", "read", "--expires", "soon"],
        ["rotate", "x", "--overlap", "never"],
    ],
)
def test_a_command_that_is_not_complete_changes_nothing(run, arguments):
    run(*arguments, exit_code=2)

    assert run("list", "--json") == []


def test_an_unknown_key_and_an_owner_that_is_no_name_are_told_in_one_line(run):
    assert "There is no key 'abc'" in run("revoke", "abc", exit_code=1)
    assert "The owner can't be named so" in run("create", "--owner", "a b", "--scope", "read", exit_code=1)


def test_after_the_admission_key_was_revoked_the_set_is_looked_through_and_signed_anew(
    run, create, keys, settings
):
    """Without this, revoking a signing key would leave no way to make or revoke an API key."""
    made = create()
    create_signing_key("admission", settings.keys_dir)
    revoke_trust(settings.keys_dir, keys["admission"].trusted.key_id)
    assert "picklefleet keys sign" in run("create", "--owner", "x", "--scope", "read", exit_code=4)

    shown = run("sign", "--yes")

    assert made["key_id"] in shown
    assert [row["key_id"] for row in run("list", "--json")] == [made["key_id"]]


def test_signing_anew_asks_first(run, create, registry):
    create()

    assert "Aborted" in run("sign", exit_code=1)
    assert registry.control.list("api-keys") == ["api-keys/000001.json"]


def test_without_keys_there_is_nothing_to_sign(run):
    assert "no API keys to sign" in run("sign")


def test_the_drill_a_revoked_key_is_refused_by_the_web_after_one_round_of_the_agent(
    run, create, registry, trust, settings
):
    """Journal → agent → file → web process; meanwhile the other key of the same owner works on."""
    machine = MachineDirectory(settings.machine_dir)
    now = [0.0]
    gate = Gate(KeyFile(machine.api_keys, monotonic=lambda: now[0]))
    client = client_for(builders.classifier(), gate=gate)
    leaked, kept = create(), create()

    def status(key):
        now[0] += 1.1
        body = {"instances": [builders.classifier().rows[0]]}
        return client.post("/api/v1/predict", json=body, headers={"X-Api-Key": key["key"]}).status_code

    def agent_round():
        sync_keys(KeyJournal(registry.control, trust), machine)

    assert status(leaked) == 503  # the agent has brought nothing yet
    agent_round()
    assert (status(leaked), status(kept)) == (200, 200)

    run("revoke", leaked["key_id"])
    assert status(leaked) == 200
    agent_round()
    assert (status(leaked), status(kept)) == (401, 200)
