"""The same pickles behind Picklefleet and behind a peer, in turn: `python -m benchmarks.serving [--quick]`.

One worker each, sixteen kept connections, rows that vary, every answer checked against the model itself. Picklefleet
records and measures as always; `--guarded` puts it behind its edge proxy with API keys and all limits on, as it is met
in earnest, while the peer stays bare. On a shared machine take the ratios; CPU time is disturbed least.
"""

import argparse
import pickle
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sklearn.pipeline import Pipeline

from benchmarks.serving_load import Load, Ratio, cpu_seconds, load, request_bytes
from benchmarks.serving_models import FINALS, fitted, flights, in_columns, varied
from benchmarks.serving_servers import Server, by_hand, guarded, ours, peer_environment

CONNECTIONS = 16
REQUESTS = {1: 400, 32: 200, 1000: 20}  # in each block, by rows


@dataclass(frozen=True)
class Effort:
    """How many requests of how many rows in a block, and how many blocks are counted."""

    requests: dict[int, int]
    blocks: int
    worker: str
    guarded: bool


@dataclass(frozen=True)
class Asked:
    """Requests of so many rows each, and what the model itself answers to them."""

    pipeline: Pipeline
    table: pd.DataFrame
    rows: int
    count: int

    def block(self, number: int) -> tuple[list[pd.DataFrame], list[Any]]:
        frames = [varied(self.table, self.rows, number * self.count + one) for one in range(self.count)]
        return frames, [self.pipeline.predict_proba(frame) for frame in frames]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--quick", action="store_true", help="a few requests of each kind, for trying it out"
    )
    options.add_argument("--blocks", type=int, default=3)
    options.add_argument("--model", choices=list(FINALS), action="append", help="only this one")
    options.add_argument("--guarded", action="store_true", help="behind the edge proxy, with keys and limits")
    options.add_argument("--worker", choices=["events", "threads"], default="events")
    options.add_argument("--plot", type=Path, help="draw the ratios into this SVG (needs extras/plots.txt)")
    asked = options.parse_args()
    requests = dict.fromkeys(REQUESTS, 4) if asked.quick else REQUESTS
    plan = Effort(requests, 1 if asked.quick else asked.blocks, asked.worker, asked.guarded)
    table = flights(4000)
    with tempfile.TemporaryDirectory(prefix="serving-") as name:
        folder = Path(name)
        peer = peer_environment(folder / "peer")
        print(
            f"{'model':9s} {'rows':>5s}  {'service':12s} {'req/s':>8s} {'p50 ms':>8s} {'p99 ms':>8s} {'CPU ms/req':>10s}"
        )
        ratios: list[Ratio] = []
        for final in asked.model or list(FINALS)[: 1 if asked.quick else None]:
            ratios += measure(final, table, folder / final, peer, plan)
    if asked.plot is not None:
        from benchmarks.serving_plot import draw  # noqa: PLC0415 - matplotlib is an extra

        draw(asked.plot, ratios)


def measure(final: str, table: pd.DataFrame, folder: Path, peer: Path, plan: "Effort") -> list[Ratio]:
    folder.mkdir()
    ratios: list[Ratio] = []
    pipeline = fitted(final, table)
    (folder / "model.pkl").write_bytes(pickle.dumps(pipeline))
    table.drop(columns="late").head(200).to_csv(folder / "sample.csv", index=False)
    with ExitStack() as stack:
        own = guarded if plan.guarded else ours
        servers = [stack.enter_context(own(folder, plan.worker)), stack.enter_context(by_hand(folder, peer))]
        alone(servers, Asked(pipeline, table, 1, plan.requests[1]))
        servers.insert(1, replace(servers[0], name="in columns", write=in_columns))
        for rows, count in plan.requests.items():
            asked = Asked(pipeline, table, rows, count)
            figures = interleaved(servers[:: 1 if rows > 1 else 2], asked, plan.blocks)
            ratios += report(final, rows, figures)
    return ratios


def alone(servers: list[Server], asked: "Asked") -> None:
    """The median of a lonely client, who asks for one row after another."""
    frames, expected = asked.block(-2)
    for server in servers:
        found = answered(server, frames, expected, connections=1)
        print(f"{'':16s} {server.name}: {statistics.median(found.seconds) * 1e3:.2f} ms to a lonely client")


def interleaved(
    servers: list[Server], asked: "Asked", blocks: int
) -> dict[str, list[tuple[float, float, float, float]]]:
    """Requests a second, median, p99 and CPU milliseconds a request: by service, one of each for a block."""
    figures: dict[str, list[tuple[float, float, float, float]]] = {server.name: [] for server in servers}
    for block in range(-1, blocks):
        frames, expected = asked.block(block)
        for server in servers if block % 2 else reversed(servers):
            times = server.times.get(asked.rows, 1)
            before = cpu_seconds(server.pids)
            found = answered(server, frames, expected, CONNECTIONS, times)
            used = cpu_seconds(server.pids) - before
            if block >= 0:
                cuts, count = statistics.quantiles(found.seconds, n=100), asked.count * times
                figures[server.name].append(
                    (count / found.wall_s, cuts[49] * 1e3, cuts[98] * 1e3, used / count * 1e3)
                )
    return figures


def answered(
    server: Server, frames: list[pd.DataFrame], expected: list[Any], connections: int, times: int = 1
) -> Load:
    """Every frame so many times. Raises AssertionError where an answer is not the model's own."""
    requests = [request_bytes(server.path, server.write(frame), server.key) for frame in frames]
    found = load(server.port, requests * times, connections)
    for number, body in found.bodies.items():
        shares = server.shares(orjson.loads(body))
        np.testing.assert_allclose(shares, expected[number % len(frames)], rtol=1e-9, atol=1e-12)
    return found


def report(final: str, rows: int, figures: dict[str, list[tuple[float, float, float, float]]]) -> list[Ratio]:
    middle = {
        name: [statistics.median(part) for part in zip(*blocks, strict=True)]
        for name, blocks in figures.items()
    }
    for name, (rate, p50, p99, cpu) in middle.items():
        print(f"{final:9s} {rows:5d}  {name:12s} {rate:8.1f} {p50:8.2f} {p99:8.2f} {cpu:10.3f}")
    *owns, peer = middle
    other = middle[peer]
    for name in owns:
        own = middle[name]
        print(
            f"{'':16s} {own[0] / other[0]:.1f} times the requests, p99 1/{other[2] / own[2]:.1f}, "
            f"CPU 1/{other[3] / max(own[3], 1e-9):.1f}"
        )
    return [Ratio(final, rows, name, middle[name][0] / other[0]) for name in owns]


if __name__ == "__main__":
    main()
