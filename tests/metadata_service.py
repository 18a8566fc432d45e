"""Azure's metadata service as its documentation has it, on loopback: scheduled events, and who said that they may begin."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NAME = "web-blue_3"


def event(
    kind="Terminate",
    machines=(NAME,),
    *,
    key="one",
    status="Scheduled",
    not_before="Mon, 05 Jan 2026 02:05:00 GMT",
):
    return {
        "EventId": key, "EventType": kind, "ResourceType": "VirtualMachine", "Resources": list(machines), "EventStatus": status,
        "NotBefore": not_before, "Description": "", "EventSource": "Platform", "DurationInSeconds": -1,
    }  # fmt: skip


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.events, self.started, self.refused, self.broken = [], [], [], False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Metadata") != "true" or self.headers.get("X-Forwarded-For"):
            self._answer(400, {"error": "Bad request. Required metadata header not specified"})
        elif self.path == "/metadata/instance/compute/name?api-version=2021-02-01&format=text":
            self._answer(200, NAME)
        elif self.path.startswith("/metadata/identity/oauth2/token?api-version=2018-02-01&"):
            asked = parse_qs(urlsplit(self.path).query)
            told = f"token of {asked['client_id'][0]} for {asked['resource'][0]}"
            self._answer(200, {"access_token": told, "expires_on": "4000000000"})
        elif self.path == "/metadata/scheduledevents?api-version=2020-07-01":
            self._answer(
                200, "{" if self.server.broken else {"DocumentIncarnation": 1, "Events": self.server.events}
            )
        else:
            self._answer(404, {})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {one["EventId"] for one in self.server.events}
        for one in asked["StartRequests"]:
            (self.server.started if one["EventId"] in known else self.server.refused).append(one["EventId"])
        self._answer(200 if self.headers.get("Metadata") == "true" else 400, {})

    def _answer(self, status, body):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def metadata_service():
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.05,))
        thread.start()
        yield service
        service.shutdown()
        thread.join()
