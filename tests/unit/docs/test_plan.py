"""The plan's claims carry pointers, and each leads to what it names: a file, and in it the words in quotation marks."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "docs" / "plan"
PAGES = sorted([*PLAN.glob("*.md"), ROOT / "docs" / "azure-assumptions.md"])
POINTER = re.compile(r'\[[^\]]+\]\((?!https?://)(?P<file>[^)#\s]+)(?: "(?P<words>[^"]+)")?\)')


def dangling(page, text):
    for found in POINTER.finditer(text):
        target = page.parent / found["file"]
        if not target.is_file():
            yield f"{found['file']} is not there"
        elif found["words"] and found["words"] not in target.read_text():
            yield f"{found['file']} does not say {found['words']!r}"


def claims(text):
    """What stands in a list, or in a table's row of the plan's front page."""
    return [line for line in text.splitlines() if re.match(r"(- |\d+\. )", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_pointer_leads_to_what_it_names(page):
    assert list(dangling(page, page.read_text())) == []


@pytest.mark.parametrize("page", sorted(PLAN.glob("*.md")), ids=lambda page: page.name)
def test_every_claim_has_a_pointer(page):
    bare = [
        claim
        for claim in claims(page.read_text())
        if not POINTER.search(claim) and page.name != "capacity.md"
    ]

    assert bare == []


def test_a_dangling_pointer_is_caught(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "code.py").write_text("def there(): ...")
    found = list(dangling(page, '[a](gone.py) [b](code.py "def gone") [c](code.py "def there")'))

    assert found == ["gone.py is not there", "code.py does not say 'def gone'"]


@pytest.fixture(scope="module")
def capacity():
    specification = importlib.util.spec_from_file_location("plan_capacity", PLAN / "capacity.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_worked_example_is_what_its_script_says(capacity):
    assert (PLAN / "capacity.md").read_text() == capacity.markdown(), "make docs"


def test_machines_are_counted_by_terraforms_own_rule(capacity):
    """As its tests have it: 1,000 requests a second on machines of 2,000 are one machine in each zone."""
    inputs = capacity.Inputs({}, {}, 1000)

    assert inputs.machines(2000) == 3
    assert capacity.Inputs({}, {}, 4000).machines(2000) == 6


def test_what_is_measured_is_what_the_benchmarks_page_says(capacity):
    measured = capacity.read().measured
    page = (ROOT / measured["page"]).read_text()

    for name in ("service_cpu_ms", "fastapi_cpu_ms", "night_fetch_seconds", "night_seconds"):
        assert str(measured[name]) in page
    assert f"{measured['night_memory_mb']:,} MB" in page


def test_more_money_for_a_machine_costs_more_and_a_busier_peak_takes_more_machines(capacity):
    inputs = capacity.read()
    dearer = capacity.Inputs(
        inputs.measured, inputs.prices | {"machine_hour": {capacity.SKU: 1.0}}, inputs.peak
    )
    busier = capacity.Inputs(inputs.measured, inputs.prices, 10 * inputs.peak)

    assert sum(capacity.cost(dearer, 6).values()) > sum(capacity.cost(inputs, 6).values())
    assert busier.machines(busier.machine_limit()) > 6


def test_each_step_of_growth_bears_more_than_the_one_before(capacity):
    bears = [min(step.values()) for _, step in capacity.growth(capacity.read())]

    assert bears == sorted(bears)
