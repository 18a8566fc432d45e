"""The worked example of the plan: machines, money and the next bottleneck, from what was measured and a dated price table.

`python docs/plan/capacity.py` prints the page docs/plan/capacity.md; change the two .json files beside it, or production's
example.tfvars.json, and run `make docs`.
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SKU, AVERAGE_SHARE = "Standard_D2ads_v5", 0.35  # the average second is that share of the busiest
HIGHEST_LOAD, ZONES = 0.8, 3  # as terraform/modules/capacity has them
SECONDS_A_MONTH = 730 * 3600
RELEASES, RELEASE_HOURS = 8, 2  # a month; both colours are there meanwhile
LOGS_GB_MACHINE = 3  # a month
RETENTION_MONTHS = 13
MEMORY_GIB = 4  # of a container with two CPUs
STORE_CALLS_S = 20_000  # of one storage account, as Azure documents it
PLACEMENT_GROUP = 100
NIGHT_HOURS = 6  # 02:00 to 08:00, when a missing report alarms
LINK_MBIT = 12_500  # of a D2ads_v5, expected
DISK_GB, LARGE_DISK_GB = 40, 560  # what the system leaves of a D2ads_v5's 75 GB, and of a D16ads_v5's 600


@dataclass(frozen=True)
class Inputs:
    measured: dict
    prices: dict
    peak: float

    @property
    def average(self):
        return self.peak * AVERAGE_SHARE

    @property
    def requests_a_month(self):
        return self.average * SECONDS_A_MONTH

    def machine_limit(self, cpu_ms=None, sku=SKU):
        """Requests a second that one machine answers at its limit."""
        left = 1 - self.measured["assumed"]["share_for_agent_and_system"]
        return self.prices["cpus"][sku] * left / ((cpu_ms or self.measured["service_cpu_ms"]) / 1000)

    def machines(self, limit):
        """Static stability, by the rule of terraform/modules/capacity: a lost zone leaves enough."""
        needed = math.ceil(self.peak / (limit * HIGHEST_LOAD))
        return math.ceil(needed / (ZONES - 1)) * ZONES


def read():
    measured, prices = (json.loads((HERE / f"{name}.json").read_text()) for name in ("throughput", "prices"))
    fleet = ROOT / "terraform" / "environments" / "production" / "example.tfvars.json"
    return Inputs(measured, prices, json.loads(fleet.read_text())["peak_requests_per_s"])


def cost(inputs, machines):
    """Of a month, by part."""
    prices, hours = inputs.prices, inputs.prices["hours_a_month"]
    machine, gb = (
        prices["machine_hour"][SKU],
        inputs.requests_a_month * inputs.measured["assumed"]["wire_bytes"] / 1e9,
    )
    records = inputs.requests_a_month * inputs.measured["assumed"]["record_bytes"] / 1e9 * RETENTION_MONTHS
    calls = (machines + 1) * inputs.measured["assumed"]["store_calls_per_machine_s"] * SECONDS_A_MONTH
    return {
        f"{machines} machines that serve": machines * machine * hours,
        f"both colours during {RELEASES} releases of {RELEASE_HOURS} h": machines
        * machine
        * RELEASES
        * RELEASE_HOURS,
        "the worker, and a runner for 60 h": machine * (hours + 60),
        "balancer, NAT gateway, addresses, private endpoints": hours
        * (
            prices["balancer_hour"]
            + prices["nat_hour"]
            + 2 * prices["public_address_hour"]
            + 3 * prices["private_endpoint_hour"]
        )
        + gb * prices["balancer_gb"],
        f"answers that leave Azure, a third of {gb:,.0f} GB": gb / 3 * prices["egress_gb"],
        f"records of {RETENTION_MONTHS} months, {records:,.0f} GB": records * prices["store_gb_month"],
        "calls of agents to the store, one in ten a write": calls / 10 / 10_000 * prices["store_10k_writes"],
        "logs and metrics": (machines + 1) * LOGS_GB_MACHINE * prices["logs_gb"],
        "registry": prices["registry_day"] * 30,
    }


def alternatives(inputs, machines, total):
    """The same load elsewhere: compute alone differs, everything else is taken as equal."""
    prices, hours = inputs.prices, inputs.prices["hours_a_month"]
    machine, own = prices["machine_hour"][SKU], next(iter(cost(inputs, machines).values()))
    cpu_s = inputs.requests_a_month * inputs.measured["service_cpu_ms"] / 1000
    by_hand = inputs.machines(inputs.machine_limit(inputs.measured["fastapi_cpu_ms"]))
    millions = inputs.requests_a_month / 1e6
    busy = cpu_s / 0.5  # a replica is billed while it waits too: half busy on average
    return {
        "virtual machines (this plan)": own,
        "the same, reserved for a year": own * prices["reserved_one_year"],
        "AKS: the same nodes, three system nodes, the paid control plane": own
        + 3 * machine * hours
        + prices["aks_standard_tier_hour"] * hours,
        "managed online endpoints: the same machines, 20 % kept for upgrades": own * 1.2,
        "Container Apps, billed by CPU while half busy": busy
        * (prices["container_apps_cpu_s"] + MEMORY_GIB / 2 * prices["container_apps_gib_s"])
        + millions * prices["container_apps_million_requests"],
        "Functions, 100 ms the least that is billed, 1 GB": inputs.requests_a_month
        * 0.1
        * prices["functions_gb_s"]
        + millions * prices["functions_million_requests"],
        f"FastAPI by hand on {by_hand} of the same machines": by_hand * machine * hours,
    } | {"_share": own / total}


def growth(inputs):
    """Step by step: what is there, what each part could bear in requests a second, and so which one ends it."""
    limit, calls = inputs.machine_limit(), inputs.measured["assumed"]["store_calls_per_machine_s"]
    link = LINK_MBIT * 1e6 / 8 / inputs.measured["assumed"]["wire_bytes"]
    day_s = inputs.measured["night_fetch_seconds"] + inputs.measured["night_seconds"]  # for so many rows
    night = NIGHT_HOURS * 3600 / day_s * inputs.measured["night_rows"] / 86_400 / AVERAGE_SHARE
    # A worker reads a night hour by hour, and an hour lies on its disk as a whole: the busiest is taken to be all peak.
    hour = lambda gb: gb * 1e9 / inputs.measured["assumed"]["record_bytes"] / 3600  # noqa: E731 - for both sizes
    store = STORE_CALLS_S / calls
    whole = lambda machines: machines * limit * HIGHEST_LOAD  # noqa: E731 - one rule for every step
    group = PLACEMENT_GROUP * (ZONES - 1) / ZONES
    worker = {"a night on one worker": night, "an hour of records on the worker's disk": hour(DISK_GB)}
    workers = {
        "a night on four workers": 4 * night,
        "an hour of records on a large worker's disk": hour(LARGE_DISK_GB),
    }
    return [
        ("one machine", {"its CPUs": whole(1), "its network": link, **worker}),
        ("one machine, twice the CPUs", {"its CPUs": 2 * whole(1), "its network": link, **worker}),
        (
            "one region, three zones, one balancer",
            {"a scale set of 100, a zone lost": whole(group), "calls to one storage account": whole(store), **worker},
        ),
        (
            "the same with machines twice as large, a worker eight times, and Dask for the nights",
            {"a scale set of 100, a zone lost": 2 * whole(group), "calls to one storage account": 2 * whole(store), **workers},
        ),
        (
            "three regions, each with a store of its own, one of them lost",
            {
                "two scale sets of 100": 2 * 2 * whole(group),
                "calls to each storage account": 2 * 2 * whole(store),
                **{f"{name}, in each": 2 * bears for name, bears in workers.items()},
            },
        ),
    ]  # fmt: skip


STEPS = """\
How each step is taken:

