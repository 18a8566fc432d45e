"""Azure's metadata service as its documentation has it, on loopback: scheduled events, and who said that they may begin."""

import json
from urllib.parse import parse_qs, urlsplit

from tests.json_service import JsonHandler, JsonServer, serving

NAME = "web-blue_3"
TOKENS = tuple(f"/metadata/identity/oauth2/token?api-version={day}&" for day in ("2018-02-01", "2019-08-01"))


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


class Service(JsonServer):
    def __init__(self):
        super().__init__(Handler)
        self.events, self.started, self.refused, self.broken = [], [], [], False


class Handler(JsonHandler):
    def get(self):
        if self.headers.get("Metadata") != "true" or self.headers.get("X-Forwarded-For"):
            self.answer(400, {"error": "Bad request. Required metadata header not specified"})
        elif self.path == "/metadata/instance/compute/name?api-version=2021-02-01&format=text":
            self.answer_raw(200, NAME.encode())
        elif self.path.startswith(TOKENS):
            asked = parse_qs(urlsplit(self.path).query)
            told = f"token of {asked['client_id'][0]} for {asked['resource'][0]}"
            self.answer(200, {"access_token": told, "expires_on": "4000000000"})
        elif self.path == "/metadata/scheduledevents?api-version=2020-07-01":
            told = json.dumps({"DocumentIncarnation": 1, "Events": self.server.events})
            self.answer_raw(200, b"{" if self.server.broken else told.encode())
        else:
            self.answer(404, {})

    def post(self):
        asked = json.loads(self.told())
        known = {one["EventId"] for one in self.server.events}
        for one in asked["StartRequests"]:
            (self.server.started if one["EventId"] in known else self.server.refused).append(one["EventId"])
        self.answer(200 if self.headers.get("Metadata") == "true" else 400, {})


def metadata_service():
    return serving(Service())
