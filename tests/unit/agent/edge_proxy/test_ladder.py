"""The ladder of times, read from the files as they are rendered: what is inside ends before what is around it."""

import itertools
import re
import runpy
from pathlib import Path, PurePosixPath

import pytest
import yaml

from agent.edge_proxy.configuration import Edge, Listener
from agent.edge_proxy.rendering import CONFIGURATION, render
from agent.edge_proxy.timeouts import BALANCER_IDLE_S, CONNECTION_S, Timeouts
from lifecycle.settings import Settings
from picklefleet.edge_command import answers

ROOT = Path(__file__).parents[4]
TERMINATE_NOTICE_S = 300
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def proxy():
    """Name → seconds, as HAProxy will read them."""
    edge = Edge.of(Settings(), [Listener("127.0.0.1:8080")], "127.0.0.1:8081", PurePosixPath("/run/edge"))
    text = render(edge, answers(), PurePosixPath("/etc/edge"))[CONFIGURATION]
    times = {name: int(value) for name, value in re.findall(r"^\s+timeout (\S+) (\d+)s$", text, re.MULTILINE)}
    times["hard-stop-after"] = int(re.search(r"hard-stop-after (\d+)s", text)[1])
    times["last request"] = int(re.search(r"sub\(sess.born\) ge (\d+)", text)[1])
    return times


@pytest.fixture(scope="module")
def gunicorn():
    return runpy.run_path(str(ROOT / "webapp" / "gunicorn.conf.py"))


def rising(*steps):
    return all(inner < outer for inner, outer in itertools.pairwise(steps))


def test_a_request_ends_inside_before_it_ends_outside(proxy):
    deadline = Settings().request_deadline_s

    assert rising(proxy["connect"], proxy["queue"], proxy["http-request"], deadline, proxy["server"])
    assert proxy["server"] < proxy["client"]


def test_an_idle_connection_ends_at_the_front_first(proxy, gunicorn):
    assert rising(proxy["http-keep-alive"], gunicorn["keepalive"], BALANCER_IDLE_S)


def test_a_busy_connection_is_gone_within_its_time(proxy):
    assert proxy["last request"] + proxy["http-keep-alive"] + proxy["client"] <= CONNECTION_S


def test_a_stop_leaves_time_for_what_began(proxy, gunicorn):
    drain = Timeouts(int(Settings().request_deadline_s)).drain_s

    assert rising(Settings().request_deadline_s, gunicorn["graceful_timeout"])
    assert drain <= proxy["hard-stop-after"]
    assert drain + gunicorn["graceful_timeout"] < TERMINATE_NOTICE_S


@pytest.mark.parametrize("colour", ["blue", "green"])
def test_docker_waits_longer_than_gunicorn_and_less_than_the_machine_is_given(gunicorn, colour):
    grace = seconds(COMPOSE["services"][colour]["stop_grace_period"])

    assert rising(gunicorn["graceful_timeout"], grace, TERMINATE_NOTICE_S)


def test_docker_lets_the_edge_finish_what_it_has(proxy):
    assert rising(proxy["hard-stop-after"], seconds(COMPOSE["services"]["edge"]["stop_grace_period"]))


def seconds(text):
    return int(text.removesuffix("s"))
