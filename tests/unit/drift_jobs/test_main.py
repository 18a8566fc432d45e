"""The commands over a real store, each in this process but for the child that judges."""

import json

import pytest
from click.testing import CliRunner

from lifecycle import clock
from picklefleet.__main__ import main
from tests.nights import NIGHT, World


@pytest.fixture
def run(settings, place, monkeypatch):
    for name in ("store", "machine_dir", "keys_dir"):
        monkeypatch.setenv(
            f"PICKLEFLEET_{name.upper()}", str(getattr(settings, name)).removeprefix("file://")
        )
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_an_empty_window_is_a_table_and_no_error(run):
    done = run("drift", "--window", "2013-08-01")

    assert done.exit_code == 0
    assert "v1: n = 0, no-data" in done.output


def test_drift_of_a_window_as_json(run, served):
    served.serve(World(shift=1.5))

    version = json.loads(run("drift", "--window", "2013-08-01..2013-08-02", "--json").stdout)["versions"][0]

    assert (version["rows"], version["severity"]) == (300, "severe")


def test_a_dry_run_writes_nothing(run, place, served):
    served.serve(World(shift=1.5))

    done = run("work", "--once", "2013-08-01", "--dry-run")

    assert "night 2013-08-01: severe" in done.output
    assert place.reports.store.list() == []


@pytest.mark.slow
def test_a_night_by_hand_is_made_once_and_shown_again(run, place, served):
    served.serve(World(shift=1.5))

    first = json.loads(run("work", "--once", "2013-08-01", "--json").stdout)
    served.serve(World())
    again = json.loads(run("work", "--once", "2013-08-01", "--json").stdout)
    shown = json.loads(run("report", "show", "--json").stdout)

    assert first["severity"] == "severe"
    assert first == again == shown == place.reports.find(NIGHT)
    assert [one.night for one in place.queue.requests()] == [NIGHT]


def test_a_report_that_is_not_there_says_how_to_make_it(run):
    done = run("report", "show", "2013-08-01")

    assert done.exit_code == 1
    assert "Reports: none yet. Make one: picklefleet work --once 2013-08-01" in done.output


@pytest.mark.parametrize("text", ["yesterday", "7d", "2013-08-01..", "2013-08-02..2013-08-01"])
def test_a_day_that_is_none_is_a_usage_error(run, text):
    done = run("work", "--once", text)

    assert done.exit_code == 2
    assert "2013-08-01..2013-09-01" in done.output


@pytest.mark.slow
def test_several_nights_by_hand_are_made_in_turn_and_told_in_a_line_each(run, place, served):
    served.serve(World(shift=1.5))

    dry = run("work", "--once", "2013-08-01..2013-08-03", "--dry-run")
    made = run("work", "--once", "2013-08-01..2013-08-03", "--json")

    assert [line[:18] for line in dry.output.splitlines()] == ["2013-08-01  severe", "2013-08-02  severe"]
    reports = [json.loads(line) for line in made.stdout.splitlines()]
    assert (
        [one["night"] for one in reports]
        == ["2013-08-01", "2013-08-02"]
        == list(map(str, place.reports.nights()))
    )


def test_a_night_that_is_not_over_is_not_made(run, place):
    today = f"{clock.now():%Y-%m-%d}"

    done = run("work", "--once", today)

    assert done.exit_code == 1
    assert f"picklefleet work --once {today} --dry-run" in done.output
    assert place.reports.nights() == []
