"""A Gunicorn worker that waits for all its clients at once, and answers the hot route itself, in batches.

All requests of the hot route that are whole in one turn of the loop are answered together. Everything else is whole
when it goes to Gunicorn's own threads, whose handling, from the WSGI environment on, is `gthread`'s: so a slow client
holds no thread, and nothing here decides what a request means.
"""

import errno
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gunicorn.http.message import _ip_in_allow_list

from lifecycle.clock import monotonic
from lifecycle.settings import Settings
from webapp.body import too_slow
from webapp.failures import problem_of
from webapp.gunicorn_log import GunicornLog
from webapp.gunicorn_worker import ProblemWorker, closing_answer
from webapp.hot_route import Sent
from webapp.lane import Lane
from webapp.service import Limits
from webapp.worker.answers import HotAnswers, is_large
from webapp.worker.clients import READ, Bounds, Clients
from webapp.worker.connection import Connection
from webapp.worker.exchange import Exchange, Outbox
from webapp.worker.heads import HotHeads
from webapp.worker.reader import Refused, RequestReader, Whole

ACCEPTED_AT_ONCE = 64
HOUSEKEEPING_S = 0.2
WRITE_S = 30.0

_NO_FILES_LEFT = frozenset({errno.EMFILE, errno.ENFILE})

Waiting = tuple[Connection, Sent]


