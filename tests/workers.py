"""Both worker classes in one process, without a fork: what each answers to a client's bytes, as bytes."""

import os
import re
import selectors
import socket
from contextlib import suppress
from dataclasses import replace

from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from lifecycle.compiled.fast_path import FastPath
from lifecycle.compiled.plan import make_plan
from lifecycle.logs import configure
from tests import builders
from webapp.gunicorn_log import GunicornLog
from webapp.gunicorn_worker import ProblemWorker
from webapp.worker.event_worker import EventWorker

MOST_TURNS = 200
VARIES = re.compile(rb"Date: [^\r]*|[0-9a-f]{32}|[0-9A-HJKMNP-TV-Z]{32}(?=-\d)")
KEEPS = re.compile(rb"\r\nConnection: (?:close|keep-alive)\r\n")


class App:
    """What Gunicorn asks for the application."""

    def __init__(self, wsgi):
        self._wsgi = wsgi

    def wsgi(self):
        return self._wsgi


class QuietLog(GunicornLog):
    def setup(self, cfg):
        """Thousands of refusals are asked for here."""
        configure("error", "json")


class AsItIs(GunicornLog):
    def setup(self, cfg):
        """A test may look at what is logged."""


class Now:
    """Does at once what others hand to a thread."""

    def submit(self, step, *arguments):
        step(*arguments)

    def defer(self, step, *arguments):
        step(*arguments)

    def shutdown(self, *, wait):
        pass


def config(**changes):
    """As webapp/gunicorn.conf.py says."""
    made = Config()
    limits = {"limit_request_line": 2048, "limit_request_fields": 50, "limit_request_field_size": 4096}
    for name, value in (
        {"keepalive": 75, "threads": 4, "forwarded_allow_ips": "127.0.0.1,::1"} | limits | changes
    ).items():
        made.set(name, value)
    return made


def stock(app, **changes):
    cfg = config(**changes)
    worker = without_arbiter(ProblemWorker(1, os.getpid(), [], App(app), 30, cfg, QuietLog(cfg)))
    worker.load_wsgi()
    return worker


def quick():
    """A model that is answered by its plan: most of what is asked here is about bytes."""
    built = builders.classifier()
    plan = make_plan(built.model.estimator, built.model.signature)
    return replace(built, model=replace(built.model, fast=FastPath(plan), by_rows=True))


def without_arbiter(worker):
    """Nobody waits for a sign of its life."""
    worker.tmp.close()
    worker.notify = lambda: None
    return worker


def events(app, kind=EventWorker, log=QuietLog, **changes):
    """Threads are left out: what would run in one runs at once."""
    cfg = config(**changes)
    worker = without_arbiter(kind(1, os.getpid(), [], App(app), 30, cfg, log(cfg)))
    worker.poller = selectors.DefaultSelector()
    worker.tpool = worker.method_queue = Now()
    worker.load_wsgi()
    worker._predicting.shutdown()
    worker._predicting = Now()
    return worker


class Pieces:
    """A socket whose client sends these pieces and then no more."""

    def __init__(self, pieces):
        self._left, self.sent = list(pieces), bytearray()

    def recv(self, size):
        if not self._left:
            return b""
        piece, rest = self._left[0][:size], self._left[0][size:]
        self._left[:1] = [rest] if rest else []
        return piece

    def send(self, data):
        self.sent += data
        return len(data)

    sendall = send

    def setblocking(self, _flag):
        pass

    settimeout = setblocking

    def gettimeout(self):
        return 0.0

    def shutdown(self, _how):
        raise OSError

    def close(self):
        pass


def ask_stock(worker, pieces):
    """What gthread answers until it closes the connection."""
    sock = Pieces(pieces)
    connection = TConn(worker.cfg, sock, "", "")
    connection.data_ready = True
    while worker.handle(connection):
        pass
    return bytes(sock.sent)


def ask_events(worker, pieces):
    """The same of the loop, through a real pair of sockets; None where it does not come to an end."""
    ours, theirs = socket.socketpair()
    with ours:
        worker.greet(theirs, "", "")
        ours.setblocking(False)
        for piece in pieces:
            with suppress(OSError):  # refused already
                _send(worker, ours, piece)
            worker.turn(0)
        with suppress(OSError):
            ours.shutdown(socket.SHUT_WR)
        return _until_closed(worker, ours)


def _send(worker, ours, piece):
    for _ in range(MOST_TURNS):
        try:
            piece = piece[ours.send(piece) :]
        except BlockingIOError:
            worker.turn(0)
        if not piece:
            return


def _until_closed(worker, ours):
    got = b""
    for _ in range(MOST_TURNS):
        worker.turn(0)
        with suppress(BlockingIOError):
            while piece := ours.recv(1 << 20):
                got += piece
            return got
    return None


def verdict(theirs, ours):
    """same; sooner: the loop says that it closes, where gthread does it unsaid, having dropped a body; or other."""
    if ours is None:
        return "other"
    theirs, ours = VARIES.sub(b"-", theirs), VARIES.sub(b"-", ours)
    if theirs == ours:
        return "same"
    return "sooner" if KEEPS.sub(b"-", theirs) == KEEPS.sub(b"-", ours) else "other"
