"""The experiments at full count: `python -m tests.prove [NAME …]`. What is proven already at this commit is left out."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.prove import (
    adversarial_retrains,
    azure_releases,
    decoder,
    full_disk,
    full_spool,
    key_life,
    kills,
    mutated_bodies,
    nights,
    overload,
    releases,
    restarts,
    slow_clients,
    smuggling,
    store_faults,
    stuck_store,
    swap_memory,
    swaps,
    switch_latency,
    switches,
    walker_kills,
    worker_streams,
)

ROOT = Path(__file__).parents[2]
PROOF = ROOT / "docs" / "proof"
SEED = 20130101

# name → (experiment, full count, what it claims)
EXPERIMENTS = {
    "worker-kills": (kills.worker_kills, 50, kills.passed),
    "agent-kills": (kills.agent_kills, 50, kills.passed),
    "full-spool": (full_spool.full_spool, 60, full_spool.passed),
    "full-disk": (full_disk.full_disk, 60, full_disk.passed),
    "store-faults": (store_faults.store_faults, 8, store_faults.passed),
    "swaps": (swaps.swaps, 100, swaps.passed),
    "switches": (switches.switches, 20, switches.passed),
    "switch-latency": (switch_latency.switch_latency, 10, switch_latency.passed),
    "releases": (releases.releases, 32, releases.passed),
    "swap-memory": (swap_memory.memory, 4, swap_memory.memory_is_shared_again),
    "rollback": (swaps.rollback, 10, swaps.rolled_back_in_time),
    "walker-kills": (walker_kills.walker_kills, 40, walker_kills.passed),
    "azure-releases": (azure_releases.azure_releases, 48, azure_releases.passed),
    "adversarial-retrains": (adversarial_retrains.adversarial_retrains, 41, adversarial_retrains.passed),
    "stuck-store": (stuck_store.stuck_store, 3, stuck_store.passed),
    "decoder": (decoder.decoder, 100_000, decoder.passed),
    "worker-streams": (worker_streams.worker_streams, 50_000, worker_streams.passed),
    "nights": (nights.nights, 365, nights.passed),
    "revocation": (key_life.revocation, 10, key_life.revoked_in_time),
    "key-timing": (key_life.timing, 10_000, key_life.told_apart_by_nothing),
    "overload": (overload.overload, 30, overload.passed),
    "connections": (overload.connections, 2000, overload.survived),
    "slow-clients": (slow_clients.slow_clients, 500, slow_clients.passed),
    "smuggling": (smuggling.smuggling, 500, smuggling.passed),
    "restarts": (restarts.restarts, 10, restarts.passed),
    "mutated-bodies": (mutated_bodies.mutated_bodies, 100_000, mutated_bodies.passed),
    "two-machines": (store_faults.two_machines, 60, kills.passed),
}


def main(names):
    unknown = sorted(set(names) - EXPERIMENTS.keys())
    if unknown:
        sys.exit(f"There is no experiment {', '.join(unknown)}. There are: {', '.join(EXPERIMENTS)}.")
    PROOF.mkdir(parents=True, exist_ok=True)
    commit = _git("rev-parse", "HEAD")
    failed = [name for name in names or EXPERIMENTS if not _proven(name, commit)]
    if failed:
        sys.exit(f"Not proven: {', '.join(failed)}.")


def _proven(name, commit):
    run, count, holds = EXPERIMENTS[name]
    path = PROOF / f"{name}.json"
    if path.exists() and json.loads(path.read_text())["commit"] == commit:
        print(f"{name}: proven at this commit, see {path.relative_to(ROOT)}")
        return True
    print(f"{name}: {count} …", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="prove-") as folder:
            result = run(Path(folder), count, SEED)
    except pytest.skip.Exception as missing:
        print(f"{name}: not run, {missing}")
        return False
    print(json.dumps(result, indent=2), flush=True)
    if not holds(result):
        return False
    document = {
        "name": name, **result, "seed": SEED, "commit": commit, "uncommitted_changes": bool(_git("status", "--porcelain", "--", ".", ":!docs/proof")),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}",
        "date": datetime.now(UTC).date().isoformat(),
    }  # fmt: skip
    path.write_text(json.dumps(document, indent=2) + "\n")
    return True


def _git(*arguments):
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
