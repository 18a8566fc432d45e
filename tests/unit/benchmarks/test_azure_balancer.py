"""What measures a real balancer tells kept, drained and lost connections apart."""

import importlib.util
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

SOURCE = Path(__file__).parents[3] / "benchmarks" / "azure_balancer.py"


@pytest.fixture(scope="module")
def measuring():
    specification = importlib.util.spec_from_file_location("azure_balancer", SOURCE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Machine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.mood == "reset":
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        if self.server.mood == "drain":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def machine():
    with ThreadingHTTPServer(("127.0.0.1", 0), Machine) as server:
        server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("mood", "told"),
    [("kept", "200"), ("drain", "closed by an answer"), ("reset", "lost: RemoteDisconnected")],
)
def test_it_is_told_how_a_connection_ended(measuring, machine, mood, told):
    machine.mood = mood
    target = measuring.connections_to(SimpleNamespace(plain=True, host="127.0.0.1", port=machine.server_port))
    found, connection = Counter(), target()
    measuring.asked(connection, lambda: 0, lambda _second, what: found.update([what]))
    connection.close()

    assert found[told] == 1
