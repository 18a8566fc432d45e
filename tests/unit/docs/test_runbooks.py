"""Each runbook has the same five parts, shows commands that exist, and a drill that does."""

import re
from pathlib import Path

import click
import pytest

from picklefleet.__main__ import main
from tests.unit.docs.test_security_pages import dangling

FOLDER = Path(__file__).parents[3] / "docs" / "runbooks"
RUNBOOKS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ("**Symptom.**", "**Look**", "**Do**", "**Done when**", "**Drill:**")
COMMAND = re.compile(r"picklefleet ((?:[a-z]+ ?){1,2})")


def unknown_commands(text):
    return [shown for shown in COMMAND.findall(text) if not _exists(shown.split())]


def _exists(words):
    command = main
    for word in words:
        if not isinstance(command, click.Group):
            return True  # what follows is an argument
        command = command.get_command(click.Context(command), word)
        if command is None:
            return False
    return True


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_is_whole_and_its_drill_exists(page):
    text = page.read_text()
    drill = text.split("**Drill:**")[1]

    assert [part for part in PARTS if part not in text] == []
    assert re.findall(r"`tests/[\w/]+\.py", drill)
    assert dangling(text) == []


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_shows_commands_that_exist(page):
    assert unknown_commands(page.read_text()) == []


def test_the_list_names_every_runbook():
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (FOLDER / "README.md").read_text())

    assert sorted(listed) == [page.name for page in RUNBOOKS]


def test_a_command_that_does_not_exist_is_found():
    assert unknown_commands("`picklefleet release undo`") == ["release undo"]
    assert unknown_commands("`picklefleet release status`, then `picklefleet approve v2`") == []
