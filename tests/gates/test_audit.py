"""`make audit` as the pipelines run it, against a service of known weaknesses that is told what to know."""

import json
import subprocess
from contextlib import contextmanager

import pytest

from tests.gates.tools import BIN, ROOT
from tests.json_service import JsonHandler, JsonServer, serving

LOCK = "extras/dask.txt"
ADVISORY = {
    "id": "PYSEC-0000-1", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "summary": "planted",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "{}"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}],
}  # fmt: skip


@contextmanager
def advisories(known=(), status=200):
    """Answers as OSV does; `known` are the packages that it knows a weakness of. The address, and what was asked."""
    asked = []

    class Answering(JsonHandler):
        def post(self):
            name = json.loads(self.told())["package"]["name"]
            asked.append(name)
            found = [json.loads(json.dumps(ADVISORY).replace("{}", name))] if name in known else []
            self.answer(status, {"vulns": found} if found else {})

    with serving(JsonServer(Answering)) as server:
        yield f"{server.url}/v1/query", asked


def audit(address, lock=LOCK):
    if not (BIN / "pip-audit").exists():
        pytest.skip("pip-audit is not installed: make checks")
    return subprocess.run(
        ["make", "--no-print-directory", "audit", f"AUDITED={lock}", f"CHECKS_BIN={BIN}", f"AUDIT_FLAGS=-s osv --osv-url {address}"],
        cwd=ROOT, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


def locked():
    lines = (ROOT / LOCK).read_text().splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line]


def test_without_a_known_weakness_every_locked_package_was_asked_about():
    with advisories() as (address, asked):
        done = audit(address)

    assert done.returncode == 0, done.stderr
    assert {name.lower() for name in asked} == {name.lower() for name in locked()}


def test_a_known_weakness_is_red_and_named():
    planted = locked()[0]
    with advisories({planted}) as (address, _):
        done = audit(address)

    assert done.returncode != 0
    assert planted in done.stdout
    assert "PYSEC-0000-1" in done.stdout


def test_a_service_that_can_not_answer_is_red():
    with advisories(status=503) as (address, _):
        assert audit(address).returncode != 0


def test_a_package_without_its_hash_is_red(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "\n".join(line.split(" \\")[0] for line in (ROOT / LOCK).read_text().splitlines() if "==" in line)
    )
    with advisories() as (address, _):
        assert audit(address, lock).returncode != 0


@pytest.mark.parametrize("workflow", ["test.yml", "refresh.yml"])
def test_the_pipelines_run_the_audit_and_the_scan_for_secrets(workflow):
    text = (ROOT / ".github" / "workflows" / workflow).read_text()

    assert "run: make audit" in text
    assert workflow != "test.yml" or "run: make checks" in text
