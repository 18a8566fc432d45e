"""Azure Resource Manager on loopback, written from its published API, in front of a World; beside it what a walker needs
of its machine: the metadata service's token, and the state of terraform/traffic behind a lock (Terraform's own `http`
backend, https://developer.hashicorp.com/terraform/language/backend/http).

`faults` is asked before every answer of ARM: 429, 500, 503, "lost" (done, and the connection dies) or None.
"""

import json
import threading
from urllib.parse import parse_qs, urlsplit

from tests.json_service import JsonHandler, JsonServer, serving

GROUP = "/subscriptions/s/resourceGroups/flights/providers"
SETS, LB = (
    f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets",
    f"{GROUP}/Microsoft.Network/loadBalancers/flights-edge",
)
AUTOSCALE = f"{GROUP}/Microsoft.Insights/autoscaleSettings"
NETWORK = f"{GROUP}/Microsoft.Network/virtualNetworks/flights"
USAGES = "/subscriptions/s/providers/Microsoft.Compute/locations/westeurope/usages"
POOLS = {pool: f"{LB}/backendAddressPools/{pool}" for pool in ("blue", "green", "both")}
PAGE = 2
POLLS = 2  # an operation is in progress so often


def facts(url, backend=None):
    colours = ("blue", "green")
    return {
        "location": "westeurope",
        "scale_set_ids": {colour: f"{SETS}/flights-{colour}" for colour in colours},
        "autoscale_ids": {colour: f"{AUTOSCALE}/flights-{colour}" for colour in colours},
        "loadbalancer_id": LB, "pool_ids": POOLS, "probe_id": f"{LB}/probes/ready",
        "subnet_id": f"{NETWORK}/subnets/serving", "client_id": "release", "arm": url, "backend": backend or {},
    }  # fmt: skip


