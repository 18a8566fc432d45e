"""One command serves; a crash is survived; a stop is clean; the printed line works."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


@pytest.fixture
def iris():
    frame, truth = load_iris(return_X_y=True, as_frame=True)
    return LogisticRegression(max_iter=500).fit(frame, truth), frame


@pytest.fixture
def service(installation, hand_over, iris):
    return installation.start("up", hand_over(iris[0]))


def printed_curl(service):
    begun = time.monotonic()
    while time.monotonic() - begun < 10:
        for line in service.log.read_text().splitlines():
            if line.startswith("curl "):
                return line
        time.sleep(0.05)
    raise AssertionError(f"No curl line in:\n{service.log.read_text()}")


def within(limit_s, holds):
    begun = time.monotonic()
    while time.monotonic() - begun < limit_s:
        if holds():
            return True
        time.sleep(0.05)
    return False


def answers(service, rows):
    """A worker of the crashed master may still answer readiness, and end, before the new one takes its port."""
    try:
        return service.predict(rows)[0] == 200
    except OSError:
        return False


def children(service):
    """The pids of the agent and of Gunicorn's master, from the log."""
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    return {line["child"]: line["pid"] for line in lines if line["event"] == "child_started"}


def test_the_printed_curl_line_answers_what_the_estimator_answers(service, iris):
    command = printed_curl(service)
    done = subprocess.run(command, shell=True, capture_output=True, check=True, timeout=30)  # noqa: S602 - as a user does
    answer = json.loads(done.stdout)

    instances = json.loads(command.split(" -d ")[1].strip("'"))["instances"]
    expected = iris[0].predict_proba(iris[1].iloc[:0].reindex([0]).assign(**instances[0])).tolist()
    assert [list(row["probabilities"].values()) for row in answer["predictions"]] == expected


def test_the_documentation_page_is_printed_and_there(service):
    printed_curl(service)

    assert f"{service.base}/docs" in service.log.read_text()
    assert service.status("/docs") == 200


def test_a_stop_is_clean_and_leaves_no_process(service):
    pids = children(service)

    assert service.stop() == 0
    for pid in pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("name", ["web", "agent"])
def test_a_crashed_child_is_reported_and_comes_back(service, iris, name):
    before = children(service)[name]
    os.kill(before, signal.SIGKILL)

    def back():
        return children(service)[name] != before and service.status("/readyz") == 200 and not alive(before)

    assert within(30, back)
    assert '"child_ended"' in service.log.read_text()
    assert within(20, lambda: answers(service, iris[1].iloc[:1].to_dict("records")))


def test_a_supervisor_that_is_killed_leaves_no_process_behind(service):
    pids = children(service)
    service.process.kill()
    service.process.wait()

    begun = time.monotonic()
    while any(alive(pid) for pid in pids.values()) and time.monotonic() - begun < 40:
        time.sleep(0.1)

    assert not any(alive(pid) for pid in pids.values())


def test_the_second_start_registers_nothing_again(installation, hand_over, iris):
    path = hand_over(iris[0])
    installation.start("up", path).stop()

    again = installation.start("up", path)

    assert "Registering" not in again.log.read_text()
    assert len(json.loads(installation.run("versions", "--json").stdout)) == 1


def test_it_starts_and_serves_with_the_store_gone(installation, hand_over, iris):
    installation.start("up", hand_over(iris[0])).stop()
    (installation.folder / "store").rename(installation.folder / "moved")
    (installation.folder / "store").write_text("a file where the store's folder was")

    service = installation.start("serve")

    assert service.predict(iris[1].iloc[:1].to_dict("records"))[0] == 200
    assert '"sync_failed"' in service.log.read_text()


def test_it_waits_unready_for_a_champion_and_then_serves(installation, hand_over, iris):
    installation.run("trust", "init")
    installation.run("register", hand_over(iris[0]), "--name", "iris")
    installation.run("approve", "v1")
    service_started = time.monotonic()
    installation.run("promote", "v1", "--reason", "first")

    service = installation.start("serve")

    assert service.predict(iris[1].iloc[:1].to_dict("records"))[0] == 200
    assert time.monotonic() - service_started < 60


def test_a_version_that_was_not_approved_is_not_promoted(installation, hand_over, iris):
    installation.run("trust", "init")
    installation.run("register", hand_over(iris[0]), "--name", "iris")

    refused = installation.run("promote", "v1", check=False)

    assert refused.returncode == 4
    assert "picklefleet approve v1" in refused.stderr


def test_a_bundle_changed_in_the_cache_is_never_loaded(installation, hand_over, iris):
    installation.start("up", hand_over(iris[0])).stop()
    (artifact,) = (installation.folder / "machine" / "cache" / "bundles").glob("*/model.pkl")
    data = bytearray(artifact.read_bytes())
    data[len(data) // 2] ^= 1
    artifact.write_bytes(bytes(data))

    with pytest.raises(AssertionError, match="is not the file that was registered"):
        installation.start("serve", patience_s=30)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
