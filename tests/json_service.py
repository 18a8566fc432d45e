"""The shape of every stand-in that speaks JSON over HTTP: on loopback, in a thread, and silent."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class JsonServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class JsonHandler(BaseHTTPRequestHandler):
    """Those who stand in define `get` and `post`."""

    def do_GET(self):
        self.get()

    def do_POST(self):
        self.post()

    def told(self):
        """What the request brings, as bytes."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, document, headers=None):
        self.answer_raw(status, json.dumps(document).encode(), headers)

    def answer_raw(self, status, data, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def serving(server):
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
