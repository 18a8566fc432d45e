"""What the command shows, in words and in JSON, of a small log in a real store."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from agent.shipper import Shipper
from lifecycle import clock
from lifecycle.adapters.opening import open_records
from lifecycle.installation_keys import RECORDS, create_key
from lifecycle.model import OutputAnswer
from lifecycle.prediction_log.recording import recorder_for
from lifecycle.prediction_log.records import Feedback, PredictionRecord
from lifecycle.signature import Feature, Output, Signature
from picklefleet.__main__ import main
from tests.record_builders import new_id

SIGNATURE = Signature((Feature("x0", "number", "float64"),), (Output("y", "regression"),), named=False)
VALUES, TRUTHS = [1.0, 2.0, 3.0, 4.0], [1.0, 2.5, 2.0]
HOUR = 3_600_000


@pytest.fixture
def registered(add, settings, monkeypatch):
    """A regression model in the registry; its version."""
    create_key(RECORDS, settings.keys_dir)
    for name in ("STORE", "MACHINE_DIR", "KEYS_DIR"):
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(getattr(settings, name.lower())))
    return add().version


@pytest.fixture
def predicted(registered, settings):
    """Record and ship four predictions, of which three are told, this long ago."""

    def run(version=registered, age_ms=0, ship=True):
        base, at_ms = new_id(len(VALUES)), clock.unix_ms() - age_ms
        writing = recorder_for(settings)
        writing.prediction(
            SIGNATURE,
            PredictionRecord(
                base_id=base,
                request_id="r",
                at_ms=at_ms,
                version=version,
                columns={"x0": VALUES},
                answers=[OutputAnswer(values=VALUES)],
                rows=len(VALUES),
            ),
        )
        ids = [f"{base}-{row}" for row in range(len(TRUTHS))]
        told = {"prediction_ids": ids, "actuals": TRUTHS, "observed_ms": [None] * len(ids)}
        writing.feedback(Feedback(received_ms=at_ms + 90_000, **told))
        writing.close()
        if ship:
            Shipper(open_records(settings), settings.machine_dir / "spool").ship()

    return run


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["performance", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_it_tells_coverage_lag_and_each_figure_with_its_interval(predicted):
    predicted()

    shown = run()

    assert "Predictions: 4; with a true value: 3 (75.0%)." in shown
    assert "v1: 3 of 4 labelled (75.0%); half of them within 90 s, 95 % within 90 s" in shown
    assert "mean absolute error              0.5" in shown
    assert "too few rows for an interval" in shown


def test_json_holds_the_same_without_what_json_can_not_hold(predicted):
    predicted()

    document = json.loads(run("--json"))

    (one,) = document["measured"]
    assert one["figures"]["mae"]["value"] == 0.5
    assert one["labels"] == {
        "rows": 4,
        "labelled": 3,
        "median_lag_s": 90.0,
        "p95_lag_s": 90.0,
        "coverage": 0.75,
    }
    assert document["coverage"]["served"] == 4
    assert "NaN" not in json.dumps(document)


def test_segments_stand_below_their_version_in_their_order(predicted):
    predicted()

    lines = run("--segment", "x0").splitlines()

    begin = next(index for index, line in enumerate(lines) if "mean absolute error by x0" in line)
    titles = [line.strip().split("  ")[0] for line in lines[begin + 1 :]]
    assert titles == ["up to 1.6", "1.6 to 2.2", "2.8 to 3.4", "above 3.4"]


def test_hours_apart_are_drawn_over_time(predicted):
    predicted()
    predicted(age_ms=5 * HOUR)

    shown = run("--last", "24h")

    assert "mean absolute error over time, with 95 % intervals" in shown
    assert shown.count("●") == 2


def test_what_waits_on_this_machine_is_told(predicted):
    predicted(ship=False)

    assert "2 spools of this machine are not in the store yet: look again in up to 120 s." in run()


def test_a_version_that_the_registry_does_not_know_is_told(predicted):
    predicted(version="v9")

    assert "v9 is in no registry here: nothing is said of its 4 rows." in run()


def test_an_empty_window_is_an_answer(registered):
    assert "Predictions: 0; with a true value: 0." in run("--last", "2013-01-01")


@pytest.mark.parametrize(("arguments", "words"), [(("--last", "soon"), "no window of time")])
def test_a_mistake_is_one_line_with_the_way_out(registered, arguments, words):
    assert words in run(*arguments, exit_code=1)


def test_what_was_lost_is_shown_beside_what_is_there(predicted, settings):
    predicted()
    full = replace(settings, spool_budget_bytes=0)
    writing = recorder_for(full)
    values = {"prediction_ids": ["a-0", "b-0"], "actuals": [1.0, 2.0], "observed_ms": [None, None]}
    assert not writing.feedback(Feedback(received_ms=clock.unix_ms(), **values))
    writing.close()
    Shipper(open_records(settings), settings.machine_dir / "spool").ship()

    assert "True values that could not be kept since then: 2 (budget 2)." in run()
    assert json.loads(run("--json"))["coverage"]["feedback_dropped"] == {"budget": 2}
