"""A small proxy before a store that fails on demand, as networks and clouds do."""

import contextlib
import socket
import struct
import threading

PIECE = 4096
STUCK = "stuck"
FAULTS = ("refuse", "hang", "503", "429", "reset", "lost_answer")
_ANSWERS = {
    "503": b"HTTP/1.1 503 Server Busy\r\nx-ms-error-code: ServerBusy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


class FaultProxy:
    """`mode` is "pass" or one of FAULTS. A change cuts the connections that there are: the next obey it.

    refuse: no connection. hang: takes all and answers nothing. 503, 429: that answer. reset: cut in the middle of
    the request. lost_answer: the store does what is asked, and the answer never arrives. stuck: as hang, and such a
    connection stays so for ever, whatever comes after: only its client can end it.
    """

    def __init__(self, host, port):
        self.target = (host, port)
        self._mode = "pass"
        self._open = set()
        self._lock = threading.Lock()
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self.connections = dict.fromkeys(("pass", *FAULTS, STUCK), 0)
        self.stuck_uploads = 0

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        with self._lock:
            before, self._mode = self._mode, mode
            for connection in list(self._open):
                _cut(connection)
        if mode == "refuse":
            _cut(self._listener)
        elif before == "refuse":
            self._listener = self._listen(self.port)

    def close(self):
        self.mode = "refuse"

    def _listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with self._lock:
            mode = self._mode
            if mode != STUCK:
                self._open.add(client)
            self.connections[mode] += 1
        with contextlib.suppress(OSError):
            if mode == STUCK:
                self.stuck_uploads += client.recv(PIECE).startswith(b"PUT ")
            if mode in {"hang", STUCK}:
                while client.recv(PIECE):
                    pass
            elif mode in _ANSWERS:
                client.recv(PIECE)
                client.sendall(_ANSWERS[mode])
            elif mode == "reset":
                client.recv(200)
            else:
                self._forward(client, swallow=mode == "lost_answer")
        _cut(client)
        self._open.discard(client)

    def _forward(self, client, *, swallow):
        with socket.create_connection(self.target) as store:
            sender = threading.Thread(target=_copy, args=(client, store), daemon=True)
            sender.start()
            if swallow:
                store.recv(PIECE)  # the answer is there: so what was asked is done
            else:
                _copy(store, client)
            _cut(client)
            sender.join(5)


def _copy(source, target):
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def _cut(connection):
    """End it with a reset, not with a polite goodbye."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
