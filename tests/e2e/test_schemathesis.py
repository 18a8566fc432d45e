"""Generated requests against the served OpenAPI document: no server error, no undocumented answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
FLIGHTS = Path(__file__).parents[2] / "var" / "samples" / "flights"


@pytest.fixture
def flights(installation):
    if not (FLIGHTS / "flights.pkl").exists():
        pytest.skip("no flights sample: make var/samples/flights/flights.pkl")
    sample = FLIGHTS / "flights-sample.csv"
    return installation.start("up", FLIGHTS / "flights.pkl", "--sample", sample, "--name", "flights")


@pytest.mark.timeout(1800)
def test_every_phase_finds_only_documented_answers(flights, pytestconfig, tmp_path):
    wanted = pytestconfig.getoption("--cases")
    document = flights.get("/api/v1/openapi.json")[1]
    operations = sum(len(methods) for methods in document["paths"].values())
    report = tmp_path / "report.ndjson"

    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "run", f"{flights.base}/api/v1/openapi.json"),
            *(
                "--phases",
                "examples,coverage,fuzzing,stateful",
                "--max-examples",
                str(wanted // operations + 1),
            ),
            *("--workers", "2", "--continue-on-failure", "--generation-database", "none", "--no-color"),
            *("--report", "ndjson", "--report-ndjson-path", report, "--output-truncate", "false"),
        ],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1700,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS)},
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert answered(report) >= wanted
    assert flights.status("/readyz") == 200


def answered(report):
    """How many generated requests were answered."""
    lines = map(json.loads, report.read_text().splitlines())
    return sum(len(scenario_answers(line)) for line in lines)


def scenario_answers(line):
    finished = line.get("ScenarioFinished", {})
    return finished.get("recorder", {}).get("interactions", {})
