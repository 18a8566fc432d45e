"""`picklefleet replay`: the held-back part of a sample, sent to the real service as if its days were today."""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import orjson

from intake.sample_columns import columns_of
from intake.samples import read_table
from lifecycle import settings as settings_module
from lifecycle.bundle import MANIFEST, manifest_from_bytes
from lifecycle.clock import timestamp
from lifecycle.errors import PicklefleetError
from lifecycle.machine import MachineDirectory
from lifecycle.prediction_log.label_join import id_bounds
from lifecycle.signature import Signature
from lifecycle.window import Window, parse

ROWS_A_REQUEST = 500
LABELS_AFTER = timedelta(hours=24)
TARGET, TIME = "arrival", "scheduled_at"
LATER = Path("var/samples/flights/flights-later.csv.gz")

Send = Callable[[str, Mapping[str, Any], datetime], Any]


@dataclass(frozen=True, slots=True)
class Flight:
    """One row: when it happened, what the model is asked, and what became of it (None: never known)."""

    at: datetime
    instance: dict[str, Any]
    actual: str | None


@click.command()
@click.argument("sample", type=click.Choice(["flights"]))
@click.option("--from", "first", required=True, help="The first day, such as 2013-04-01.")
@click.option("--to", "last", required=True, help="The day to end before.")
@click.option("--data", type=click.Path(path_type=Path), default=LATER, show_default=True)
@click.option("--url", help="The service (default: where the settings say that it listens).")
def replay(sample: str, first: str, last: str, data: Path, url: str | None) -> None:
    """Send the flights of these days to a service that was started with PICKLEFLEET_REPLAY=1.

    Each carries its own time, and what became of it follows a day later by the same clock.
    """
    settings = settings_module.load()
    window = parse(f"{first}..{last}", datetime.fromisoformat("2000-01-01T00:00:00Z"))
    base = url or f"http://{settings.host}:{settings.port}"
    flights = read_flights(data, _signature(MachineDirectory(settings.machine_dir), sample), window)
    sent = 0
    for some in in_requests(flights):
        sent += replay_request(some, sender_to(base))
        click.echo(f"\r{some[-1].at:%Y-%m-%d}  {sent:,} flights", nl=False, file=sys.stderr)
    click.echo(f"\nSent {sent:,} flights of {window}.")


def read_flights(data: Path, signature: Signature, window: Window) -> list[Flight]:
    """By time. Raises PicklefleetError for a file that is missing or does not fit the model."""
    if not data.exists():
        raise PicklefleetError(f"There is no {data}.", fix="Make it: python -m samples flights --later")
    table = read_table(data)
    moments = [datetime.fromisoformat(cell) for cell in table[TIME]]
    chosen = [window.contains(moment) for moment in moments]
    table = table[chosen]
    columns = columns_of(table, signature.inputs)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    within = (moment for moment, inside in zip(moments, chosen, strict=True) if inside)
    flights = [Flight(*each) for each in zip(within, rows, table[TARGET], strict=True)]
    return sorted(flights, key=lambda flight: flight.at)


def in_requests(flights: list[Flight]) -> Iterator[list[Flight]]:
    """At most 500 flights of one hour together."""
    for _, hour in groupby(flights, key=lambda flight: flight.at.replace(minute=0)):
        rows = list(hour)
        for start in range(0, len(rows), ROWS_A_REQUEST):
            yield rows[start : start + ROWS_A_REQUEST]


def replay_request(flights: list[Flight], send: Send) -> int:
    """Ask, then tell what was true. Raises PicklefleetError when the service does not take the time as told."""
    at = flights[0].at
    answer = send("predict", {"instances": [flight.instance for flight in flights]}, at)
    ids = [row["prediction_id"] for row in answer["predictions"]]
    low, high = id_bounds(Window(at, at + timedelta(milliseconds=1)))
    if not low <= ids[0] <= high:
        raise PicklefleetError(
            "The service records its own time, not the flights'.", fix="Start it with PICKLEFLEET_REPLAY=1."
        )
    known = [
        {"prediction_id": one, "actual": flight.actual}
        for one, flight in zip(ids, flights, strict=True)
        if flight.actual is not None
    ]
    if known:
        send("feedback", {"items": known}, at + LABELS_AFTER)
    return len(flights)


def _signature(machine: MachineDirectory, name: str) -> Signature:
    serving = machine.serving()
    if serving is None or serving.name != name:
        raise PicklefleetError(f"This machine does not serve {name}.", fix="Start it: make run")
    return manifest_from_bytes((machine.bundle(serving.digest) / MANIFEST).read_bytes()).signature


def sender_to(base: str) -> Send:
    """Posts to a resource of the service as if it were that moment."""

    def send(resource: str, document: Mapping[str, Any], at: datetime) -> Any:
        headers = {"Content-Type": "application/json", "X-Replay-Time": timestamp(at)}
        request = urllib.request.Request(  # noqa: S310 - the address that a person gave
            f"{base}/api/v1/{resource}", orjson.dumps(document), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return orjson.loads(answer.read())
        except urllib.error.HTTPError as problem:
            raise PicklefleetError(
                f"The service answered {problem.code}: {problem.read(500).decode(errors='replace')}"
            ) from problem
        except OSError as problem:
            raise PicklefleetError(
                f"No service answers at {base}.", fix="Start it with PICKLEFLEET_REPLAY=1."
            ) from problem

    return send
