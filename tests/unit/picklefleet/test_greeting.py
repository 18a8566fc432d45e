"""The greeting may meet a service that dies at any moment: it must never take the supervisor with it."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from picklefleet.serve import Greeting


class ReadyAndGone(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/readyz":
            self.send_response(200)
            self.end_headers()
            return
        self.connection.close()

    def log_message(self, *_):
        pass


def test_a_service_that_dies_between_two_questions_is_greeted_later(capsys):
    server = HTTPServer(("127.0.0.1", 0), ReadyAndGone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    greeting = Greeting(f"http://127.0.0.1:{server.server_port}")

    greeting()
    server.shutdown()
    server.server_close()

    assert not greeting.said
    assert capsys.readouterr().out == ""


def test_a_service_that_is_not_there_is_not_greeted():
    greeting = Greeting("http://127.0.0.1:1")

    greeting()

    assert not greeting.said
