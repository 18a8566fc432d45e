"""Real sockets on loopback: what containers send arrives at the server, and nothing else does."""

import socket
import threading
from contextlib import contextmanager

import pytest

from agent import metrics_relay
from agent.metrics_relay import MetricsRelay


def bound():
    """A UDP socket with an address of its own, and that address."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.settimeout(0.1)
    return opened, opened.getsockname()


def free_address():
    opened, address = bound()
    opened.close()
    return address


@contextmanager
def relaying(listen, server):
    stop = threading.Event()
    running = threading.Thread(target=MetricsRelay(listen, server).run, args=(stop,))
    running.start()
    yield
    stop.set()
    running.join(10)
    assert not running.is_alive()


@pytest.fixture
def server():
    opened, address = bound()
    with opened:
        yield opened, address


def arrives(server, listen, packet):
    """UDP waits for nobody: sent until something comes out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as container:
        for _ in range(100):
            container.sendto(packet, listen)
            try:
                return server.recv(65536)
            except TimeoutError:
                continue
    raise AssertionError("nothing came")


def test_what_a_container_sends_arrives_but_only_series_of_ours(server):
    opened, address = server
    listen = free_address()
    with relaying(listen, address):
        packet = b"picklefleet.requests:1|c\ncarbon.agents:5|g\npicklefleet.memory:7|g"

        assert arrives(opened, listen, packet) == b"picklefleet.requests:1|c\npicklefleet.memory:7|g"


def test_an_address_that_comes_late_is_found(server, monkeypatch):
    monkeypatch.setattr(metrics_relay, "PAUSE_S", 0.05)
    opened, address = server
    holder, listen = bound()
    with relaying(listen, address):
        holder.close()

        assert arrives(opened, listen, b"picklefleet.up:1|g") == b"picklefleet.up:1|g"


def test_what_containers_send_is_also_taken_here_with_or_without_a_server(server):
    _, address = server
    for to in (address, None):
        listen, taken = free_address(), []
        stop = threading.Event()
        running = threading.Thread(target=MetricsRelay(listen, to, taken.append).run, args=(stop,))
        running.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as container:
            for _ in range(100):
                container.sendto(b"picklefleet.rows:3|c\nothers.rows:1|c", listen)
                if stop.wait(0.05) or taken:
                    break
        stop.set()
        running.join(10)

        assert taken[0] == b"picklefleet.rows:3|c"


def test_traces_are_taken_here_and_no_server_sees_them(server):
    opened, address = server
    listen, taken = free_address(), []
    stop = threading.Event()
    running = threading.Thread(target=MetricsRelay(listen, address, taken.append).run, args=(stop,))
    running.start()
    packet = b'picklefleet.rows:3|c\npicklefleet.trace:{"a":1}'

    assert arrives(opened, listen, packet) == b"picklefleet.rows:3|c"
    stop.set()
    running.join(10)
    assert taken[0] == packet
