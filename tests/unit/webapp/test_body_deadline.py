"""A body that dribbles in is ended at its deadline, on real sockets."""

import io
import socket
import time

import pytest
from werkzeug.exceptions import ClientDisconnected

from webapp.body import read_body
from webapp.body_deadline import BodyDeadlines
from webapp.problems import ProblemError
from webapp.service import Limits

LIMITS = Limits(max_body_bytes=1000, max_rows=10, max_depth=8, request_deadline_s=0.5)


@pytest.fixture
def pair():
    server, client = socket.socketpair()
    yield server, client
    server.close()
    client.close()


class WholePieces(io.RawIOBase):
    """Reads from a socket as Gunicorn does: a read returns when its piece is whole, or at the end."""

    def __init__(self, connection):
        self._connection = connection

    def read(self, size=-1):
        gathered = b""
        while len(gathered) < size and (more := self._connection.recv(size - len(gathered))):
            gathered += more
        return gathered


def test_a_client_that_never_sends_is_answered_408_at_the_deadline(pair):
    began = time.monotonic()

    with pytest.raises(ProblemError) as refused:
        read_body(WholePieces(pair[0]), 100, LIMITS, pair[0])

    assert refused.value.kind.status == 408
    assert time.monotonic() - began < 5


def test_a_client_that_sent_half_is_answered_408_at_the_deadline(pair):
    pair[1].sendall(b"half")

    with pytest.raises(ProblemError) as refused:
        read_body(WholePieces(pair[0]), 100, LIMITS, pair[0])

    assert refused.value.kind.status == 408


def test_a_body_in_time_is_read_whole_and_its_connection_stays_usable(pair):
    pair[1].sendall(b"x" * 100)
    pair[1].shutdown(socket.SHUT_WR)

    assert read_body(WholePieces(pair[0]), 100, LIMITS, pair[0]) == b"x" * 100
    pair[0].sendall(b"answer")
    assert pair[1].recv(6) == b"answer"


def test_a_client_that_left_before_the_deadline_is_not_called_slow():
    class Gone(io.RawIOBase):
        def read(self, size=-1):
            raise ClientDisconnected

    with pytest.raises(ClientDisconnected):
        read_body(Gone(), 100, LIMITS)


def test_a_connection_is_watched_only_while_its_body_is_read(pair):
    deadlines = BodyDeadlines()
    with deadlines.watch(pair[0], time.monotonic() - 1):
        pass
    deadlines.end_overdue()

    pair[1].sendall(b"next request")

    assert pair[0].recv(12) == b"next request"