- *One machine*: [`picklefleet serve`](../../README.md "Running it"), or a host [by Ansible](../guide/hosts.md "make site").
- *More CPUs*: a larger machine; there is [a web process for each CPU](../settings.md "PICKLEFLEET_WORKERS"), and nothing else to change.
- *One region*: [production](../../terraform/environments/production/main.tf) in three zones, as many machines as
  [the rule](../../terraform/modules/capacity/main.tf "per_zone") says; only the worker is one machine, and a night that it misses is
  made up by the next one that starts ([tested](../../tests/e2e/test_nights.py)).
- *Larger machines*: the environment's [`sku`](../../terraform/modules/environment/variables.tf "The size of a serving machine"); the
  nights go to a cluster by [`PICKLEFLEET_DASK`](../../lifecycle/adapters/dask.py), each hour to one of its workers
  ([tested on a real cluster](../../tests/integration/test_dask.py)). Not built: that cluster's machines in Terraform, and a size for the worker.
- *Several regions*: an environment for each, with its own `name` and `location`; one bake puts the machine image
  [into all of them](../../packer/variables.pkr.hcl "regions"). Each has its own store, journal and nights, so that none waits for another; a
  version is registered and approved in each, and [is the same by its content](../decisions/0001-versions-and-digests.md). Not built: what
  leads clients to a region (Traffic Manager, Front Door), and one view over all.

