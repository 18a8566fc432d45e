"""What the pages say exists: links lead somewhere, commands and make targets are real."""

import re
import subprocess
from pathlib import Path

import pytest

from picklefleet.__main__ import COMMANDS

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md"), *ROOT.glob("runtimes/*.md")}
)
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
MAKE = re.compile(r"`make ([a-z0-9-]+)|^\$ make ([a-z0-9-]+)", re.MULTILINE)
COMMAND = re.compile(r"(?:\$ (?:\.venv/bin/)?|`|&& )picklefleet ([a-z]+)")


def targets():
    return set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    broken = [link for link, _ in LINK.findall(page.read_text()) if not (page.parent / link).exists()]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_and_command_named_exists(page):
    text = page.read_text()
    named = {first or second for first, second in MAKE.findall(text)}

    assert named - targets() == set()
    assert set(COMMAND.findall(text)) - set(COMMANDS) == set()


def test_bare_make_lists_every_target():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {line.split()[1] for line in listed.splitlines() if line.startswith("  make ")} == targets()


def test_the_readme_starts_with_the_two_commands():
    head = "\n".join((ROOT / "README.md").read_text().splitlines()[:12])

    assert head.index("make run") < head.index("make test")
