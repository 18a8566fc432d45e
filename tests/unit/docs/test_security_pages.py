"""The claims of docs/security: each points at a test or an experiment that exists, and what points at none is open."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests import builders
from tests.serving import client_for

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs" / "security").glob("*.md"))
CLAIMS = ("threat-model.md", "asvs.md")
POINTER = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
EXPERIMENT = re.compile(r"`make prove NAME=([\w-]+)`")


def rows(text):
    """The claims of a page: what, state, shown by."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return [row for row in cells if row[0] not in {"control", "requirement", "---"}]


def dangling(text):
    """What a page points at and is not there."""
    tests = [f"{path}::{name}" for path, name in POINTER.findall(text) if not _is_there(path, name)]
    return tests + [name for name in EXPERIMENT.findall(text) if name not in _experiments()]


def unfounded(text):
    """Claims that hold by nothing, and states that are none."""
    return [
        row[0]
        for row in rows(text)
        if row[1] not in {"holds", "open"} or (row[1] == "holds") != bool(POINTER.search(row[2]))
    ]


@cache
def _names(path):
    file = ROOT / path
    if not file.exists():
        return None
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}


def _is_there(path, name):
    names = _names(path)
    return names is not None and (not name or name in names)


@cache
def _experiments():
    return set(
        re.findall(
            r'^    "([\w-]+)": \(', (ROOT / "tests" / "prove" / "__main__.py").read_text(), re.MULTILINE
        )
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_pointer_leads_somewhere(page):
    assert dangling(page.read_text()) == []


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_that_holds_is_shown_by_a_test(name):
    text = (ROOT / "docs" / "security" / name).read_text()

    assert len(rows(text)) > 30
    assert unfounded(text) == []


def test_pointers_to_nothing_and_claims_without_one_are_found():
    page = (
        "| a | holds | `tests/unit/docs/test_security_pages.py::test_that_is_not_there` |\n| b | holds | |\n"
        "| c | fine | |\n| d | open | |\n| e | holds | `tests/nowhere.py` and `make prove NAME=nothing` |\n"
    )

    assert dangling(page) == [
        "tests/unit/docs/test_security_pages.py::test_that_is_not_there", "tests/nowhere.py::", "nothing",
    ]  # fmt: skip
    assert unfounded(page) == ["b", "c"]


def test_every_threat_of_the_model_is_there():
    text = (ROOT / "docs" / "security" / "threat-model.md").read_text()

    assert re.findall(r"^## T(\d+)\.", text, re.MULTILINE) == [str(number) for number in range(1, 19)]


def test_gunicorn_has_no_control_socket():
    text = (ROOT / "webapp" / "gunicorn.conf.py").read_text()
    (value,) = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "control_socket_disable"
    ]

    assert ast.literal_eval(value) is True


def test_no_route_takes_trace():
    application = client_for(builders.classifier()).application
    client = application.test_client()

    assert not [rule.rule for rule in application.url_map.iter_rules() if "TRACE" in (rule.methods or ())]
    assert client.open("/api/v1/models", method="TRACE").status_code == 405
