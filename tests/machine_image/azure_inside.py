"""Azure as a machine sees it, on the machine itself: the metadata service and a vault, from a file. `azure_inside.py FILE`."""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

TOLD = json.loads(Path(sys.argv[1]).read_text())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/metadata/instance/compute":
            tags = [{"name": name, "value": value} for name, value in TOLD["tags"].items()]
            data = base64.b64encode(json.dumps(TOLD["data"]).encode()).decode()
            self._answer(200, json.dumps({"name": "flights-green_1", "tagsList": tags, "userData": data}))
        elif path == "/metadata/instance/compute/name":
            self._answer(200, "flights-green_1")
        elif path == "/metadata/scheduledevents":
            self._answer(200, json.dumps({"DocumentIncarnation": 1, "Events": []}))
        elif path == "/metadata/identity/oauth2/token":
            self._answer(200, json.dumps({"access_token": "a token", "expires_on": "4000000000"}))
        elif path.rsplit("/", 1)[1] in TOLD["secrets"]:
            self._answer(200, json.dumps({"value": TOLD["secrets"][path.rsplit("/", 1)[1]]}))
        else:
            self._answer(404, "{}")

    def _answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("169.254.169.254", 80), Handler).serve_forever()