class EventWorker(ProblemWorker):
    """One loop, `threads` threads for what is not hot, and one for predictions that take long."""

    alive: bool

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Raises ValueError for what this worker does not speak."""
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.proxy_protocol != "off" or getattr(cfg, "protocol", "http") != "http":
            raise ValueError(
                "This worker speaks plain HTTP/1.1. For TLS or the PROXY protocol put the edge proxy in front, or set "
                "PICKLEFLEET_WORKER=threads."
            )

    def load_wsgi(self) -> None:
        super().load_wsgi()
        lane = getattr(self.wsgi, "wsgi_app", None)
        route = lane.hot if isinstance(lane, Lane) else None
        limits = route.service.limits if route else Limits.of(Settings())
        idle_s = float(self.cfg.keepalive or HOUSEKEEPING_S)
        bounds = Bounds(idle_s, limits.request_deadline_s, WRITE_S, limits.max_body_bytes * self.cfg.threads)
        self._limits = limits
        self._clients = Clients(self.poller, bounds, self._take, lambda: closing_answer(too_slow(limits)))
        hot = route is not None and not is_watched(self.cfg, self.log)
        self._answers = HotAnswers(route) if route and hot else None
        self._heads = {trusted: HotHeads(route) for trusted in (True, False)} if route and hot else {}
        self._ready: list[Waiting] = []
        self._long: list[Waiting] = []
        self._long_runs = False
        self._housekept = self._accepts_from = 0.0
        self._predicting = ThreadPoolExecutor(1, thread_name_prefix="long-predictions")

    def run(self) -> None:
        self.poller.register(self.method_queue.fileno(), READ, self.method_queue.run_callbacks)
        while self.alive:
            self.set_accept_enabled(self._may_accept())
            self.turn()
            if not self.is_parent_alive():
                break
        self._stop()

    def accept(self, listener: socket.socket) -> None:
        """As many as wait, within bounds, so that a herd of new clients does not hold up those that are here."""
        room = self.worker_connections - len(self._clients)
        for _ in range(min(room, ACCEPTED_AT_ONCE)):
            try:
                sock, client = listener.accept()
            except OSError as problem:  # none waits any more, or the one that did is gone
                if problem.errno in _NO_FILES_LEFT:
                    self.log.error("No file descriptor is left for another client.")
                    self._accepts_from = self._clients.now + HOUSEKEEPING_S
                return
            self.greet(sock, client, listener.getsockname())

    def _may_accept(self) -> bool:
        return len(self._clients) < self.worker_connections and self._clients.now >= self._accepts_from

    def greet(self, sock: socket.socket, client: Any, server: Any) -> None:
        heads = self._heads.get(self._is_trusted(client))
        self._clients.add(
            sock, client, server, RequestReader(self.cfg, client, self._limits.max_body_bytes, heads)
        )

    def _is_trusted(self, client: Any) -> bool:
        """As Gunicorn sees it: whether what this peer says of others is believed."""
        if not isinstance(client, tuple):
            return True
        allowed = self.cfg.forwarded_allow_ips
        return bool(_ip_in_allow_list(client[0], allowed, self.cfg.forwarded_allow_networks()))

    def turn(self, wait_s: float = HOUSEKEEPING_S) -> None:
        """All that can be done at once, waiting so long for something to do; then all hot requests as one."""
        more = self._clients.go_on()
        self.wait_for_and_dispatch_events(0.0 if more or self._ready else wait_s)
        self._clients.now = monotonic()
        self._answer_ready()
        if self._clients.now - self._housekept >= HOUSEKEEPING_S:
            self._housekept = self._clients.now
            self.notify()
            self._clients.sweep()

    def _take(self, connection: Connection, found: Sent | Whole | Refused) -> None:
        if isinstance(found, Sent):
            self._ready.append((connection, found))
        elif isinstance(found, Whole):
            self.tpool.submit(self._in_thread, connection, found)
        else:
            outbox = Outbox()
            self.handle_error(None, outbox, connection.client, found.error)
            self._clients.answered(connection, bytes(outbox.sent), keep=False)

    def _in_thread(self, connection: Connection, whole: Whole) -> None:
        exchange, keep = Exchange(whole, connection.client, connection.server), False
        try:
            keep = bool(self.handle(exchange))
            if keep:
                connection.reader.buffer += whole.request.unreader.left()
        finally:
            self.method_queue.defer(self._clients.answered, connection, bytes(exchange.sock.sent), keep)

    def _answer_ready(self) -> None:
        ready, self._ready = self._ready, []
        if not ready or self._answers is None:
            return
        self._count(len(ready))
        short: list[Waiting] = []
        for waiting in ready:
            if self._answers.is_long(waiting[1]):
                self._clients.busy(waiting[0])
                self._long.append(waiting)
            else:
                short.append(waiting)
        if short:
            self._answer(self._answers, short, self._clients.answered)
        self._start_long()

    def _count(self, requests: int) -> None:
        self.nr += requests
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False

    def _answer(self, answers: HotAnswers, batch: Sequence[Waiting], tell: Any) -> None:
        """`tell` is given each connection with its answer. Whatever happens, each of them gets one."""
        waiting = {place: connection for place, (connection, _) in enumerate(batch)}
        closing = not self.alive or not self.cfg.keepalive
        try:
            with answers.measured_together():
                for place, data, keep in answers.answer([sent for _, sent in batch], closing=closing):
                    tell(waiting.pop(place), data, keep)
        except Exception as error:  # noqa: BLE001 - the loop is everybody's
            failed = closing_answer(problem_of(error))
            for connection in waiting.values():
                tell(connection, failed, False)

    def _start_long(self) -> None:
        if self._long and not self._long_runs:
            batch, self._long = self._long, []
            self._long_runs = True
            self._predicting.submit(self._answer_long, batch)

    def _answer_long(self, batch: list[Waiting]) -> None:
        """In the thread. Large ones are answered one by one, so that nobody waits for another's."""
        try:
            for group in groups(batch):
                if self._answers is not None:
                    self._answer(self._answers, group, self._tell_from_thread)
        finally:
            self.method_queue.defer(self._long_ended)

    def _tell_from_thread(self, connection: Connection, data: bytes, keep: bool) -> None:
        self.method_queue.defer(self._clients.answered, connection, data, keep)

    def _long_ended(self) -> None:
        self._long_runs = False
        self._start_long()

    def _stop(self) -> None:
        """Nobody new; those that are here get their answers, told that it was the last, within the grace."""
        self.set_accept_enabled(False)
        self._clients.stop()
        ends = monotonic() + self.cfg.graceful_timeout
        while len(self._clients) and monotonic() < ends:
            self.turn()
        self.tpool.shutdown(wait=False)
        self._predicting.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()


def is_watched(cfg: Any, log: Any) -> bool:
    """Whether somebody wants to see each request with Gunicorn's eyes: a hook, or an access log."""
    hooks = (cfg.settings[name] for name in ("pre_request", "post_request"))
    return not isinstance(log, GunicornLog) or any(hook.get() is not hook.default for hook in hooks)


def groups(batch: Sequence[Waiting]) -> list[list[Waiting]]:
    """What is answered at once: large requests alone, all others together and first."""
    together = [waiting for waiting in batch if not is_large(waiting[1])]
    alone = [[waiting] for waiting in batch if is_large(waiting[1])]
    return [together, *alone] if together else alone
