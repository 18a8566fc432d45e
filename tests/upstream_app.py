"""What stands behind the edge proxy in its tests: says which colour it is and what reached it, as slowly as asked."""

import json
import os
import time
from urllib.parse import parse_qs


def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    asked = parse_qs(environ["QUERY_STRING"])
    time.sleep(float(asked.get("sleep", ["0"])[0]))
    if "die" in asked:
        os._exit(1)
    headers = {name: text for name, text in environ.items() if name.startswith("HTTP_")}
    answer = json.dumps({"colour": os.environ["COLOUR"], "bytes": len(body), "headers": headers}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
