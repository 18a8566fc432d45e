import json
import re
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from agent.edge_proxy.configuration import Edge, Listener
from agent.edge_proxy.rendering import CONFIGURATION, REQUEST_ID, render
from agent.edge_proxy.server_state import Intent, commands, intent_of, servers, state_file
from agent.edge_proxy.timeouts import Timeouts
from lifecycle.errors import SettingsError
from lifecycle.settings import Settings
from picklefleet.edge_command import answers

EDGE = Edge(
    [Listener("127.0.0.1:8080")], "127.0.0.1:8081", PurePosixPath("/run/edge"), 8, 1 << 24, Timeouts(10)
)


def configuration(edge=EDGE):
    return render(edge, answers(), PurePosixPath("/etc/edge"))[CONFIGURATION]


def test_every_placeholder_is_filled_and_every_body_is_there():
    files = render(EDGE, answers(), PurePosixPath("/etc/edge"))

    assert "$" not in files[CONFIGURATION]
    named = set(re.findall(r"lf-file /etc/edge/(\S+)", files[CONFIGURATION]))
    assert named == files.keys() - {CONFIGURATION}


@pytest.mark.parametrize("status", answers())
def test_a_body_is_a_problem_that_names_its_request_and_nothing_that_haproxy_would_expand(status):
    body = answers()[status].body

    assert json.loads(body)["request_id"] == REQUEST_ID
    assert json.loads(body)["status"] == status
    assert "%" not in body.replace(REQUEST_ID, "")


def test_a_certificate_means_tls_and_a_balancer_means_its_header_and_nobody_else():
    listeners = [
        Listener(":443", "/etc/ssl/edge.pem"),
        Listener(":8443", "/etc/ssl/edge.pem", ("10.0.0.4", "10.0.1.0/24")),
    ]

    text = configuration(replace(EDGE, listeners=listeners))

    assert "bind :443 id 1 ssl crt /etc/ssl/edge.pem alpn http/1.1\n" in text
    assert "bind :8443 id 2 accept-proxy ssl crt /etc/ssl/edge.pem alpn http/1.1\n" in text
    assert "tcp-request connection reject if { so_id 2 } !{ src 10.0.0.4 10.0.1.0/24 }" in text
    assert "so_id 1" not in text
    assert "ssl-min-ver TLSv1.2" in text


def test_both_lanes_together_give_a_colour_no_more_than_its_web_processes_can_do():
    assert sum(map(int, re.findall(r"server blue .* maxconn (\d+)", configuration()))) == EDGE.places


def test_the_servers_of_the_configuration_are_those_of_the_state_file_by_the_same_numbers():
    text = configuration()
    blocks = re.findall(r"backend (\w+) from \w+\n    id (\d+)\n((?:    .*\n?)+)", text)
    configured = {
        (name, int(number), server, int(server_number))
        for name, number, body in blocks
        for server, server_number in re.findall(r"server (\w+) .*?\bid (\d+)", body)
    }

    kept = {
        (one.backend, one.backend_id, one.server, one.server_id)
        for one in servers(Intent(admitted=True, weights={}))
    }
    assert configured == kept


@pytest.mark.parametrize(
    "intent",
    [
        Intent(admitted=True, weights={"blue": 100}),
        Intent(admitted=False, weights={"blue": 99, "green": 1}, sound=False, live=frozenset({"green"})),
    ],
)
def test_a_state_file_keeps_the_whole_intent(intent):
    kept = intent_of(state_file(intent))

    assert (kept.admitted, kept.sound, kept.live) == (intent.admitted, intent.sound, intent.live)
    assert [kept.weight(c) for c in ("blue", "green")] == [intent.weight(c) for c in ("blue", "green")]


def test_a_torn_state_file_is_no_intent():
    whole = state_file(Intent(admitted=True, weights={}))

    with pytest.raises(ValueError, match="lacks"):
        intent_of(whole[: len(whole) // 2])


def test_commands_say_the_whole_intent():
    said = commands(Intent(admitted=False, weights={"green": 7}))

    assert "disable server admit/me" in said
    assert {"set server predict/green weight 7", "set server large/green weight 7"} <= set(said)
    assert {"set server predict/blue weight 0", "set server large/blue weight 0"} <= set(said)


@pytest.mark.parametrize("weights", [{"blue": 257}, {"blue": -1}, {"red": 1}])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ValueError, match="0 to 256"):
        Intent(admitted=True, weights=weights)


@pytest.mark.parametrize("settings", [{"keepalive_s": 30}, {"request_deadline_s": 260.0}])
def test_times_that_do_not_fit_into_one_another_are_refused(settings):
    with pytest.raises(SettingsError, match="don't fit"):
        Edge.of(replace(Settings(), **settings), [], "", PurePosixPath("/"))