Nights and disks are extrapolated from 10 million rows; nothing larger was measured."""


def page(inputs):
    limit = inputs.machine_limit()
    machines = inputs.machines(limit)
    parts = cost(inputs, machines)
    total = sum(parts.values())
    yield "# Capacity, cost and growth: the worked example\n"
    yield "Written by [capacity.py](capacity.py) from [what was measured](throughput.json), a [dated price table](prices.json)"
    yield "and [production's example](../../terraform/environments/production/example.tfvars.json); `make docs` writes it anew.\n"
    yield f"**Prices**: {inputs.prices['dated']}, {inputs.prices['region']}, {inputs.prices['currency']}. **From memory**: {inputs.prices['source']} {inputs.prices['refresh']}\n"
    yield "## How many machines\n"
    yield f'- One request of one row costs {inputs.measured["service_cpu_ms"]} ms of CPU ([measured](../../{inputs.measured["page"]} "guarded"), {inputs.measured["measured"]}: {inputs.measured["service"]}; {inputs.measured["model"]}).'
    yield f"- {inputs.measured['assumed']['share_for_agent_and_system']:.0%} of a machine is kept for its agent and the system (assumed, [throughput.json](throughput.json)), so a {SKU} answers {limit:,.0f} requests/s at its limit."
    yield f"- The busiest second has {inputs.peak:,.0f} requests. A lost zone may bring the others to {HIGHEST_LOAD:.0%} of their limit ([the rule](../../terraform/modules/capacity/main.tf)): **{machines} machines**, {machines // ZONES} in each of {ZONES} zones, usually at {inputs.peak / machines / limit:.0%} at the peak.\n"
    yield f"## What a month costs\n\n{inputs.requests_a_month / 1e9:.2f} billion requests: the average second is {AVERAGE_SHARE:.0%} of the busiest.\n"
    yield "| part | a month |\n|---|--:|"
    yield from (f"| {name} | {value:,.0f} |" for name, value in parts.items())
    yield f"| **all** | **{total:,.0f}** |"
    yield f"\n{total / inputs.requests_a_month * 1e6:.2f} {inputs.prices['currency']} for a million predictions.\n"
    beside = alternatives(inputs, machines, total)
    share = beside.pop("_share")
    yield f"## The alternatives' compute beside it\n\nCompute is {share:.0%} of the above; the rest is taken as equal.\n"
    yield "| | a month | beside this plan |\n|---|--:|--:|"
    own = next(iter(beside.values()))
    yield from (f"| {name} | {value:,.0f} | {value / own:.2f} × |" for name, value in beside.items())  # noqa: RUF001 - a page for people
    yield f"\nFastAPI is taken as it was measured ({inputs.measured['fastapi_cpu_ms']} ms, {inputs.measured['fastapi_measured']}): bare, without an edge proxy, keys or limits. What else speaks for"
    yield "and against each stands in [the chapter on the cloud](cloud.md), and of FastAPI in [that on the API](rest-api.md).\n"
    yield "## From one machine to several regions\n\nWhat each part bears, in requests of one row a second; the smallest ends the step.\n"
    yield "| step | bears | ended by | the others |\n|---|--:|---|---|"
    for name, bears in growth(inputs):
        first, *others = sorted(bears.items(), key=lambda one: one[1])
        yield f"| {name} | {first[1]:,.0f} | {first[0]} | {', '.join(f'{other} {value:,.0f}' for other, value in others)} |"
    yield f"\n{STEPS}"


def markdown():
    return "\n".join(page(read())) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
