from pathlib import Path

import pytest
from click.testing import CliRunner

from lifecycle.model_card import ModelCard, keep_card
from release.__main__ import approve
from release.blessed import NotBlessedError, require_blessed


def card(entry, **more):
    given = {
        "champion_digest": "c", "champion_version": "v0", "blessed": False, "reasons": ("It is worse on the newest slice.",),
        "score_distance": None, "disagreement": None, "lineage": {}, "data": {}, "comparison": {}, "made_at": "",
    }  # fmt: skip
    return ModelCard(entry.digest, entry.version, **(given | more))


@pytest.fixture
def run(settings, keys, monkeypatch):
    monkeypatch.setenv("PICKLEFLEET_STORE", str(settings.store))
    monkeypatch.setenv("PICKLEFLEET_KEYS_DIR", str(Path(settings.keys_dir)))
    return lambda *arguments: CliRunner().invoke(approve, arguments)


def test_what_retraining_found_worse_is_approved_only_when_said_so(run, registry, add, keys):
    entry = add()
    keep_card(registry, card(entry), "", keys["registration"])

    refused = run("v1")

    assert isinstance(refused.exception, NotBlessedError)
    assert "It is worse on the newest slice." in str(refused.exception)
    assert "picklefleet approve v1 --anyway" in str(refused.exception)
    assert not registry.is_admitted(entry.digest)
    assert run("v1", "--anyway").exit_code == 0
    assert registry.is_admitted(entry.digest)


def test_what_is_blessed_or_was_never_retrained_needs_no_word_more(run, registry, add, keys):
    blessed = add()
    keep_card(registry, card(blessed, blessed=True, reasons=()), "", keys["registration"])

    assert run("v1").exit_code == 0
    require_blessed(None, "v2")