class FakeArm(JsonServer):
    def __init__(self, world):
        super().__init__(Handler)
        self.world, self.turn = world, threading.RLock()
        self.asked, self.faults, self.operations, self.tokens = [], lambda *_: None, {}, 0
        self.lb_etag, self.rule, self.quota, self.addresses = 1, True, 100, 200
        self.state, self.lock, self.broken = None, None, []
        self.fail_operations = ""
        self.elsewhere = ""

    def handle_error(self, request, client_address):
        """A killed walker's connections end anyhow."""

    def operation(self, done=lambda: None):
        key = f"/subscriptions/s/providers/Microsoft.Compute/locations/westeurope/operations/{len(self.operations)}"
        self.operations[key] = [POLLS, done]
        return {
            "Azure-AsyncOperation": f"{self.elsewhere or self.url}{key}?api-version=2024-07-01",
            "Retry-After": "1",
        }


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"

    def _any(self):
        self.body = self.told()
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        with self.server.turn:
            if path.startswith("/metadata/"):
                self._token(query)
            elif path in {"/state", "/world"}:
                getattr(self, f"_{path[1:]}")()
            else:
                self._arm(path, query)

    do_GET = do_PUT = do_PATCH = do_POST = do_LOCK = do_UNLOCK = _any  # noqa: N815 - the names that http.server calls

    def _token(self, query):
        if self.headers.get("Metadata") != "true" or query.get("client_id") != ["release"]:
            self.answer(400, {"error": "invalid_request"})
            return
        self.server.tokens += 1
        self.answer(200, {"access_token": f"token-{self.server.tokens}", "expires_on": "4000000000"})

    def _arm(self, path, query):
        server = self.server
        server.asked.append((self.command, path))
        if self.headers.get("Authorization") != f"Bearer token-{server.tokens}":
            self._refuse(401, "InvalidAuthenticationToken")
            return
        if "api-version" not in query:
            self._refuse(400, "MissingApiVersionParameter")
            return
        fault = server.faults(self.command, path)
        if isinstance(fault, int):
            self.answer(fault, {"error": {"code": "Busy", "message": "Try later."}}, {"Retry-After": "1"})
            return
        self.lost = fault == "lost"
        self._resource(path, query)

    def _resource(self, path, query):
        if path in self.server.operations:
            self._operation(path)
        elif path.endswith("/virtualMachines"):
            self._machines(path, query)
        elif path.startswith(SETS):
            self._set(path)
        elif path.startswith(AUTOSCALE):
            self._autoscale(path)
        elif path == LB:
            self._balancer()
        elif path == USAGES:
            names = ("cores", "standardDADSv5Family")
            quota = self.server.quota
            self.answer(
                200, {"value": [{"name": {"value": n}, "currentValue": 6, "limit": quota} for n in names]}
            )
        elif path == f"{NETWORK}/usages":
            one = {"id": f"{NETWORK}/subnets/serving", "currentValue": 8, "limit": self.server.addresses}
            self.answer(200, {"value": [one]})
        else:
            self._refuse(404, "ResourceNotFound")

    def _operation(self, path):
        left, done = self.server.operations[path]
        if self.server.fail_operations:
            error = {"code": self.server.fail_operations, "message": "There is no room."}
            self.answer(200, {"status": "Failed", "error": error})
            return
        self.server.operations[path][0] = left - 1
        if left > 0:
            self.answer(200, {"status": "InProgress"}, {"Retry-After": "1"})
            return
        done()
        self.server.operations[path][1] = lambda: None
        self.answer(200, {"status": "Succeeded"})

    def _known(self, path):
        colour = path.removeprefix(SETS).removeprefix(AUTOSCALE).split("/")[1].removeprefix("flights-")
        return colour, self.server.world.sets.get(colour)

    def _set(self, path):
        _, found = self._known(path)
        if found is None:
            self._refuse(404, "ResourceNotFound")
        elif self.command == "PATCH":
            self._patch_set(found)
        else:
            self.answer(200, self._model(found))

    def _patch_set(self, found):
        asked = json.loads(self.body)
        if self.headers.get("If-Match") != f'"{found.etag}"':
            self._refuse(412, "PreconditionFailed")
            return
        assert set(asked) == {"sku"}, "a walker changes nothing of a scale set but its size"
        found.capacity, found.etag = asked["sku"]["capacity"], found.etag + 1
        self.answer(202, self._model(found), self.server.operation())

    def _model(self, found):
        return {
            "etag": f'"{found.etag}"', "location": "westeurope", "tags": {"picklefleet-release": found.release},
            "sku": {"name": "Standard_D2ads_v5", "tier": "Standard", "capacity": found.capacity},
            "properties": {
                "provisioningState": "Failed" if found.failed else "Succeeded",
                "virtualMachineProfile": {"storageProfile": {"imageReference": {"id": found.image}}},
            },
        }  # fmt: skip

    def _machines(self, path, query):
        colour, found = self._known(path)
        world, skip = self.server.world, int(query.get("$skiptoken", ["0"])[0])
        mine = [one for one in world.machines if one.colour == colour]
        page = [self._machine(one, found) for one in mine[skip : skip + PAGE]]
        more = f"{self.server.url}{path}?api-version=2024-07-01&$expand=instanceView&$skiptoken={skip + PAGE}"
        self.answer(200, {"value": page} | ({"nextLink": more} if skip + PAGE < len(mine) else {}))

    def _machine(self, one, found):
        health = "healthy" if self.server.world.ready(one) else "initializing"
        return {
            "instanceId": str(one.number), "name": f"flights-{one.colour}_{one.number}",
            "properties": {
                "latestModelApplied": one.image == found.image, "provisioningState": "Succeeded",
                "osProfile": {"computerName": one.computer},
                "instanceView": {"vmHealth": {"status": {"code": f"HealthState/{health}", "level": "Info"}}},
            },
        }  # fmt: skip

    def _autoscale(self, path):
        _, found = self._known(path)
        if found is None or found.autoscaled is None:
            self._refuse(404, "ResourceNotFound")
            return
        if self.command == "PUT":
            asked = json.loads(self.body)
            assert asked["properties"]["profiles"], "a PUT replaces the whole setting"
            found.autoscaled = asked["properties"]["enabled"]
        self.answer(
            200, {"location": "westeurope", "properties": {"enabled": found.autoscaled, "profiles": [{}]}}
        )

    def _balancer(self):
        if self.command == "PUT":
            self._put_balancer()
            return
        rule = {
            "name": "service",
            "properties": {
                "backendAddressPools": [{"id": POOLS[self.server.world.pool]}],
                "frontendPort": 443,
            },
        }
        rules = [rule] if self.server.rule else []
        etag = f'W/"{self.server.lb_etag}"'
        properties = {
            "provisioningState": "Succeeded",
            "loadBalancingRules": rules,
            "probes": [{"name": "ready"}],
        }
        self.answer(200, {"etag": etag, "location": "westeurope", "properties": properties})

    def _put_balancer(self):
        asked = json.loads(self.body)
        rule = asked["properties"]["loadBalancingRules"][0]["properties"]
        if self.headers.get("If-Match") != f'W/"{self.server.lb_etag}"':
            self._refuse(412, "PreconditionFailed")
        elif rule.get("backendAddressPool", {}).get("id") not in {None, rule["backendAddressPools"][0]["id"]}:
            self._refuse(
                400,
                "LoadBalancingRuleBackendAdressPoolAndBackendAddressPoolsCannotBeSetAtTheSameTimeWithDifferentValue",
            )
        elif not asked["properties"].get("probes"):
            self._refuse(400, "ProbeMissing")
        else:
            self.server.lb_etag += 1
            pool = rule["backendAddressPools"][0]["id"].rsplit("/", 1)[1]
            self.answer(200, asked, self.server.operation(lambda: self.server.world.point(pool)))

    def _state(self):
        """Terraform's remote state behind a lock, as the protocol has it; a lock is left only by whoever has its id."""
        server, asked = self.server, json.loads(self.body) if self.body and self.command != "POST" else {}
        if self.command == "GET":
            self.answer_raw(200 if server.state else 204, server.state or b"")
        elif self.command == "POST":
            server.state = self.body
            self.answer_raw(200, b"")
        elif self.command == "LOCK" and server.lock:
            self.answer_raw(423, json.dumps(server.lock).encode())
        elif self.command == "LOCK":
            server.lock = asked
            self.answer_raw(200, b"")
        else:
            server.broken += [server.lock] if server.lock and not asked.get("Operation") else []
            server.lock = None
            self.answer_raw(200, b"")

    def _world(self):
        """Not Azure's: time, for the walker under test, and the rule, as Terraform's stand-in provider left it."""
        asked = json.loads(self.body) if self.body else {}
        if "pool" in asked:
            self.server.world.point(asked["pool"])
            self.server.lb_etag += 1
        if "minutes" in asked:
            for _ in range(asked["minutes"]):
                self.server.world.advance()
        self.answer(
            200,
            {
                "now_ms": self.server.world.now_ms,
                "locked": self.server.lock is not None,
                "lock": self.server.lock,
            },
        )

    def _refuse(self, status, code):
        self.answer(status, {"error": {"code": code, "message": "Refused by the fake."}})

    def answer_raw(self, status, data, headers=None):
        if getattr(self, "lost", False):
            self.lost, self.close_connection = False, True
            self.connection.close()
            return
        super().answer_raw(status, data, headers)


def fake_arm(world):
    return serving(FakeArm(world))
